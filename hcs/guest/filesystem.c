/*
 * filesystem.c - the kernel's file systems inside the container: what is mounted, made, masked and
 * made read-only is data, the loops below read it.
 *
 * /dev is our own fresh tmpfs and complete before anything of the image can run; masks use the null
 * device of that tmpfs, never one found by path (CVE-2025-31133).
 */
#include "filesystem.h"

#include "mount.h"
#include "service.h"
#include "sys.h"

#define LOCKED (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)
#define CHARACTER_DEVICE 0020000
#define COUNT(list) (sizeof(list) / sizeof *(list))

typedef struct kernel_mount {
  const char *type;
  const char *target; /* below the root, or below /dev */
  uint64_t attributes;
  mount_option options[5];
} kernel_mount;

typedef struct device_node {
  const char *name;
  unsigned major, minor;
} device_node;

typedef struct device_link {
  const char *name, *target;
} device_link;

static const kernel_mount proc_mount = {"proc", "proc", LOCKED, {{NULL, NULL}}};
static const kernel_mount sysfs_mount = {
    "sysfs", "sys", LOCKED | MOUNT_ATTR_RDONLY, {{NULL, NULL}}};
static const kernel_mount dev_mount = {
    "tmpfs",
    "dev",
    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
    {{"mode", "0755"}, {"size", "64k"}, {"nr_inodes", "1024"}, {NULL, NULL}}};

/* All containers have some 3000 terminals between them (kernel.pty.max): one is not to take the others'. */
static const kernel_mount dev_mounts[] = {
    {"devpts",
     "pts",
     MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
     {{"ptmxmode", "0666"}, {"mode", "0620"}, {"gid", "5"}, {"max", "1024"}, {NULL, NULL}}},
    {"tmpfs", "shm", LOCKED, {{"mode", "1777"}, {"size", "64m"}, {NULL, NULL}}},
    {"mqueue", "mqueue", LOCKED, {{NULL, NULL}}},
};

/* Linux, Documentation/admin-guide/devices.txt */
static const device_node nodes[] = {{"null", 1, 3},   {"zero", 1, 5},    {"full", 1, 7},
                                    {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};

static const device_link links[] = {{"ptmx", "pts/ptmx"},
                                    {"fd", "/proc/self/fd"},
                                    {"stdin", "/proc/self/fd/0"},
                                    {"stdout", "/proc/self/fd/1"},
                                    {"stderr", "/proc/self/fd/2"}};

/* What would tell about the host or let its memory be read; missing ones are passed over. */
static const char *const masked[] = {
    "proc/acpi",       "proc/asound",        "proc/interrupts",  "proc/kcore",
    "proc/keys",       "proc/latency_stats", "proc/sched_debug", "proc/scsi",
    "proc/timer_list", "proc/timer_stats",   "sys/firmware",     "sys/devices/virtual/powercap"};

/* What has no namespace and would change the host. */
static const char *const read_only[] = {"proc/bus", "proc/fs", "proc/irq", "proc/sys",
                                        "proc/sysrq-trigger"};

static long check(long r, uint32_t stage, uint32_t index) {
  if (r < 0) boot_fail(HCS_FD_BOOT, stage, r, index);
  return r;
}

/* Mounts on the directory `target` below `dir`; returns the mount's descriptor. */
static int kernel_mount_do(const kernel_mount *mount, int dir, uint32_t stage, uint32_t index) {
  int target = (int)check(target_directory(dir, mount->target), stage, index);
  int fs = (int)check(mount_new(mount->type, mount->options, mount->attributes), stage, index);
  check(mount_attach(fs, target), stage, index);
  sys_close(target);
  return fs;
}

static void nodes_make(int dev) {
  uint32_t i;
  for (i = 0; i < COUNT(nodes); i++) {
    /* makedev(3) for small numbers: major << 8 | minor */
    unsigned number = nodes[i].major << 8 | nodes[i].minor;
    check(SYS4(__NR_mknodat, dev, nodes[i].name, CHARACTER_DEVICE | 0666, number), HCS_STAGE_DEV,
          10 + i);
  }
  for (i = 0; i < COUNT(links); i++)
    check(SYS3(__NR_symlinkat, links[i].target, dev, links[i].name), HCS_STAGE_DEV, 20 + i);
}

static int dev_build(int root) {
  int dev = kernel_mount_do(&dev_mount, root, HCS_STAGE_DEV, 0);
  uint32_t i;
  nodes_make(dev);
  for (i = 0; i < COUNT(dev_mounts); i++)
    sys_close(kernel_mount_do(&dev_mounts[i], dev, HCS_STAGE_DEV, 1 + i));
  return dev;
}

static int is_directory(int fd) {
  /* openat with a trailing "." reaches something only in a directory */
  long r = sys_openat(fd, ".", SYS_O_PATH | SYS_O_CLOEXEC, 0);
  if (r >= 0) sys_close((int)r);
  return r >= 0;
}

/*
 * One empty read-only directory serves for every masked directory: it is attached to the first, the
 * others get copies of it, which cost little. (Copying it before it is attached wants Linux 6.15.)
 */
static int mask_mount(int is_dir, int null, int empty, int *attached, uint32_t index) {
  if (!is_dir) return (int)check(mount_clone(null, "", 0), HCS_STAGE_MASK, index);
  if (*attached) return (int)check(mount_clone(empty, "", 0), HCS_STAGE_MASK, index);
  *attached = 1;
  return empty;
}

static void mask(int root, int null, int empty) {
  int attached = 0;
  uint32_t i;
  for (i = 0; i < COUNT(masked); i++) {
    long target = target_open(root, masked[i], 0);
    int mount;
    if (target == -ENOENT) continue;
    check(target, HCS_STAGE_MASK, i);
    mount = mask_mount(is_directory((int)target), null, empty, &attached, i);
    check(mount_attach(mount, (int)target), HCS_STAGE_MASK, i);
    if (mount != empty) sys_close(mount);
    sys_close((int)target);
  }
}

static void lock(int root) {
  uint32_t i;
  for (i = 0; i < COUNT(read_only); i++) {
    long target = target_open(root, read_only[i], 0);
    int copy;
    if (target == -ENOENT) continue;
    check(target, HCS_STAGE_MASK, 100 + i);
    copy = (int)check(mount_clone((int)target, "", 0), HCS_STAGE_MASK, 100 + i);
    check(mount_restrict(copy, LOCKED | MOUNT_ATTR_RDONLY, 0), HCS_STAGE_MASK, 100 + i);
    check(mount_attach(copy, (int)target), HCS_STAGE_MASK, 100 + i);
    sys_close(copy);
    sys_close((int)target);
  }
}

static int empty_directory(void) {
  static const mount_option options[] = {{"mode", "0555"}, {"nr_inodes", "1"}, {NULL, NULL}};
  return (int)check(mount_new("tmpfs", options, LOCKED | MOUNT_ATTR_RDONLY), HCS_STAGE_MASK, 200);
}

void filesystem_build(int root) {
  int dev, null, empty;
  sys_close(kernel_mount_do(&proc_mount, root, HCS_STAGE_PROC, 0));
  sys_close(kernel_mount_do(&sysfs_mount, root, HCS_STAGE_SYSFS, 0));
  dev = dev_build(root);
  null = (int)check(sys_openat(dev, "null", SYS_O_PATH | SYS_O_CLOEXEC | SYS_O_NOFOLLOW, 0),
                    HCS_STAGE_MASK, 201);
  empty = empty_directory();
  mask(root, null, empty);
  lock(root);
  sys_close(empty);
  sys_close(null);
  sys_close(dev);
}
