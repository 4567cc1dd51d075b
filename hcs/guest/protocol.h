/*
 * protocol.h - what the host side and the guest say to each other, shared by both ends.
 *
 * The guest is PID 1 of the container and is not trusted: the host checks every byte of what comes
 * from it. A container outlives the library that made it, so nothing here is ever laid out anew: a
 * new version adds types and trailing fields, and speaks the previous version too.
 *
 * Three kinds of socket, all AF_UNIX SOCK_SEQPACKET (one message, one frame):
 *   connection   requests and their replies, one for each container handle. The creator's is the
 *                boot socketpair, the others connect to the socket in the state directory.
 *   exit socket  made by the client, one for each handle, its other end sent along with a request;
 *                the guest writes exactly one hcs_exit_record on it and ends its side. Clients only
 *                peek, so it stays readable.
 *   boot         the same socketpair before the commit: setup and guest report on it.
 */
#ifndef HCS_GUEST_PROTOCOL_H
#define HCS_GUEST_PROTOCOL_H

#include <stdint.h>

#define HCS_FRAME_MAGIC 0x46534348u /* "HCSF" */
#define HCS_EXIT_MAGIC 0x58534348u  /* "HCSX" */
#define HCS_PLAN_MAGIC 0x50534348u  /* "HCSP" */
#define HCS_PROTOCOL_VERSION 1
#define HCS_PROTOCOL_OLDEST 1

/* A longer payload travels in a sealed memfd, the first descriptor of its frame. */
#define HCS_INLINE_MAX 65536u
/* execve(2) takes 2 MB of arguments and environment by default (a quarter of the stack limit). */
#define HCS_PAYLOAD_MAX (4u << 20)
/* The most descriptors one frame brings: payload memfd, exit socket, three streams. */
#define HCS_FRAME_FDS_MAX 5

typedef struct hcs_frame {
  uint32_t magic;
  uint16_t version;
  uint16_t type;    /* hcs_frame_type */
  uint32_t request; /* chosen by the client, given back in the reply */
  uint32_t length;  /* bytes of payload, inline or in the memfd */
} hcs_frame;

typedef enum hcs_frame_type {
  HCS_REPLY = 1, /* guest to client: hcs_reply */

  /* boot socket: setup and guest to host: hcs_boot */
  HCS_BOOT_PID = 2,    /* setup has started the guest */
  HCS_BOOT_READY = 3,  /* the guest is isolated and listens */
  HCS_BOOT_FAILED = 4, /* either gives up */
  /*
   * host to guest: the container's record is written. Brings the creator's exit socket; from now on
   * the boot socket is the creator's connection, with one handle acquired. No reply.
   */
  HCS_COMMIT = 5,
  /* the guest, or a helper, before READY: one hcs_boot_mount for each of the plan's mounts */
  HCS_BOOT_MAPPED = 6,

  /* client to guest */
  HCS_HELLO =
      16, /* hcs_hello; first on every accepted connection. reply.version is spoken from then on */
  HCS_ACQUIRE = 17, /* no payload, brings an exit socket: one more container handle */
  HCS_RELEASE =
      18, /* no payload: one handle less. reply.ending: it was the last and the end begins */
  HCS_START = 19,
  HCS_SHUTDOWN = 20,
  HCS_TERMINATE = 21,
  HCS_SPAWN = 22,  /* hcs_spawn; brings an exit socket, then the streams that flags name */
  HCS_OPEN = 23,   /* hcs_target (pid); brings an exit socket */
  HCS_SIGNAL = 24, /* hcs_target */
  /*
   * The client freezes and thaws the processes itself; the guest only refuses SPAWN in between, for a
   * new process would hang. To be sent before freezing and after thawing; may be repeated.
   */
  HCS_PAUSE = 25,
  HCS_RESUME = 26,
  HCS_HOLD = 27,  /* hcs_held, brings a block device, which stays open until the guest ends or */
  HCS_LET_GO = 28 /* hcs_held; one that is not held is let go of already */
} hcs_frame_type;

typedef struct hcs_hello {
  uint16_t oldest; /* versions that the client speaks */
  uint16_t newest;
  uint32_t reserved;
} hcs_hello;

