/*
 * console.c - the two streams of a console, and its end-of-file.
 *
 * A terminal's end-of-file is a character, and it may have no room for one more. Giving stdin up must
 * not wait: what could not be sent then is sent by whoever reads stdout or waits for it.
 */
#include "console.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "fd.h"
#include "stream.h"

/* No lock: a child that some thread of the host program forks must be able to free it. */
struct hcs_console {
  atomic_uint streams;
  atomic_int is_read; /* stdout is still there */
  atomic_int last;    /* the byte written last, -1: none */
  atomic_uint owed;   /* end-of-file characters */
};

/* ---- end-of-file --------------------------------------------------------------------------------- */

void hcs_console_note_input(hcs_console *console, const void *data, size_t size) {
  if (size > 0) atomic_store(&console->last, ((const unsigned char *)data)[size - 1]);
}

static int ends_line(int byte, const struct termios *modes) {
  return byte == -1 || byte == '\n' || (byte == '\r' && (modes->c_iflag & ICRNL) != 0) ||
         byte == modes->c_cc[VEOF] || byte == modes->c_cc[VEOL] || byte == modes->c_cc[VEOL2];
}

/* Behind an unfinished line the first one only hands that line over (termios(3), VEOF). */
static unsigned characters_needed(int last, const struct termios *modes) {
  if (modes->c_cc[VEOF] == _POSIX_VDISABLE) return 0;
  return (modes->c_lflag & ICANON) == 0 || ends_line(last, modes) ? 1 : 2;
}

/* Whoever takes one off sends it; with no room for it, it is put back. */
static void pay(hcs_console *console, int master, const struct termios *modes) {
  unsigned owed = atomic_load(&console->owed);
  while (owed > 0) {
    if (!atomic_compare_exchange_weak(&console->owed, &owed, owed - 1)) continue;
    if (write(master, &modes->c_cc[VEOF], 1) < 0) {
      if (errno == EAGAIN || errno == EINTR) atomic_fetch_add(&console->owed, 1);
      return;
    }
    owed--;
  }
}

void hcs_console_end_input(hcs_platform_stream *stream) {
  hcs_console *console = stream->console;
  struct termios modes; /* of the process' side: that is what a master is asked for */
  /* when nobody reads any more, this is the hangup, which says it all */
  if (!atomic_load(&console->is_read) || tcgetattr(stream->fd, &modes) != 0) return;
  atomic_store(&console->owed, characters_needed(atomic_load(&console->last), &modes));
  pay(console, stream->fd, &modes);
}

int hcs_console_settle(hcs_platform_stream *stream) {
  hcs_console *console = stream->console;
  struct termios modes;
  if (atomic_load(&console->owed) > 0 && tcgetattr(stream->fd, &modes) == 0)
    pay(console, stream->fd, &modes);
  return atomic_load(&console->owed) > 0;
}

/* ---- making and freeing -------------------------------------------------------------------------- */

void hcs_console_drop(hcs_platform_stream *stream) {
  hcs_console *console = stream->console;
  if (stream->which == HCS_STDOUT) atomic_store(&console->is_read, 0);
  if (atomic_fetch_sub(&console->streams, 1) == 1) free(console);
}

/* Takes the descriptor. */
static hcs_platform_stream *stream_new(hcs_console *console, hcs_stdio which, int fd) {
  hcs_platform_stream *stream = calloc(1, sizeof *stream);
  if (stream == NULL) {
    hcs_fd_close(&fd);
    return NULL;
  }
  stream->fd = fd;
  stream->which = which;
  stream->console = console;
  atomic_fetch_add(&console->streams, 1);
  return stream;
}

/* Takes the master. Both streams or none. */
static int streams_make(int master, hcs_platform_stream *streams[3], hcs_error *err) {
  hcs_console *console = calloc(1, sizeof *console);
  int second = fcntl(master, F_DUPFD_CLOEXEC, 3), error = errno;
  if (console == NULL || second < 0) {
    hcs_fd_close(&master);
    hcs_fd_close(&second);
    free(console);
    return second < 0 ? hcs_fail_errno(err, error, "cannot make a console") : hcs_fail_memory(err);
  }
  atomic_init(&console->streams, 1); /* us */
  atomic_init(&console->is_read, 1);
  atomic_init(&console->last, -1);
  streams[HCS_STDIN] = stream_new(console, HCS_STDIN, master);
  streams[HCS_STDOUT] = stream_new(console, HCS_STDOUT, second);
  if (atomic_fetch_sub(&console->streams, 1) == 1) free(console);
  if (streams[HCS_STDIN] != NULL && streams[HCS_STDOUT] != NULL) return 0;
  return hcs_fail_memory(err); /* the caller frees what there is */
}

int hcs_console_make(const hcs_status_page *status, hcs_console_size size,
                     hcs_platform_stream *streams[3], int *container_end, hcs_error *err) {
  int master, slave;
  if (hcs_devpts_pair(status, size, &master, &slave, err) != 0) return -1;
  if (streams_make(master, streams, err) == 0) {
    *container_end = slave;
    return 0;
  }
  hcs_fd_close(&slave);
  return -1;
}
