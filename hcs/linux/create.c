/*
 * create.c - making a container: state, groups, setup and guest, commit.
 *
 * Everything is named in the record before it is made; until the commit the end of our boot socket
 * takes setup and guest away. So whatever happens to us, hcs_end_if_dead() can clean up.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "boot_message.h"
#include "cgroup.h"
#include "config.h"
#include "container.h"
#include "end.h"
#include "fd.h"
#include "launch.h"
#include "map_guard.h"
#include "mapped_record.h"
#include "network.h"
#include "plan.h"
#include "process_stat.h"
#include "resolv.h"
#include "scratch.h"
#include "socket.h"
#include "spare.h"
#include "stage.h"
#include "storage_count.h"
#include "wait.h"

/* A layer on a slow disk takes its time; a minute is no longer that. */
#define SETUP_PATIENCE_NS (60ll * 1000000000)

/* All that a creation holds; what is handed to the new handle is taken out of it. */
typedef struct creation {
  const char *id;
  hcs_config config;
  hcs_network network;
  char *resolv; /* owned */
  hcs_record record;
  hcs_cgroup group;
  hcs_group_paths paths;
  int root, dir; /* state directory, the container's own, locked */
  hcs_spare spare;
  int scratch_lock;
  hcs_scratch_plan scratch;
  int boot, boot_remote;
  int exits, exits_remote;
  int control;
  hcs_status_page *status;
  hcs_launch *launch;
  int64_t deadline_ns;
} creation;

static void creation_clear(creation *made) {
  int *const fds[] = {&made->root,  &made->scratch_lock, &made->boot,   &made->boot_remote,
                      &made->exits, &made->exits_remote, &made->control};
  size_t i;
  for (i = 0; i < sizeof fds / sizeof *fds; i++) hcs_fd_close(fds[i]);
  hcs_spare_close(&made->spare);
  hcs_state_unlock(&made->dir);
  hcs_cgroup_close(&made->group);
  hcs_group_paths_clear(&made->paths);
  hcs_status_unmap(made->status);
  hcs_network_close(&made->network);
  free(made->resolv);
  hcs_record_clear(&made->record);
  hcs_config_clear(&made->config);
}

/* All that can be wrong with the config is found before the id is taken. */
static int config_read(creation *made, const hcs_document *document, hcs_error *err) {
  if (hcs_config_read(&made->config, made->id, document, err) != 0 ||
      hcs_map_guard_all(&made->config.mappings, err) != 0 ||
      hcs_network_open(&made->network, made->config.network, err) != 0)
    return -1;
  made->resolv = hcs_resolv_make(document->root, &made->network, err);
  return made->resolv == NULL ? -1 : 0;
}

static int record_init(creation *made, hcs_error *err) {
  hcs_record *record = &made->record;
  uint64_t nonce;
  snprintf(record->id, sizeof record->id, "%s", made->id);
  if (hcs_platform_get()->random(&nonce, sizeof nonce, err) != 0) return -1;
  snprintf(record->nonce, sizeof record->nonce, "%016llx", (unsigned long long)nonce);
  record->protocol = HCS_PROTOCOL_VERSION;
  record->created_s = (int64_t)time(NULL);
  memcpy(record->device, made->config.device, sizeof record->device);
  record->name = strdup(made->config.name);
  record->owner = strdup(made->config.owner);
  if (record->name == NULL || record->owner == NULL) return hcs_fail_memory(err);
  if (made->network.path != NULL && (record->network = strdup(made->network.path)) == NULL)
    return hcs_fail_memory(err);
  if (hcs_boot_id_get(record->boot_id, err) != 0) return -1;
  if (hcs_cgroup_plan(record, err) != 0) return -1;
  return hcs_group_paths_init(&made->paths, record, err);
}