typedef enum hcs_status {
  HCS_STATUS_OK = 0,
  HCS_STATUS_STATE = 1,     /* not valid in reply.state */
  HCS_STATUS_NOT_FOUND = 2, /* no such process */
  HCS_STATUS_EXITED = 3,    /* the process has exited already */
  HCS_STATUS_FAILED = 4,    /* reply.stage failed with reply.error */
  HCS_STATUS_FULL = 5,      /* no room for another process, handle or connection */
  HCS_STATUS_MALFORMED = 6, /* the frame is not understood */
  HCS_STATUS_VERSION = 7    /* no common protocol version */
} hcs_status;

typedef enum hcs_guest_state {
  HCS_GUEST_CREATED = 0,
  HCS_GUEST_RUNNING = 1,
  HCS_GUEST_SHUTDOWN = 2, /* SIGTERM was sent, waits for the last process */
  HCS_GUEST_ENDING = 3,   /* SIGKILL was sent */
  HCS_GUEST_PAUSED = 4    /* running, and paused */
} hcs_guest_state;

typedef struct hcs_reply {
  uint32_t status;  /* hcs_status */
  uint32_t stage;   /* hcs_stage, with FAILED */
  int32_t error;    /* errno, with FAILED */
  uint32_t state;   /* hcs_guest_state at the time of the reply */
  uint64_t spawn;   /* SPAWN, OPEN: the process' number, unique in the container's life */
  uint32_t pid;     /* SPAWN, OPEN: its pid inside the container */
  uint16_t version; /* HELLO */
  uint8_t ending;   /* RELEASE */
  uint8_t tracked;  /* OPEN: started by SPAWN, so its exit code will be known */
} hcs_reply;

/* What was being done when something failed; the host turns it into words. */
typedef enum hcs_stage {
  HCS_STAGE_NONE = 0,
  /* setup */
  HCS_STAGE_PLAN,      /* the plan is not understood */
  HCS_STAGE_CGROUP,    /* joining the container's groups */
  HCS_STAGE_NAMESPACE, /* unshare or clone3 */
  HCS_STAGE_LAYER,     /* hcs_boot.index: which layer */
  HCS_STAGE_SCRATCH,
  HCS_STAGE_SCRATCH_IMAGE, /* hcs_boot.index: hcs_scratch_step; pid: a program's exit status */
  HCS_STAGE_OVERLAY,
  HCS_STAGE_VOLUME,
  /* guest, before it is ready */
  HCS_STAGE_PROC,
  HCS_STAGE_SYSFS,
  HCS_STAGE_DEV,
  HCS_STAGE_MASK,
  HCS_STAGE_PIVOT,
  HCS_STAGE_HOSTNAME,
  HCS_STAGE_LOOPBACK,
  HCS_STAGE_NETWORK,
  HCS_STAGE_ETC, /* /etc/hosts and /etc/resolv.conf */
  HCS_STAGE_PRIVILEGES,
  HCS_STAGE_SERVICE,
  /* a process */
  HCS_STAGE_FORK,
  HCS_STAGE_PROCESS_CGROUP,
  HCS_STAGE_STREAMS,
  HCS_STAGE_USER_LOOKUP, /* error 0: the name is not in the container's files */
  HCS_STAGE_USER,
  HCS_STAGE_DIRECTORY,
  HCS_STAGE_EXEC,
  /* something mapped; hcs_boot.index: which of the plan's mounts */
  HCS_STAGE_MAPPED_SOURCE,    /* on the host */
  HCS_STAGE_MAPPED_TARGET,    /* finding or making the place for it in the container */
  HCS_STAGE_MAPPED_FORBIDDEN, /* error 0: the place is no place for it */
  HCS_STAGE_MAPPED_MOUNT,
  HCS_STAGE_DISK_BUSY, /* somebody else has the image attached, and one of the two writes to it */
  HCS_STAGE_DISK_LOOP, /* a loop device for it */
  HCS_STAGE_DISK_MOUNT,
  /* a helper */
  HCS_STAGE_JOIN,        /* entering the container's mount namespace */
  HCS_STAGE_UNMAP_PLACE, /* finding the mount again */
  HCS_STAGE_UNMAP,
  HCS_STAGE_CONSOLE
} hcs_stage;

typedef struct hcs_boot {
  uint32_t stage;
  int32_t error;
  uint32_t index;
  int32_t pid; /* BOOT_PID: the guest's pid as setup sees it, which is the host's view */
  uint32_t loop_major,
      loop_minor; /* BOOT_PID: the device that the scratch's image is attached to */
} hcs_boot;

