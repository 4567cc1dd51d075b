/*
 * hotplug.c - mapping something into a running container, and taking it out again.
 */
#include "hotplug.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "boot_message.h"
#include "disk_hold.h"
#include "disk_record.h"
#include "fd.h"
#include "guest_root.h"
#include "launch.h"
#include "mapped_record.h"
#include "mount_table.h"
#include "plan.h"
#include "socket.h"
#include "stage.h"
#include "wait.h"

#define HELPER "the helper that works in the container"
/* Others wait for the lock meanwhile, and close is to return in about that time. */
#define HELPER_PATIENCE_NS (10ll * 1000000000)
#define DEATH_PATIENCE_NS (1ll * 1000000000)

/* ---- the helper ------------------------------------------------------------------------------------ */

typedef struct helper {
  int boot;
  hcs_launch *launch;
  int64_t deadline_ns;
  int is_committed;
} helper;

static int helper_launch(helper *work, const hcs_change *change, int plan, hcs_error *err) {
  HCS_AUTO_FD namespace = hcs_guest_open(change->system->link->status, "ns/mnt", O_RDONLY,
                                         "the container's mount namespace", err);
  int pair[2];
  if (namespace < 0 || hcs_socket_pair(pair, err) != 0) return -1;
  const int descriptors[] = {
      [HCS_FD_BOOT] = pair[1], [HCS_FD_PLAN] = plan, [HCS_FD_NAMESPACE] = namespace};
  work->boot = pair[0];
  work->launch = hcs_launch_start("hcs-helper", descriptors, HCS_FD_FIRST, -1, err);
  hcs_fd_close(&pair[1]);
  return work->launch == NULL ? -1 : 0;
}

static int helper_start(helper *work, const hcs_change *change, hcs_plan_operation operation,
                        const hcs_mappings *mappings, hcs_error *err) {
  HCS_AUTO_FD plan = hcs_plan_make_helper(operation, mappings, err);
  work->boot = -1;
  work->launch = NULL;
  work->is_committed = 0;
  work->deadline_ns = hcs_clock_ns() + HELPER_PATIENCE_NS;
  if (work->deadline_ns > change->deadline_ns) work->deadline_ns = change->deadline_ns;
  return plan < 0 ? -1 : helper_launch(work, change, plan, err);
}

/*
 * It ends by itself, also when it finds our end of the socket closed. What hangs is killed: it is not to act
 * when others have the lock. One that even hangs then keeps the lock that it has, as long as it lives. That it
 * could not be executed is a better explanation than what `result` stands for.
 */
static int helper_finish(helper *work, hcs_change *change, int result, hcs_error *err) {
  int r;
  hcs_fd_close(&work->boot);
  if (work->launch == NULL) return result;
  r = hcs_launch_finish(work->launch, work->deadline_ns);
  if (r != 0 && errno == ETIMEDOUT) {
    hcs_launch_kill(work->launch);
    r = hcs_launch_finish(work->launch, hcs_clock_ns() + DEATH_PATIENCE_NS);
  }
  if (r != 0 && errno != ETIMEDOUT) return hcs_fail_errno(err, errno, "cannot execute " HELPER);
  change->is_held = r != 0 && work->is_committed;
  return result;
}

/* The message that is wanted, or the error that came instead. */
static int helper_await(helper *work, hcs_frame_type wanted, const hcs_mapping *mapping,
                        hcs_boot_message *message, hcs_error *err) {
  if (hcs_boot_receive(work->boot, HELPER, 1, work->deadline_ns, message, err) != 0) return -1;
  if (message->frame.type == wanted) return 0;
  if (message->frame.type == HCS_BOOT_FAILED)
    return hcs_mapping_fail(mapping, message->report.stage, message->report.error, err);
  return hcs_fail(err, HCS_E_GEN_FAILURE, HELPER " says what it should not");
}

/* From now on it acts, and has the lock, whatever becomes of us. */
static int helper_commit(helper *work, const hcs_change *change, hcs_error *err) {
  const hcs_frame frame = {HCS_FRAME_MAGIC, HCS_PROTOCOL_VERSION, HCS_COMMIT, 0, 0};
  work->is_committed = 1;
  if (hcs_socket_send(work->boot, &frame, sizeof frame, &change->dir, 1) == 0) return 0;
  return hcs_fail_errno(err, errno, HELPER " does not listen");
}

