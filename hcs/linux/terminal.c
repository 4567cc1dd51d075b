/*
 * terminal.c - the caller's own terminal, in raw mode while it is joined to a console.
 *
 * Whatever ends the program, its modes are put back: by leave, or else by the keeper, a process of ours
 * that sees the end of its socket (guest/keeper.c). The keeper also tells of a new size: only a signal
 * says that, and a library has no handlers.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../guest/keeper.h"
#include "container.h"
#include "fd.h"
#include "launch.h"
#include "socket.h"
#include "wait.h"

/* To start the keeper, and for it to end: a millisecond is usual. */
#define KEEPER_PATIENCE_NS (5ll * 1000000000)

/* The process that has its terminal joined: a second time would take the raw modes for its usual ones. */
static atomic_int joined;

struct hcs_platform_terminal {
  int fd;     /* of its own file description: nobody else's reads and writes become non-blocking */
  int keeper; /* the socket; -1 when the keeper is gone */
  int events; /* an epoll of both, readable when either has something */
  hcs_launch *launch;
  int is_raw;
  keeper_modes modes;
};

/* ---- modes ----------------------------------------------------------------------------------------- */

static int modes_set(const hcs_platform_terminal *terminal, const struct termios2 *modes) {
  return ioctl(terminal->fd, TCSETS2, modes);
}

/* Every byte as it is, both ways: what the terminal did with them the console does now (termios(3)). */
static struct termios2 raw_of(struct termios2 modes) {
  modes.c_iflag &= ~(unsigned)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
  modes.c_oflag &= ~(unsigned)OPOST;
  modes.c_lflag &= ~(unsigned)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
  modes.c_cflag = (modes.c_cflag & ~(unsigned)(CSIZE | PARENB)) | CS8;
  modes.c_cc[VMIN] = 1;
  modes.c_cc[VTIME] = 0;
  return modes;
}

/* The keeper knows how to put it back before there is anything to put back. */
static int raw_enter(hcs_platform_terminal *terminal, hcs_error *err) {
  terminal->modes.raw = raw_of(terminal->modes.before);
  if (hcs_socket_send(terminal->keeper, &terminal->modes, sizeof terminal->modes, NULL, 0) != 0)
    return hcs_fail_errno(err, errno, "cannot reach the keeper of the terminal");
  terminal->is_raw = 1;
  if (modes_set(terminal, &terminal->modes.raw) == 0) return 0;
  return hcs_fail_errno(err, errno, "cannot set the modes of the terminal");
}

/* ---- joining --------------------------------------------------------------------------------------- */

/* Setting modes from the background would stop the program. */
static int foreground_check(hcs_error *err) {
  pid_t group;
  if (ioctl(STDIN_FILENO, TIOCGPGRP, &group) != 0 || group == getpgrp()) return 0;
  return hcs_fail(err, HCS_E_INVALID_PARAMETER,
                  "the program is in the background of its terminal: bring it to the front (fg)");
}