/* Claims the id and says what is going to be made. */
static int state_begin(creation *made, hcs_error *err) {
  hcs_error *ignored;
  made->root = hcs_state_root_open(err);
  if (made->root < 0) return -1;
  made->dir = hcs_state_make(made->root, made->id, made->deadline_ns, err);
  if (made->dir < 0) return -1;
  if (hcs_spare_open(&made->spare, made->dir, err) == 0 &&
      hcs_record_write(made->dir, &made->record, err) == 0)
    return 0;
  /* nothing more is there yet: this takes no descriptors */
  ignored = hcs_error_new();
  if (ignored != NULL && hcs_state_empty(made->dir, made->id, ignored) == 0)
    hcs_state_remove(made->root, made->id, ignored);
  hcs_error_free(ignored);
  hcs_state_unlock(&made->dir);
  return -1;
}

static int resources_make(creation *made, hcs_error *err) {
  int pair[2];
  if (made->config.scratch != NULL) {
    const hcs_scratch_wanted wanted = {made->config.sandbox_bytes, made->config.is_volatile};
    made->scratch_lock =
        hcs_scratch_lock(made->config.scratch, made->record.boot_id, &wanted, &made->scratch, err);
    if (made->scratch_lock < 0) return -1;
  }
  made->status = hcs_status_make(made->dir, err);
  if (made->status == NULL) return -1;
  if (hcs_cgroup_make(&made->group, &made->record, &made->paths, err) != 0) return -1;
  if (hcs_socket_pair(pair, err) != 0) return -1;
  made->boot = pair[0], made->boot_remote = pair[1];
  if (hcs_socket_pair(pair, err) != 0) return -1;
  made->exits = pair[0], made->exits_remote = pair[1];
  made->control = hcs_socket_bind(made->dir, err);
  return made->control < 0 ? -1 : 0;
}

/* The state directory as a path that is short and true for setup, which inherits no such name. */
static int workspace_path(const creation *made, char *path, size_t size, hcs_error *err) {
  char link[32];
  ssize_t n;
  snprintf(link, sizeof link, "/proc/self/fd/%d", made->dir);
  n = readlink(link, path, size - 1);
  if (n < 0) return hcs_fail_errno(err, errno, "cannot read the state directory's path");
  path[n] = '\0';
  return 0;
}

static int launch(creation *made, hcs_error *err) {
  hcs_plan_descriptors descriptors;
  char workspace[4096];
  const hcs_plan_parts parts = {.workspace = workspace,
                                .resolv = made->resolv,
                                .boot = made->boot_remote,
                                .control = made->control,
                                .lock = made->scratch_lock,
                                .network = made->network.fd};
  int r;
  if (workspace_path(made, workspace, sizeof workspace, err) != 0) return -1;
  r = hcs_plan_make(&descriptors, &made->config, &made->scratch, &made->group, &parts, err);
  if (r == 0) {
    made->launch = hcs_launch_start("hcs-setup", descriptors.list, descriptors.count,
                                    made->group.container, err);
    r = made->launch == NULL ? -1 : 0;
  }
  hcs_fd_close(&descriptors.list[HCS_FD_PLAN]);
  return r;
}

/* ---- the boot dialogue -------------------------------------------------------------------------- */

#define SETUP "the container's setup"

static int fail_boot(const creation *made, const hcs_boot *report, hcs_error *err) {
  const char *subject = NULL;
  if (report->stage >= HCS_STAGE_MAPPED_SOURCE && report->stage <= HCS_STAGE_DISK_MOUNT &&
      report->index < made->config.mappings.count)
    return hcs_mapping_fail(&made->config.mappings.list[report->index], report->stage,
                            report->error, err);
  if (report->stage == HCS_STAGE_SCRATCH_IMAGE)
    return hcs_scratch_image_fail(report, made->config.scratch, err);
  if (report->stage == HCS_STAGE_LAYER && report->index < made->config.layer_count)
    subject = made->config.layers[report->index];
  if (report->stage == HCS_STAGE_SCRATCH) subject = made->config.scratch;
  if (report->stage == HCS_STAGE_VOLUME) subject = made->config.volume;
  if (report->stage == HCS_STAGE_NETWORK) subject = made->config.network;
  if (report->stage == HCS_STAGE_HOSTNAME) subject = made->config.host_name;
  return hcs_stage_fail(report->stage, report->error, subject, err);
}