/* ---- the record ------------------------------------------------------------------------------------ */

/* A disk's device is let go of by the guest, too, if it holds it. */
static void device_forget(hcs_change *change, const hcs_mapping *mapping) {
  hcs_error *ignored;
  if ((mapping->flags & HCS_MOUNT_ATTACH_ONLY) == 0) return;
  ignored = hcs_error_new();
  if (ignored != NULL) hcs_disk_let_go(change, mapping, ignored);
  hcs_error_free(ignored);
}

/* Forgets what is there no more, or never was: somebody was killed in between. */
static void forget_gone(hcs_change *change, hcs_mount_kind kind, json_t *list,
                        const hcs_mount_table *table) {
  size_t i = json_array_size(list);
  while (i-- > 0) {
    const json_t *document = json_array_get(list, i);
    uint32_t id = hcs_record_mount(document);
    hcs_mapping mapping = {.kind = kind};
    if (id == 0 || hcs_mount_table_find(table, id) != NULL) continue;
    if (kind == HCS_MOUNT_DISK) hcs_disk_recall(&mapping, document);
    device_forget(change, &mapping);
    json_array_remove(list, i);
  }
}

static int record_repair(hcs_change *change, hcs_mount_table *table, hcs_error *err) {
  const char *list_name;
  json_t *list;
  if (hcs_mount_table_read(table, change->system->link->status, err) != 0) return -1;
  json_object_foreach(change->record.mapped, list_name, list) {
    forget_gone(change, hcs_mapping_kind_of(list_name), list, table);
  }
  return 0;
}

/*
 * After a failure: did it, or did it not? One that was too late may have done it all the same. Of one that may
 * act yet nobody knows: then the next change looks.
 */
static void record_mend(hcs_change *change) {
  hcs_error *ignored = change->is_held ? NULL : hcs_error_new();
  hcs_mount_table table;
  if (ignored != NULL && record_repair(change, &table, ignored) == 0) {
    hcs_mount_table_clear(&table);
    hcs_record_write(change->dir, &change->record, ignored);
  }
  hcs_error_free(ignored);
}

static int record_forget(hcs_change *change, hcs_mount_kind kind, const char *target,
                         hcs_error *err) {
  int i = hcs_record_mapped_find(&change->record, kind, target);
  if (i >= 0) json_array_remove(hcs_record_mapped(&change->record, kind), (size_t)i);
  return hcs_record_write(change->dir, &change->record, err);
}

/* ---- add ------------------------------------------------------------------------------------------- */

static int check_free(const hcs_change *change, const hcs_mapping *mapping, hcs_error *err) {
  if (!hcs_record_mapped_to(&change->record, mapping->target)) return 0;
  return hcs_fail(err, HCS_E_BUSY,
                  "%s.%s: something is mapped to '%s' already: remove it first, or choose another "
                  "place",
                  mapping->path, hcs_mapping_target_field(mapping->kind), mapping->target);
}

static int attach(helper *work, hcs_change *change, hcs_mapping *mapping, hcs_error *err) {
  hcs_boot_message message;
  if (helper_await(work, HCS_BOOT_MAPPED, mapping, &message, err) != 0) return -1;
  mapping->mount = message.mounts[0].mount;
  mapping->disk.loop = message.mounts[0].loop;
  if (hcs_record_map(&change->record, mapping, err) != 0 ||
      hcs_record_write(change->dir, &change->record, err) != 0)
    return -1;
  if ((mapping->flags & HCS_MOUNT_ATTACH_ONLY) && hcs_disk_hold(change, mapping, err) != 0)
    return -1;
  if (helper_commit(work, change, err) != 0) return -1;
  return helper_await(work, HCS_BOOT_READY, mapping, &message, err);
}

int hcs_hotplug_add(hcs_change *change, hcs_mapping *mapping, hcs_error *err) {
  hcs_mappings one = {mapping, 1};
  hcs_mount_table table;
  helper work;
  int r;
  if (record_repair(change, &table, err) != 0) return -1;
  hcs_mount_table_clear(&table);
  if (check_free(change, mapping, err) != 0) return -1;
  r = helper_start(&work, change, HCS_PLAN_ADD, &one, err);
  if (r == 0) r = attach(&work, change, mapping, err);
  r = helper_finish(&work, change, r, err);
  if (r != 0 && mapping->mount != 0) record_mend(change);
  return r;
}