/* What BOOT_MAPPED says of one mount. */
typedef struct hcs_boot_mount {
  uint32_t mount; /* its id, 0 for what is none */
  uint32_t loop;  /* of a disk: one more than the number of its loop device, else 0 */
} hcs_boot_mount;

/* flags of hcs_spawn: which streams the frame brings, in this order … */
#define HCS_SPAWN_STDIN 1u
#define HCS_SPAWN_STDOUT 2u
#define HCS_SPAWN_STDERR 4u
/* … or instead of them a terminal, which becomes all three and the controlling one of the session */
#define HCS_SPAWN_CONSOLE 8u

/*
 * Followed by NUL-terminated strings: user, directory, file ("" is argv[0]), then argc arguments,
 * then envc "NAME=value" entries, filling the payload exactly.
 */
typedef struct hcs_spawn {
  uint32_t flags;
  uint32_t argc;
  uint32_t envc;
  uint32_t reserved;
} hcs_spawn;

typedef struct hcs_target {
  uint64_t spawn; /* SIGNAL: from the reply to SPAWN or OPEN */
  uint32_t pid;
  int32_t signal; /* SIGNAL */
  uint32_t group; /* SIGNAL: not 0: to the process' group */
  uint32_t reserved;
} hcs_target;

#define HCS_DISKS_MAX 64u /* LUNs, as many as a SCSI controller of Hyper-V has */

typedef struct hcs_held {
  uint32_t lun; /* below HCS_DISKS_MAX */
  uint32_t reserved;
} hcs_held;

typedef enum hcs_exit_kind { HCS_EXIT_SYSTEM = 1, HCS_EXIT_PROCESS = 2 } hcs_exit_kind;

typedef struct hcs_exit_record {
  uint32_t magic;
  uint16_t version;
  uint16_t kind;    /* hcs_exit_kind */
  uint32_t code;    /* process: exit code, 128+n for signal n; system: hcs_exit_type (platform.h) */
  uint32_t signal;  /* process: the signal that ended it, else 0 */
  uint32_t tracked; /* process: 0 when it was not started by SPAWN and the code is not known */
  uint32_t reserved;
} hcs_exit_record;

/* hcs_exit_record.code of a system; the numbers of platform.h's hcs_exit_type */
#define HCS_SYSTEM_GRACEFUL 1u
#define HCS_SYSTEM_FORCED 2u

/* ---- the plan: what setup and guest are to build, in a memfd ----------------------------------- */

#define HCS_PLAN_VOLATILE 1u     /* overlay mount option */
#define HCS_PLAN_LAST_HANDLE 2u  /* TerminateOnLastHandleClosed */
#define HCS_PLAN_HIERARCHIES 12u /* v1 hierarchies at most */

/* The descriptors that setup is started with. */
#define HCS_FD_BOOT 0
#define HCS_FD_PLAN 1
#define HCS_FD_CONTROL 2 /* bound, not yet listening */
#define HCS_FD_FIRST 3   /* hcs_plan names the others */

#define HCS_PLAN_MOUNTS_MAX 512u /* of all kinds together */
/* The longest path of either side with its NUL: PATH_MAX, limits.h */
#define HCS_PATH_BYTES 4096u

typedef enum hcs_mount_kind {
  HCS_MOUNT_NONE = 0,
  HCS_MOUNT_DIRECTORY = 1, /* source: a directory of the host, with what is mounted below it */
  HCS_MOUNT_PIPE = 2,      /* source: a socket or a FIFO of the host */
  HCS_MOUNT_DEVICE = 3, /* source: a device of the host; target: where in /dev. Made, not mounted */
  HCS_MOUNT_DISK = 4    /* source: a disk image of the host */
} hcs_mount_kind;

#define HCS_MOUNT_READ_ONLY 1u
#define HCS_MOUNT_ATTACH_ONLY 2u /* a disk's block device alone, instead of the file system in it */

/* What is mapped into the container. */
typedef struct hcs_plan_mount {
  uint32_t kind;        /* hcs_mount_kind */
  uint32_t flags;       /* HCS_MOUNT_… */
  uint32_t source;      /* string: absolute path on the host */
  uint32_t target;      /* string: absolute path in the container, without "..", "." and "//" */
  uint32_t mount;       /* REMOVE: the id that what is mounted there must have */
  uint32_t lun;         /* of a disk */
  uint32_t file_system; /* of a disk: string: the kernel's name for it */
  uint64_t size_limit;  /* of a disk: bytes of the image that belong to it, 0: all */
} hcs_plan_mount;

