/*
 * cgroup.c - making a container's control groups. cgroup_remove.c takes them away again.
 */
#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "fd.h"
#include "freezer.h"

#define DEFAULT_PARENT "/hcs"
#define PROCESSES_MAX "16384" /* API.md: at most so many processes in a container */

/* v2: what every container needs, and what only some limits need. */
#define REQUIRED "+pids +memory"
static const char *const optional[] = {"+cpu", "+io"};
#define OPTIONAL_COUNT (sizeof optional / sizeof *optional)

/* v1: the hierarchies that limit or count what the v2 tree of this layout can not. */
typedef struct hierarchy {
  hcs_controller controller;
  int is_required;
  int only_v1; /* hybrid has it in the v2 tree */
} hierarchy;

static const hierarchy hierarchies[] = {
    {HCS_CONTROLLER_PIDS, 1, 0}, {HCS_CONTROLLER_MEMORY, 1, 0},  {HCS_CONTROLLER_CPU, 0, 0},
    {HCS_CONTROLLER_IO, 0, 0},   {HCS_CONTROLLER_FREEZER, 1, 1}, {HCS_CONTROLLER_CPUACCT, 0, 1},
};
#define HIERARCHY_COUNT (sizeof hierarchies / sizeof *hierarchies)

/* Innermost first: that is the order in which they are removed. */
static const char *const parts[HCS_CGROUP_PARTS] = {"/work", "/guest", ""};

static const char *parent_get(void) {
  const char *given = secure_getenv("HCS_CGROUP_PARENT");
  return given != NULL && given[0] != '\0' ? given : DEFAULT_PARENT;
}

static int parent_check(hcs_error *err) {
  const char *parent = parent_get();
  if (parent[0] == '/' && parent[1] != '\0' && strstr(parent, "/..") == NULL) return 0;
  return hcs_fail(err, HCS_E_INVALID_PARAMETER,
                  "HCS_CGROUP_PARENT: '%s' is not the path of a group below the root, such as %s",
                  parent, DEFAULT_PARENT);
}

/* ---- names ------------------------------------------------------------------------------------- */

static int add_tree(hcs_record *record, const char *tree, hcs_error *err) {
  char path[PATH_MAX];
  size_t i;
  for (i = 0; i < HCS_CGROUP_PARTS; i++) {
    int n = snprintf(path, sizeof path, "%s%s/c-%s-%s%s", tree, parent_get(), record->id,
                     record->nonce, parts[i]);
    if (n >= (int)sizeof path)
      return hcs_fail(err, HCS_E_INVALID_PARAMETER, "HCS_CGROUP_PARENT: '%s' is too long",
                      parent_get());
    if (hcs_record_add_group(record, path) != 0) return hcs_fail_memory(err);
  }
  return 0;
}

/* v1: 1: to be used; 0: there is none; -1. One mounted together with an earlier one is that one. */
static int examine(size_t which, dev_t trees[], hcs_error *err) {
  const char *tree = hcs_cgroup_tree(hierarchies[which].controller);
  struct statfs info;
  struct stat root;
  size_t i;
  if (statfs(tree, &info) != 0 || info.f_type != CGROUP_SUPER_MAGIC || stat(tree, &root) != 0) {
    trees[which] = 0;
    if (!hierarchies[which].is_required) return 0;
    return hcs_fail(err, HCS_E_NOT_SUPPORTED,
                    "the control group hierarchy %s is not mounted: mount it, or boot with "
                    "systemd.unified_cgroup_hierarchy=1",
                    tree);
  }
  trees[which] = root.st_dev;
  for (i = 0; i < which; i++)
    if (trees[i] == root.st_dev) return 0;
  return 1;
}

static int add_hierarchies(hcs_record *record, hcs_cgroup_layout layout, hcs_error *err) {
  dev_t trees[HIERARCHY_COUNT] = {0};
  size_t i;
  for (i = 0; i < HIERARCHY_COUNT; i++) {
    int r = hierarchies[i].only_v1 && layout != HCS_CGROUP_V1 ? 0 : examine(i, trees, err);
    if (r < 0) return -1;
    if (r > 0 && add_tree(record, hcs_cgroup_tree(hierarchies[i].controller), err) != 0) return -1;
  }
  return 0;
}

int hcs_cgroup_plan(hcs_record *record, hcs_error *err) {
  hcs_cgroup_layout layout = hcs_cgroup_layout_get();
  if (parent_check(err) != 0) return -1;
  if (layout == HCS_CGROUP_V2) return add_tree(record, HCS_CGROUP_ROOT, err);
  if (layout == HCS_CGROUP_HYBRID &&
      add_tree(record, hcs_cgroup_tree(HCS_CONTROLLER_UNIFIED), err) != 0)
    return -1;
  return add_hierarchies(record, layout, err);
}

/* ---- directories ------------------------------------------------------------------------------- */

/* All at once, as it mostly goes; where something is missing, what there is. 0, or -1 with errno. */
static int hand_out(int dir) {
  size_t i;
  if (hcs_file_put(dir, "cgroup.subtree_control", REQUIRED " +cpu +io") == 0) return 0;
  if (hcs_file_put(dir, "cgroup.subtree_control", REQUIRED) != 0) return -1;
  for (i = 0; i < OPTIONAL_COUNT; i++) hcs_file_put(dir, "cgroup.subtree_control", optional[i]);
  return 1;
}

static int hands_down(const char *directory) {
  HCS_AUTO_FD dir = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
  return dir < 0 ? -1 : hand_out(dir);
}