static void note_mounts(creation *made, const hcs_boot_message *message) {
  size_t i;
  for (i = 0; i < made->config.mappings.count; i++) {
    made->config.mappings.list[i].mount = message->mounts[i].mount;
    made->config.mappings.list[i].disk.loop = message->mounts[i].loop;
  }
}

/*
 * What is written into an image passes through its loop device first: that is the disk to count, and to limit
 * if that can be done at all.
 */
static void note_scratch(creation *made, const hcs_boot *report) {
  if (made->scratch.image == HCS_SCRATCH_FOLDER) return;
  snprintf(made->config.device, sizeof made->config.device, "%u:%u", report->loop_major,
           report->loop_minor);
  if (!made->config.is_volatile)
    memcpy(made->record.device, made->config.device, sizeof made->record.device);
}

/* Setup says who the guest is, the guest says that it is ready: in any order. */
static int boot_wait(creation *made, hcs_error *err) {
  int has_pid = 0, is_ready = 0;
  hcs_boot_message message;
  while (!has_pid || !is_ready) {
    if (hcs_boot_receive(made->boot, SETUP, made->config.mappings.count, made->deadline_ns,
                         &message, err) != 0)
      return -1;
    switch (message.frame.type) {
    case HCS_BOOT_PID:
      made->status->guest = message.report.pid;
      note_scratch(made, &message.report);
      has_pid = 1;
      break;
    case HCS_BOOT_MAPPED: note_mounts(made, &message); break;
    case HCS_BOOT_READY: is_ready = 1; break;
    default: return fail_boot(made, &message.report, err);
    }
  }
  return hcs_process_start_get(made->status->guest, &made->status->guest_start, err);
}

/* Our copies of the other ends go at once: with them open an end would never be seen. */
static void remotes_close(creation *made) {
  hcs_fd_close(&made->boot_remote);
  hcs_fd_close(&made->control);
  hcs_fd_close(&made->scratch_lock);
}

/*
 * Setup and guest end when our end of the socket is closed; what hangs in a mount is killed. That setup
 * could not even be executed is the better explanation, where it is one.
 */
static int boot_give_up(creation *made, hcs_error *err) {
  hcs_fd_close(&made->boot);
  if (made->group.container >= 0) hcs_file_put(made->group.container, "cgroup.kill", "1");
  if (hcs_launch_finish(made->launch, hcs_clock_ns() + HCS_GUEST_PATIENCE_NS) != 0 &&
      errno != ETIMEDOUT)
    return hcs_fail_errno(err, errno, "cannot execute the container's setup");
  return -1;
}

static int boot(creation *made, hcs_error *err) {
  if (launch(made, err) != 0) return -1;
  remotes_close(made);
  if (boot_wait(made, err) != 0) return boot_give_up(made, err);
  if (hcs_launch_finish(made->launch, made->deadline_ns) == 0) return 0;
  return hcs_fail_errno(err, errno, SETUP " does not come to an end");
}

static void count_storage(const creation *made) {
  const hcs_config *config = &made->config;
  const char *const written[] = {config->scratch, config->volume};
  size_t i;
  hcs_storage_count_device(&made->paths, config->device); /* may be a loop device */
  hcs_storage_count(&made->paths, written, sizeof written / sizeof *written);
  hcs_storage_count(&made->paths, config->layers, config->layer_count);
  for (i = 0; i < config->mappings.count; i++)
    hcs_storage_count_mapping(&made->paths, &config->mappings.list[i]);
}

static int check_device(const creation *made, hcs_error *err) {
  const hcs_limits *limits = &made->config.limits;
  const char *field = limits->iops != 0 ? "StorageIOPSMaximum" : "StorageBandwidthMaximum";
  if (limits->iops == 0 && limits->bandwidth_bytes_per_s == 0) return 0;
  return hcs_storage_device_check(made->record.device, "config", field, err);
}