/* ---- remove ---------------------------------------------------------------------------------------- */

/* What is to be taken off, as a helper's plan has it: the mapping's own mount is the last. */
static int tree_read(hcs_mapping *list, size_t *count, const hcs_change *change,
                     const hcs_mapping *mapping, const hcs_mount_table *table, hcs_error *err) {
  const hcs_mount_entry *tree[HCS_PLAN_MOUNTS_MAX];
  size_t i;
  *count = hcs_mount_table_tree(table, mapping->mount, tree, HCS_PLAN_MOUNTS_MAX);
  if (*count > HCS_PLAN_MOUNTS_MAX)
    return hcs_fail(err, HCS_E_BUSY, "more than %u mounts came with it", HCS_PLAN_MOUNTS_MAX);
  for (i = 0; i < *count; i++) {
    if (i + 1 < *count && hcs_record_mapped_as(&change->record, tree[i]->id))
      return hcs_fail(err, HCS_E_BUSY, "%s.%s: something else is mapped in '%s': remove that first",
                      mapping->path, hcs_mapping_target_field(mapping->kind), mapping->target);
    list[i].target = tree[i]->point;
    list[i].mount = tree[i]->id;
  }
  return 0;
}

/* Between the two messages the helper has the device open: the guest's is not the last. */
static int device_release(helper *work, hcs_change *change, const hcs_mapping *mapping,
                          hcs_error *err) {
  hcs_boot_message message;
  if (helper_await(work, HCS_BOOT_MAPPED, mapping, &message, err) != 0 ||
      hcs_disk_let_go(change, mapping, err) != 0)
    return -1;
  return helper_commit(work, change, err);
}

static int detach(hcs_change *change, const hcs_mapping *mapping, const hcs_mount_table *table,
                  hcs_error *err) {
  HCS_AUTO_FREE hcs_mapping *list = calloc(HCS_PLAN_MOUNTS_MAX, sizeof *list);
  hcs_mappings all = {list, 0};
  char device[HCS_LOOP_PATH_SIZE];
  hcs_boot_message message;
  helper work;
  int r, is_device = (mapping->flags & HCS_MOUNT_ATTACH_ONLY) != 0;
  if (list == NULL) return hcs_fail_memory(err);
  if (tree_read(list, &all.count, change, mapping, table, err) != 0) return -1;
  if (is_device) {
    hcs_disk_device(mapping, device);
    list[all.count - 1].source = device;
    list[all.count - 1].flags = HCS_MOUNT_ATTACH_ONLY;
  }
  r = helper_start(&work, change, HCS_PLAN_REMOVE, &all, err);
  if (r == 0) r = helper_commit(&work, change, err);
  if (r == 0 && is_device) r = device_release(&work, change, mapping, err);
  if (r == 0) r = helper_await(&work, HCS_BOOT_READY, mapping, &message, err);
  r = helper_finish(&work, change, r, err);
  if (r != 0 && hcs_error_kind(err) == HCS_E_TIMEOUT) record_mend(change);
  return r;
}

static int fail_none(const hcs_mapping *mapping, hcs_error *err) {
  return hcs_fail(err, HCS_E_ELEMENT_NOT_FOUND, "%s.%s: nothing of %s is mapped to '%s'",
                  mapping->path, hcs_mapping_target_field(mapping->kind), mapping->list,
                  mapping->target);
}

int hcs_hotplug_remove(hcs_change *change, hcs_mount_kind kind, const char *target,
                       const char *path, hcs_error *err) {
  hcs_mapping mapping = {.kind = kind,
                         .list = hcs_mapping_list(kind),
                         .path = (char *)(uintptr_t)path,
                         .target = (char *)(uintptr_t)target};
  hcs_mount_table table;
  int i, r;
  if (record_repair(change, &table, err) != 0) return -1;
  i = hcs_record_mapped_find(&change->record, kind, target);
  if (i < 0) {
    r = fail_none(&mapping, err);
  } else {
    const json_t *document = json_array_get(hcs_record_mapped(&change->record, kind), (size_t)i);
    mapping.mount = hcs_record_mount(document);
    if (kind == HCS_MOUNT_DISK) hcs_disk_recall(&mapping, document);
    r = detach(change, &mapping, &table, err);
    if (r == 0) r = record_forget(change, kind, target, err);
  }
  hcs_mount_table_clear(&table);
  return r;
}
