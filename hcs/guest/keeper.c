/*
 * keeper.c - the role that keeps the modes of the caller's terminal, so that they come back whatever
 * ends the caller.
 *
 * It is in the caller's process group: there the kernel tells it of a new size, which the caller could
 * hear of by a signal handler only. Every signal is blocked, so what is sent to that group does not
 * end it, and it may set the modes from the background, too.
 */
#include "keeper.h"

#include <asm/ioctls.h>
#include <linux/prctl.h>
#include <linux/signal.h>
#include <linux/signalfd.h>

#include "kernel.h"
#include "sys.h"

#define BIT(signal) (1ull << ((signal)-1))

static void say(char what) { sys_write(KEEPER_FD_SOCKET, &what, 1); }

/* A descriptor that is readable when the terminal may have changed. */
static int changes_open(void) {
  static const uint64_t every = ~0ull, changes = BIT(SIGWINCH) | BIT(SIGCONT);
  SYS4(__NR_rt_sigprocmask, SIG_SETMASK, &every, 0, sizeof every);
  return (int)SYS4(__NR_signalfd4, -1, &changes, sizeof changes, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void changes_take(int changes) {
  struct signalfd_siginfo info;
  while (sys_read(changes, &info, sizeof info) == (long)sizeof info) continue;
  say(KEEPER_CHANGED); /* what is not taken says the same */
}

/* A shell that has the terminal again by now knows better how it wants it. */
static void put_back(const keeper_modes *modes) {
  struct termios2 now;
  if (SYS3(__NR_ioctl, KEEPER_FD_TERMINAL, TCGETS2, &now) != 0) return;
  if (now.c_lflag == modes->raw.c_lflag && now.c_iflag == modes->raw.c_iflag &&
      now.c_oflag == modes->raw.c_oflag)
    SYS3(__NR_ioctl, KEEPER_FD_TERMINAL, TCSETS2, &modes->before);
}

_Noreturn void keeper_run(void) {
  struct pollfd fds[2] = {{KEEPER_FD_SOCKET, POLLIN, 0}, {changes_open(), POLLIN, 0}};
  keeper_modes modes;
  int has_modes = 0;
  long size = 1;
  SYS5(__NR_prctl, PR_SET_NAME, "hcs-keeper", 0, 0, 0);
  say(KEEPER_READY);
  while (size > 0 || size == -EAGAIN || size == -EINTR) {
    size = SYS5(__NR_ppoll, fds, 2, 0, 0, 0);
    if (size > 0 && fds[1].revents != 0) changes_take(fds[1].fd);
    if (size <= 0 || fds[0].revents == 0) continue;
    size = sys_read(KEEPER_FD_SOCKET, &modes, sizeof modes);
    if (size == (long)sizeof modes) has_modes = 1;
  }
  if (has_modes) put_back(&modes);
  sys_exit(0);
}