/* An image is ext4, on whatever file system it lies. */
static uint32_t storage_bits(const creation *made) {
  const hcs_config *config = &made->config;
  const char *folder = config->scratch != NULL ? config->scratch : config->volume;
  int counts_buffered = made->paths.layout == HCS_CGROUP_V2 &&
                        (made->scratch.image != HCS_SCRATCH_FOLDER ||
                         (folder != NULL && hcs_storage_counts_buffered(folder)));
  return (config->limits.iops != 0 ? HCS_STORAGE_IOPS : 0) |
         (config->limits.bandwidth_bytes_per_s != 0 ? HCS_STORAGE_BANDWIDTH : 0) |
         (counts_buffered ? 0 : HCS_STORAGE_DIRECT_ONLY);
}

/* The guest waits for the commit: no process is there yet that would not be under the limits. */
static int limit(creation *made, hcs_error *err) {
  const hcs_limits *limits = &made->config.limits;
  if (hcs_cgroup_limit(&made->group, &made->paths, err) != 0) return -1;
  if (check_device(made, err) != 0) return -1;
  count_storage(made);
  atomic_store(&made->status->storage, storage_bits(made));
  return hcs_limits_apply(&made->paths, limits, made->record.device, err);
}

static int commit(creation *made, hcs_error *err) {
  const hcs_frame frame = {HCS_FRAME_MAGIC, HCS_PROTOCOL_VERSION, HCS_COMMIT, 0, 0};
  made->record.committed = 1;
  if (hcs_record_map_all(&made->record, &made->config.mappings, err) != 0) return -1;
  if (hcs_record_write(made->dir, &made->record, err) != 0) return -1;
  if (hcs_socket_send(made->boot, &frame, sizeof frame, &made->exits_remote, 1) != 0)
    return hcs_fail_errno(err, errno, "cannot hand the container over to its guest");
  return 0;
}

/* ---- the whole ---------------------------------------------------------------------------------- */

static int make(creation *made, hcs_error *err) {
  if (record_init(made, err) != 0 || state_begin(made, err) != 0) return -1;
  if (resources_make(made, err) == 0 && boot(made, err) == 0 && limit(made, err) == 0 &&
      commit(made, err) == 0)
    return 0;
  return -1;
}

/* Nothing is left half done; what cannot be removed now is left to gc, under its record. */
static void undo(creation *made) {
  hcs_error *ignored;
  if (made->dir < 0) return;
  hcs_spare_close(&made->spare);
  hcs_fd_close(&made->boot);
  remotes_close(made);
  if (made->status != NULL) hcs_end_kill_guest(made->status, &made->paths);
  ignored = hcs_error_new();
  if (ignored == NULL) return;
  if (hcs_end_if_dead(made->dir, made->id, ignored) == 1)
    hcs_state_remove(made->root, made->id, ignored);
  hcs_error_free(ignored);
}

static hcs_platform_system *handle_make(creation *made, hcs_error *err) {
  hcs_platform_system *system = calloc(1, sizeof *system);
  if (system == NULL) {
    hcs_fail_memory(err);
    return NULL;
  }
  system->link = hcs_link_new(&made->record, hcs_fd_take(&made->boot), err);
  if (system->link == NULL) {
    free(system);
    return NULL;
  }
  system->link->status = made->status;
  made->status = NULL;
  system->exit_socket = hcs_fd_take(&made->exits);
  return system;
}

hcs_platform_system *hcs_linux_system_create(const char *id, const hcs_document *config,
                                             hcs_error *err) {
  creation made = {.id = id,
                   .root = -1,
                   .dir = -1,
                   .scratch_lock = -1,
                   .boot = -1,
                   .boot_remote = -1,
                   .exits = -1,
                   .exits_remote = -1,
                   .control = -1};
  hcs_platform_system *system = NULL;
  made.network.fd = -1;
  made.group.container = made.group.guest = made.group.work = made.group.freezer = -1;
  made.deadline_ns = hcs_clock_ns() + SETUP_PATIENCE_NS;
  if (geteuid() != 0) {
    hcs_fail(err, HCS_E_ACCESS_DENIED,
             "making a container needs root: run the program as root (uid is %u)",
             (unsigned)geteuid());
    return NULL;
  }
  if (config_read(&made, config, err) == 0) {
    if (make(&made, err) == 0) system = handle_make(&made, err);
    if (system == NULL) undo(&made);
  }
  creation_clear(&made);
  return system;
}
