/*
 * quiet_write.c - write(2) without its signals.
 */
#include "quiet_write.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

/* What a failed write raises, 0 for nothing. */
static int signal_of(int error) {
  switch (error) {
  case EPIPE: return SIGPIPE;
  case EFBIG: return SIGXFSZ;
  default: return 0;
  }
}

static void take_back(int signal) {
  static const struct timespec at_once;
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, signal);
  while (sigtimedwait(&only, NULL, &at_once) < 0 && errno == EINTR) continue;
}

/*
 * Blocked for this thread around the call, the signal stays pending and is taken back; one that was
 * pending before, or that the program blocks itself, is left alone.
 */
ssize_t hcs_write_quietly(int fd, const void *data, size_t size) {
  sigset_t ours, before, pending;
  ssize_t n;
  int saved, raised;
  sigemptyset(&ours);
  sigaddset(&ours, SIGPIPE);
  sigaddset(&ours, SIGXFSZ);
  sigpending(&pending);
  pthread_sigmask(SIG_BLOCK, &ours, &before);
  n = write(fd, data, size);
  saved = errno;
  raised = n < 0 ? signal_of(saved) : 0;
  if (raised != 0 && !sigismember(&pending, raised)) take_back(raised);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  errno = saved;
  return n;
}

/* A short write does not say why: the next one does. */
int hcs_write_whole(int fd, const void *data, size_t size) {
  const char *next = data;
  while (size > 0) {
    ssize_t n = hcs_write_quietly(fd, next, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -1;
    next += n;
    size -= (size_t)n;
  }
  return 0;
}
