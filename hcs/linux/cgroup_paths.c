/*
 * cgroup_paths.c - where a container's control groups are, by controller.
 */
#include "cgroup_paths.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "cgroup.h"

static const char *const trees[HCS_CONTROLLERS] = {
    [HCS_CONTROLLER_UNIFIED] = HCS_CGROUP_ROOT "/unified",
    [HCS_CONTROLLER_PIDS] = HCS_CGROUP_ROOT "/pids",
    [HCS_CONTROLLER_MEMORY] = HCS_CGROUP_ROOT "/memory",
    [HCS_CONTROLLER_CPU] = HCS_CGROUP_ROOT "/cpu",
    [HCS_CONTROLLER_IO] = HCS_CGROUP_ROOT "/blkio",
    [HCS_CONTROLLER_FREEZER] = HCS_CGROUP_ROOT "/freezer",
    [HCS_CONTROLLER_CPUACCT] = HCS_CGROUP_ROOT "/cpuacct",
};

static int is_v2_tree(const char *path) {
  struct statfs info;
  return statfs(path, &info) == 0 && info.f_type == CGROUP2_SUPER_MAGIC;
}

hcs_cgroup_layout hcs_cgroup_layout_get(void) {
  if (is_v2_tree(HCS_CGROUP_ROOT)) return HCS_CGROUP_V2;
  return is_v2_tree(trees[HCS_CONTROLLER_UNIFIED]) ? HCS_CGROUP_HYBRID : HCS_CGROUP_V1;
}

const char *hcs_cgroup_tree(hcs_controller controller) { return trees[controller]; }

/* ---- out of the record --------------------------------------------------------------------------- */

static int is_below(const char *path, const char *tree) {
  size_t n = strlen(tree);
  return strncmp(path, tree, n) == 0 && path[n] == '/';
}

/* v2 is one tree, v1 and hybrid are at least two (pids and memory): so the record need not say. */
static hcs_cgroup_layout layout_of(const hcs_record *record) {
  if (record->group_count <= HCS_CGROUP_PARTS) return HCS_CGROUP_V2;
  return is_below(record->groups[0], trees[HCS_CONTROLLER_UNIFIED]) ? HCS_CGROUP_HYBRID
                                                                    : HCS_CGROUP_V1;
}

static hcs_controller controller_of(hcs_cgroup_layout layout, const char *path) {
  int i = 0;
  if (layout == HCS_CGROUP_V2) return HCS_CONTROLLER_UNIFIED;
  while (i < HCS_CONTROLLERS && !is_below(path, trees[i])) i++;
  return (hcs_controller)i;
}

int hcs_group_paths_init(hcs_group_paths *paths, const hcs_record *record, hcs_error *err) {
  size_t i;
  memset(paths, 0, sizeof *paths);
  paths->layout = layout_of(record);
  for (i = HCS_CGROUP_PARTS; i <= record->group_count; i += HCS_CGROUP_PARTS) {
    const char *container = record->groups[i - 1];
    hcs_controller controller = controller_of(paths->layout, container);
    if (controller == HCS_CONTROLLERS || paths->container[controller] != NULL) continue;
    paths->container[controller] = strdup(container);
    if (paths->container[controller] == NULL) return hcs_fail_memory(err);
  }
  return 0;
}

void hcs_group_paths_clear(hcs_group_paths *paths) {
  int i;
  for (i = 0; i < HCS_CONTROLLERS; i++) free(paths->container[i]);
  memset(paths, 0, sizeof *paths);
}

/* ---- a group ------------------------------------------------------------------------------------- */

static int is_same_tree(const char *a, const char *b) {
  struct stat one, other;
  return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev;
}

/* Of v1 controllers that are mounted together (cpu,cpuacct) the record names the first. */
static const char *find(const hcs_group_paths *paths, hcs_controller controller) {
  int i;
  if (paths->layout == HCS_CGROUP_V2) controller = HCS_CONTROLLER_UNIFIED;
  if (paths->container[controller] != NULL) return paths->container[controller];
  for (i = HCS_CONTROLLER_PIDS; i < HCS_CONTROLLERS; i++)
    if (paths->container[i] != NULL && is_same_tree(trees[i], trees[controller]))
      return paths->container[i];
  return NULL;
}

int hcs_group_is_in(const hcs_group_paths *paths, hcs_controller controller) {
  return find(paths, controller) != NULL;
}

static int group_open(const hcs_group_paths *paths, hcs_controller controller, const char *part,
                      hcs_error *err) {
  const char *container = find(paths, controller);
  char path[PATH_MAX];
  int fd;
  if (container == NULL)
    return hcs_fail(err, HCS_E_NOT_SUPPORTED,
                    "the container is in no control group of %s: mount -t cgroup -o %s %s %s, and "
                    "make the container anew",
                    trees[controller], strrchr(trees[controller], '/') + 1,
                    strrchr(trees[controller], '/') + 1, trees[controller]);
  snprintf(path, sizeof path, "%s%s", container, part);
  fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) hcs_fail_errno(err, errno, "cannot open the control group %s", path);
  return fd;
}

int hcs_group_work_open(const hcs_group_paths *paths, hcs_controller controller, hcs_error *err) {
  return group_open(paths, controller, "/work", err);
}

int hcs_group_container_open(const hcs_group_paths *paths, hcs_controller controller,
                             hcs_error *err) {
  return group_open(paths, controller, "", err);
}
