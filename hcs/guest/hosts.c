/*
 * hosts.c - the container's /etc/hosts: itself, under both of its names.
 */
#include "hosts.h"

#include "mount.h"
#include "service.h"
#include "sys.h"

#define FILE_NAME "hosts"
#define TARGET "etc/hosts"

static long check(long r, uint32_t index) {
  if (r < 0) boot_fail(HCS_FD_BOOT, HCS_STAGE_HOSTNAME, r, index);
  return r;
}

static void put(int fd, const char *text) { check(sys_write(fd, text, string_length(text)), 10); }

static void file_write(const char *host_name) {
  int fd = (int)check(sys_openat(SYS_AT_FDCWD, FILE_NAME,
                                 SYS_O_WRONLY | SYS_O_CREAT | SYS_O_EXCL | SYS_O_CLOEXEC, 0644),
                      11);
  put(fd, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n");
  /* Debian's convention for a host without an address of its own */
  put(fd, "127.0.1.1\t");
  put(fd, host_name);
  put(fd, "\n");
  sys_close(fd);
}

/* The place to mount on, made empty in an overlay (that is its scratch); -ENOENT and the like if none. */
static long target_make(int root, int may_make) {
  long etc, file, target = target_open(root, TARGET, 0);
  if (target != -ENOENT || !may_make) return target;
  etc = target_directory(root, "etc");
  if (etc < 0) return etc;
  file = sys_openat((int)etc, "hosts",
                    SYS_O_WRONLY | SYS_O_CREAT | SYS_O_EXCL | SYS_O_NOFOLLOW | SYS_O_CLOEXEC, 0644);
  if (file >= 0) sys_close((int)file);
  sys_close((int)etc);
  return file < 0 ? file : target_open(root, TARGET, 0);
}

void hosts_mount(int root, const char *host_name, int may_make) {
  long target = target_make(root, may_make);
  int copy;
  if (target == -ENOENT || target == -ELOOP || target == -ENOTDIR) return;
  check(target, 0);
  file_write(host_name);
  copy = (int)check(mount_clone(SYS_AT_FDCWD, FILE_NAME, 0), 1);
  check(mount_restrict(copy, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, 0), 2);
  check(mount_attach(copy, (int)target), 3);
  sys_close(copy);
  sys_close((int)target);
}