/* What setup does about the ext4 image in the scratch folder. */
typedef enum hcs_scratch_image {
  HCS_SCRATCH_FOLDER = 0, /* there is none: upper and work are in the folder itself */
  HCS_SCRATCH_KEEP = 1,
  HCS_SCRATCH_CHECK = 2, /* e2fsck: there were errors */
  HCS_SCRATCH_GROW = 3,  /* to image_bytes */
  HCS_SCRATCH_MAKE = 4   /* of image_bytes */
} hcs_scratch_image;

/* hcs_boot.index of HCS_STAGE_SCRATCH_IMAGE */
typedef enum hcs_scratch_step {
  HCS_SCRATCH_STEP_FILE = 0, /* opening folder or image, naming and resizing the image */
  HCS_SCRATCH_STEP_MKE2FS = 1,
  HCS_SCRATCH_STEP_E2FSCK = 2,
  HCS_SCRATCH_STEP_RESIZE2FS = 3,
  HCS_SCRATCH_STEP_LOOP = 4, /* a loop device */
  HCS_SCRATCH_STEP_MOUNT = 5
} hcs_scratch_step;

#define HCS_SCRATCH_IMAGE_NAME "disk"

/*
 * What the plan is for. A helper's has only mounts; it is started with the boot socket, the plan, and
 * the container's mount namespace in the place of the control socket.
 */
typedef enum hcs_plan_operation {
  HCS_PLAN_CREATE = 0, /* setup: a container */
  /*
   * helper: one mount more. It reports BOOT_MAPPED, attaches it at a COMMIT, which brings the locked state
   * directory instead of an exit socket, and reports BOOT_READY.
   */
  HCS_PLAN_ADD = 1,
  /*
   * helper: at such a COMMIT these mounts off, in their order, or none of them; reports BOOT_READY. With
   * ATTACH_ONLY on the last, whose source is its device then, it keeps that open between BOOT_MAPPED and
   * a second COMMIT.
   */
  HCS_PLAN_REMOVE = 2
} hcs_plan_operation;
#define HCS_FD_NAMESPACE HCS_FD_CONTROL

/* Strings are offsets from the plan's start, 0 for none; each ends with a NUL inside the plan. */
typedef struct hcs_plan {
  uint32_t magic;
  uint32_t version;
  uint32_t size; /* of the whole plan in bytes */
  uint32_t flags;
  uint32_t host_name;
  uint32_t workspace; /* a host directory that setup hides under a tmpfs in its own namespace */
  uint32_t volume;    /* root directory to use as it is, or 0: layers */
  uint32_t scratch;   /* folder with upper and work, or 0: a tmpfs */
  uint32_t layers;    /* offset of layer_count offsets of paths, topmost first */
  uint32_t layer_count;
  uint64_t scratch_bytes; /* size of the tmpfs */
  uint64_t image_bytes;   /* size of the ext4 image to be made or grown */
  uint64_t nofile_hard;   /* RLIMIT_NOFILE of the container's processes */
  uint32_t image;         /* hcs_scratch_image */
  int32_t lock;           /* holds the flock on the scratch folder's lock, or -1 */
  int32_t guest_group;    /* v2 directory for the guest, or -1 */
  int32_t work_group;     /* v2 directory for the processes, or -1 */
  int32_t freezer;        /* v1 without a v2 tree: freezer.state of the processes, or -1 */
  uint32_t hierarchies;   /* number of v1 hierarchies in the three lists of `tasks` files */
  int32_t container_tasks[HCS_PLAN_HIERARCHIES];
  int32_t guest_tasks[HCS_PLAN_HIERARCHIES];
  int32_t work_tasks[HCS_PLAN_HIERARCHIES];
  uint32_t mounts; /* offset of mount_count hcs_plan_mount, in the order in which they are made */
  uint32_t mount_count;
  uint32_t operation; /* hcs_plan_operation */
  uint32_t resolv;    /* content of /etc/resolv.conf */
  int32_t network;    /* network namespace to join, or -1: an own one */
} hcs_plan;

#endif