static int terminal_open(hcs_platform_terminal *terminal, hcs_error *err) {
  if (ioctl(STDIN_FILENO, TCGETS2, &terminal->modes.before) != 0)
    return hcs_fail_errno_as(err, HCS_E_INVALID_PARAMETER, ENOTTY,
                             "standard input is no terminal: run the program from one, without "
                             "redirecting its input");
  if (foreground_check(err) != 0) return -1;
  terminal->fd = hcs_fd_raise(open("/proc/self/fd/0", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  if (terminal->fd >= 0) return 0;
  return hcs_fail_errno(err, errno, "cannot open the terminal that is standard input");
}

/* Ends it, if it runs. -1 with errno when it could not even be executed. */
static int keeper_end(hcs_platform_terminal *terminal) {
  hcs_launch *launch = terminal->launch;
  terminal->launch = NULL;
  /* not closed alone: a child that somebody forked may have the socket, too */
  if (terminal->keeper >= 0) shutdown(terminal->keeper, SHUT_RDWR);
  if (launch == NULL || hcs_launch_finish(launch, hcs_clock_ns() + KEEPER_PATIENCE_NS) == 0)
    return 0;
  return errno == ETIMEDOUT ? 0 : -1;
}

/* It says one byte when it is there. */
static int keeper_await(hcs_platform_terminal *terminal, hcs_error *err) {
  int64_t deadline_ns = hcs_clock_ns() + KEEPER_PATIENCE_NS;
  char what;
  if (hcs_wait_fd_uninterrupted(terminal->keeper, POLLIN, deadline_ns) == HCS_WAIT_READY &&
      recv(terminal->keeper, &what, 1, MSG_DONTWAIT) == 1)
    return 0;
  if (keeper_end(terminal) != 0)
    return hcs_fail_errno(err, errno, "cannot start the keeper of the terminal");
  return hcs_fail(err, HCS_E_GEN_FAILURE, "the keeper of the terminal does not start");
}

static int keeper_start(hcs_platform_terminal *terminal, hcs_error *err) {
  int pair[2];
  if (hcs_socket_pair(pair, err) != 0) return -1;
  const int descriptors[] = {[KEEPER_FD_TERMINAL] = terminal->fd, [KEEPER_FD_SOCKET] = pair[1]};
  terminal->keeper = pair[0];
  terminal->launch = hcs_launch_start("hcs-keeper", descriptors, KEEPER_FD_COUNT, -1, err);
  hcs_fd_close(&pair[1]);
  return terminal->launch == NULL ? -1 : keeper_await(terminal, err);
}

static int events_watch(hcs_platform_terminal *terminal, hcs_error *err) {
  struct epoll_event readable = {.events = EPOLLIN};
  terminal->events = hcs_fd_raise(epoll_create1(EPOLL_CLOEXEC));
  if (terminal->events >= 0 &&
      epoll_ctl(terminal->events, EPOLL_CTL_ADD, terminal->fd, &readable) == 0 &&
      epoll_ctl(terminal->events, EPOLL_CTL_ADD, terminal->keeper, &readable) == 0)
    return 0;
  return hcs_fail_errno(err, errno, "cannot watch the terminal");
}

/* A forked child has its parent's note and is not meant by it. */
static int claim(hcs_error *err) {
  int self = (int)getpid(), before = atomic_load(&joined);
  if (before != self && atomic_compare_exchange_strong(&joined, &before, self)) return 0;
  return hcs_fail(err, HCS_E_BUSY, "this program has joined its terminal to a console already");
}

hcs_platform_terminal *hcs_linux_terminal_enter(hcs_error *err) {
  hcs_platform_terminal *terminal;
  if (claim(err) != 0) return NULL;
  terminal = calloc(1, sizeof *terminal);
  if (terminal == NULL) {
    atomic_store(&joined, 0);
    hcs_fail_memory(err);
    return NULL;
  }
  terminal->fd = terminal->keeper = terminal->events = -1;
  if (terminal_open(terminal, err) == 0 && keeper_start(terminal, err) == 0 &&
      events_watch(terminal, err) == 0 && raw_enter(terminal, err) == 0)
    return terminal;
  hcs_linux_terminal_leave(terminal);
  return NULL;
}

/* ---- leaving --------------------------------------------------------------------------------------- */

void hcs_linux_terminal_free(hcs_platform_terminal *terminal) {
  hcs_fd_close(&terminal->events);
  hcs_fd_close(&terminal->keeper);
  hcs_fd_close(&terminal->fd);
  free(terminal);
}

void hcs_linux_terminal_leave(hcs_platform_terminal *terminal) {
  if (terminal->is_raw) modes_set(terminal, &terminal->modes.before);
  keeper_end(terminal);
  hcs_linux_terminal_free(terminal);
  atomic_store(&joined, 0);
}

/* ---- its size -------------------------------------------------------------------------------------- */

/* 1 if the keeper has said something. Without it sizes are followed as keys are pressed. */
static int changes_take(hcs_platform_terminal *terminal) {
  char what;
  int is_changed = 0;
  ssize_t n = -1;
  while (terminal->keeper >= 0 && (n = recv(terminal->keeper, &what, 1, MSG_DONTWAIT)) == 1)
    is_changed = 1;
  if (terminal->keeper >= 0 && (n == 0 || (errno != EAGAIN && errno != EINTR)))
    hcs_fd_close(&terminal->keeper);
  return is_changed;
}

/* A shell that had the terminal meanwhile has set its own modes. */
int hcs_linux_terminal_size(hcs_platform_terminal *terminal, uint16_t *width, uint16_t *height,
                            hcs_error *err) {
  struct winsize window;
  if (changes_take(terminal)) modes_set(terminal, &terminal->modes.raw);
  if (ioctl(terminal->fd, TIOCGWINSZ, &window) != 0)
    return hcs_fail_errno(err, errno, "cannot get the size of the terminal");
  *width = window.ws_col;
  *height = window.ws_row;
  return 0;
}

/* ---- bytes ----------------------------------------------------------------------------------------- */

int hcs_linux_terminal_read(hcs_platform_terminal *terminal, void *data, size_t capacity,
                            size_t *size, hcs_error *err) {
  ssize_t n = read(terminal->fd, data, capacity);
  *size = n > 0 ? (size_t)n : 0;
  if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR))) return 0;
  return hcs_fail_errno(err, n == 0 ? EIO : errno, "the terminal is gone");
}

int hcs_linux_terminal_write(hcs_platform_terminal *terminal, const void *data, size_t size,
                             size_t *written, hcs_error *err) {
  int r = 0;
  while (r == 0) {
    ssize_t n = write(terminal->fd, data, size);
    if (n >= 0) {
      *written = (size_t)n;
      return 0;
    }
    if (errno == EINTR) return HCS_INTERRUPTED;
    if (errno != EAGAIN) return hcs_fail_errno(err, errno, "cannot write to the terminal");
    r = hcs_wait_more(terminal->fd, POLLOUT, HCS_FOREVER, err);
  }
  return r;
}

int hcs_terminal_poll_get(const hcs_platform_terminal *terminal) { return terminal->events; }
