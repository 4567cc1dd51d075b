/*
 * etc.c - the files of /etc that are the container's and not its image's: hosts and resolv.conf.
 */
#include "etc.h"

#include "kernel.h"
#include "mount.h"
#include "place.h"
#include "plan.h"
#include "service.h"
#include "sys.h"

#define LOCKED (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

static long check(long r, uint32_t index) {
  if (r < 0) boot_fail(HCS_FD_BOOT, HCS_STAGE_ETC, r, index);
  return r;
}

static void put(int fd, const char *text) { check(sys_write(fd, text, string_length(text)), 10); }

static int file_new(int dir, const char *name) {
  return (int)sys_openat(
      dir, name, SYS_O_WRONLY | SYS_O_CREAT | SYS_O_EXCL | SYS_O_NOFOLLOW | SYS_O_CLOEXEC, 0644);
}

static void hosts_write(int fd, const hcs_plan *plan) {
  put(fd, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n");
  /* Debian's convention for a host without an address of its own */
  put(fd, "127.0.1.1\t");
  put(fd, plan_string(plan, plan->host_name));
  put(fd, "\n");
}

static void resolv_write(int fd, const hcs_plan *plan) { put(fd, plan_string(plan, plan->resolv)); }

typedef struct etc_file {
  const char *name, *path;
  void (*write)(int fd, const hcs_plan *plan);
} etc_file;

static const etc_file files[] = {{"hosts", "/etc/hosts", hosts_write},
                                 {"resolv.conf", "/etc/resolv.conf", resolv_write}};

/*
 * An empty file in an overlay, that is in its scratch. A link that leads nowhere makes room for it: images
 * have one to what a daemon of theirs would write.
 */
static long place_make(int root, const etc_file *file) {
  long etc = target_directory(root, "etc"), fd;
  if (etc < 0) return etc;
  SYS3(__NR_unlinkat, etc, file->name, 0);
  fd = file_new((int)etc, file->name);
  if (fd >= 0) sys_close((int)fd);
  sys_close((int)etc);
  return fd < 0 ? fd : place_found(root, file->path);
}

static long place_get(int root, const etc_file *file, int may_make) {
  long place = place_found(root, file->path);
  return place == -ENOENT && may_make ? place_make(root, file) : place;
}

static int is_no_place(long r) {
  return r == -ENOENT || r == -ELOOP || r == -ENOTDIR || r == -EISDIR || r == PLACE_FORBIDDEN;
}

static void file_mount(int root, const hcs_plan *plan, const etc_file *file) {
  long place = place_get(root, file, plan->volume == 0);
  int fd, copy;
  if (is_no_place(place)) return;
  check(place, 0);
  fd = (int)check(file_new(SYS_AT_FDCWD, file->name), 1);
  file->write(fd, plan);
  sys_close(fd);
  copy = (int)check(mount_clone(SYS_AT_FDCWD, file->name, 0), 2);
  check(mount_restrict(copy, LOCKED, 0), 3);
  check(mount_attach(copy, (int)place), 4);
  sys_close(copy);
  sys_close((int)place);
}

void etc_mount(int root, const hcs_plan *plan) {
  unsigned i;
  for (i = 0; i < sizeof files / sizeof *files; i++) file_mount(root, plan, &files[i]);
}
