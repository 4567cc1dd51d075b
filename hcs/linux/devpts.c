/*
 * devpts.c - the pseudo terminals of a container.
 *
 * The host opens them itself, in the devpts that the container sees, so that /dev/pts/0 is the name of
 * standard input there. In a devpts there is nothing but what the kernel has made, so it is enough to
 * make sure that it is one.
 */
#include "devpts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/major.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <termios.h>
#include <unistd.h>

#include "fd.h"
#include "guest_root.h"
#include "proc_text.h"

/* What hcsshim's own consoles have (contract §2.2). */
#define DEFAULT_WIDTH 80
#define DEFAULT_HEIGHT 25

static int is_on(int fd, long magic) {
  struct statfs system;
  return fstatfs(fd, &system) == 0 && system.f_type == magic;
}

static int fail_foreign(const char *path, hcs_error *err) {
  return hcs_fail(err, HCS_E_GEN_FAILURE, "the container's %s is not what was mounted there", path);
}

static int devpts_open(int root, hcs_error *err) {
  HCS_AUTO_FD dir =
      hcs_guest_root_openat(root, "dev/pts", O_PATH | O_DIRECTORY, 0, RESOLVE_NO_SYMLINKS);
  if (dir < 0) return hcs_fail_errno(err, errno, "cannot open the container's /dev/pts");
  if (!is_on(dir, DEVPTS_SUPER_MAGIC)) return fail_foreign("/dev/pts", err);
  return hcs_fd_take(&dir);
}

/* A descriptor, -1 with errno. Opening a terminal must not make it ours. */
static int terminal_open(int devpts, const char *name) {
  return hcs_fd_raise(openat(devpts, name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
}

static int size_set(int terminal, hcs_console_size size) {
  const struct winsize window = {.ws_row = size.height != 0 ? size.height : DEFAULT_HEIGHT,
                                 .ws_col = size.width != 0 ? size.width : DEFAULT_WIDTH};
  return ioctl(terminal, TIOCSWINSZ, &window);
}

/* Erasing a character is to erase all its bytes. The rest is as the kernel makes a terminal. */
static int modes_set(int master) {
  struct termios modes;
  if (tcgetattr(master, &modes) != 0) return -1;
  modes.c_iflag |= IUTF8;
  return tcsetattr(master, TCSANOW, &modes);
}

/* By the master, never by a path: the number might mean another's by now. */
static int slave_open(int master) {
  const int unlocked = 0;
  if (ioctl(master, TIOCSPTLCK, &unlocked) != 0) return -1;
  return hcs_fd_raise(ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
}

int hcs_devpts_pair(const hcs_status_page *status, hcs_console_size size, int *master, int *slave,
                    hcs_error *err) {
  HCS_AUTO_FD root = hcs_guest_root_open(status, err);
  HCS_AUTO_FD devpts = root < 0 ? -1 : devpts_open(root, err);
  HCS_AUTO_FD ours = -1;
  if (devpts < 0) return -1;
  ours = terminal_open(devpts, "ptmx");
  if (ours < 0 && errno == ENOSPC)
    return hcs_fail_errno_as(
        err, HCS_E_GEN_FAILURE, errno,
        "no pseudo terminal is left: the container has 1024 of its own at most, all "
        "containers together what the sysctl kernel.pty.max says");
  if (ours < 0) return hcs_fail_errno(err, errno, "cannot make a console");
  if (size_set(ours, size) != 0 || modes_set(ours) != 0 || (*slave = slave_open(ours)) < 0)
    return hcs_fail_errno(err, errno, "cannot set the new console up");
  *master = hcs_fd_take(&ours);
  return 0;
}

/* ---- the size of a process' terminal --------------------------------------------------------------- */

static int fail_without_console(hcs_error *err) {
  return hcs_fail(err, HCS_E_ELEMENT_NOT_FOUND,
                  "the process has no console: set EmulateConsole = true in its config");
}

/* The number of its controlling terminal in the devpts. */
static int terminal_find(int root, uint32_t pid, unsigned *number, hcs_error *err) {
  char path[32];
  char text[HCS_PROC_STAT_SIZE];
  hcs_proc_stat stat;
  HCS_AUTO_FD fd = -1;
  ssize_t n = -1;
  snprintf(path, sizeof path, "proc/%u/stat", (unsigned)pid);
  fd = hcs_guest_root_openat(root, path, O_RDONLY | O_NONBLOCK, 0, RESOLVE_NO_SYMLINKS);
  if (fd >= 0 && !is_on(fd, PROC_SUPER_MAGIC)) return fail_foreign("/proc", err);
  if (fd >= 0) n = read(fd, text, sizeof text - 1);
  if (n < 0 && (errno == ENOENT || errno == ESRCH))
    return hcs_fail(err, HCS_E_PROCESS_ALREADY_STOPPED, NULL);
  if (n < 0) return hcs_fail_errno(err, errno, "cannot read the container's /%s", path);
  text[n] = '\0';
  if (hcs_proc_stat_parse(text, &stat) != 0 || major(stat.terminal) != UNIX98_PTY_SLAVE_MAJOR)
    return fail_without_console(err);
  *number = minor(stat.terminal);
  return 0;
}

int hcs_devpts_resize(const hcs_status_page *status, uint32_t pid, hcs_console_size size,
                      hcs_error *err) {
  HCS_AUTO_FD root = hcs_guest_root_open(status, err);
  HCS_AUTO_FD devpts = -1;
  HCS_AUTO_FD terminal = -1;
  unsigned number = 0;
  char name[16];
  if (root < 0 || terminal_find(root, pid, &number, err) != 0) return -1;
  devpts = devpts_open(root, err);
  if (devpts < 0) return -1;
  snprintf(name, sizeof name, "%u", number);
  terminal = terminal_open(devpts, name);
  if (terminal < 0 || size_set(terminal, size) != 0)
    return hcs_fail_errno(err, errno, "cannot resize the process' console");
  return 0;
}