/*
 * v2: a controller reaches a group only when every group above hands it down. Whoever made the parent
 * may not have come so far (or be an administrator who did not), so from the top where it fails.
 */
static int hand_down(const char *directory, hcs_error *err) {
  char path[PATH_MAX];
  char *slash = path + strlen(HCS_CGROUP_ROOT);
  if (hands_down(directory) == 0) return 0;
  snprintf(path, sizeof path, "%s", directory);
  while (slash != NULL && *slash == '/') {
    *slash = '\0';
    hands_down(path);
    *slash = '/';
    slash = strchr(slash + 1, '/');
  }
  if (hands_down(directory) >= 0) return 0;
  return hcs_fail_errno(
      err, errno,
      "cannot hand the controllers pids and memory down from %s: leave no process "
      "in it, or name a delegated group in HCS_CGROUP_PARENT",
      directory);
}

static int fail_parent(const char *path, hcs_error *err) {
  if (errno != ENOENT) return hcs_fail_errno(err, errno, "cannot make the control group %s", path);
  return hcs_fail_errno(
      err, errno,
      "HCS_CGROUP_PARENT: '%s': the group above it is missing, %s cannot be made: "
      "make the one above first, in every hierarchy",
      parent_get(), path);
}

static int parent_make(const char *container, hcs_cgroup_layout layout, hcs_error *err) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s", container);
  *strrchr(path, '/') = '\0';
  if (mkdir(path, 0755) != 0 && errno != EEXIST) return fail_parent(path, err);
  return layout == HCS_CGROUP_V2 ? hand_down(path, err) : 0;
}

static int group_make(const char *path, hcs_error *err) {
  if (mkdir(path, 0755) == 0) return 0;
  return hcs_fail_errno(err, errno, "cannot make the control group %s", path);
}

static int open_in(const char *directory, const char *file, int flags, hcs_error *err) {
  char path[PATH_MAX + 16];
  int fd;
  snprintf(path, sizeof path, "%s%s", directory, file);
  fd = open(path, flags | O_CLOEXEC);
  if (fd < 0) hcs_fail_errno(err, errno, "cannot open the control group file %s", path);
  return fd;
}

static int open_v2(hcs_cgroup *group, char *const paths[], hcs_error *err) {
  const int flags = O_RDONLY | O_DIRECTORY;
  group->work = open_in(paths[0], "", flags, err);
  group->guest = group->work < 0 ? -1 : open_in(paths[1], "", flags, err);
  group->container = group->guest < 0 ? -1 : open_in(paths[2], "", flags, err);
  return group->container < 0 ? -1 : 0;
}

static int open_v1(hcs_cgroup *group, char *const paths[], hcs_error *err) {
  uint32_t i = group->hierarchies++;
  group->guest_tasks[i] = group->container_tasks[i] = -1;
  group->work_tasks[i] = open_in(paths[0], "/tasks", O_WRONLY, err);
  if (group->work_tasks[i] < 0) return -1;
  group->guest_tasks[i] = open_in(paths[1], "/tasks", O_WRONLY, err);
  if (group->guest_tasks[i] < 0) return -1;
  group->container_tasks[i] = open_in(paths[2], "/tasks", O_WRONLY, err);
  return group->container_tasks[i] < 0 ? -1 : 0;
}

/* paths: work, guest and container directory of one tree */
static int tree_make(hcs_cgroup *group, char *const paths[], int is_v2, hcs_error *err) {
  if (parent_make(paths[2], group->layout, err) != 0 || group_make(paths[2], err) != 0 ||
      group_make(paths[1], err) != 0 || group_make(paths[0], err) != 0)
    return -1;
  return is_v2 ? open_v2(group, paths, err) : open_v1(group, paths, err);
}

int hcs_cgroup_make(hcs_cgroup *group, const hcs_record *record, const hcs_group_paths *paths,
                    hcs_error *err) {
  size_t i;
  memset(group, 0, sizeof *group);
  group->container = group->guest = group->work = group->freezer = -1;
  group->layout = hcs_cgroup_layout_get();
  for (i = 0; i < record->group_count; i += HCS_CGROUP_PARTS) {
    int is_v2 = i == 0 && group->layout != HCS_CGROUP_V1;
    if (tree_make(group, record->groups + i, is_v2, err) != 0) {
      hcs_cgroup_close(group);
      return -1;
    }
  }
  return hcs_freezer_open(paths, &group->freezer, err);
}

int hcs_cgroup_limit(const hcs_cgroup *group, const hcs_group_paths *paths, hcs_error *err) {
  HCS_AUTO_FD work = -1;
  if (group->layout == HCS_CGROUP_V2 && hand_out(group->container) < 0)
    return hcs_fail_errno(err, errno, "cannot hand the controllers down in the container's group");
  work = hcs_group_work_open(paths, HCS_CONTROLLER_PIDS, err);
  if (work < 0) return -1;
  if (hcs_file_put(work, "pids.max", PROCESSES_MAX) == 0) return 0;
  return hcs_fail_errno(err, errno, "cannot limit the number of processes (pids.max)");
}

void hcs_cgroup_close(hcs_cgroup *group) {
  uint32_t i;
  hcs_fd_close(&group->container);
  hcs_fd_close(&group->guest);
  hcs_fd_close(&group->work);
  hcs_fd_close(&group->freezer);
  for (i = 0; i < group->hierarchies; i++) {
    hcs_fd_close(&group->container_tasks[i]);
    hcs_fd_close(&group->guest_tasks[i]);
    hcs_fd_close(&group->work_tasks[i]);
  }
  group->hierarchies = 0;
}
