/*
 * message.h - one frame in or out, with its descriptors.
 */
#ifndef HCS_GUEST_MESSAGE_H
#define HCS_GUEST_MESSAGE_H

#include <stddef.h>

#include "protocol.h"

/* The frame that was received last. There is one, for all connections. */
typedef struct message {
  hcs_frame frame;
  const void *payload; /* frame.length bytes, aligned for every struct of the protocol */
  size_t mapped;       /* bytes to unmap, 0: the payload came inline */
  uint32_t fd_count;
  int fds[HCS_FRAME_FDS_MAX]; /* the payload's memfd is no longer among them; -1: taken */
} message;

typedef enum message_result {
  MESSAGE_FRAME,     /* a frame of the right size and magic; version, type and payload are open */
  MESSAGE_NOTHING,   /* none is there */
  MESSAGE_END,       /* the other end is gone */
  MESSAGE_GARBAGE,   /* no frame at all */
  MESSAGE_MALFORMED, /* a frame that is not right in itself; frame.request is known */
} message_result;

/* Receives without waiting. Clear the message afterwards, whatever the result. */
message_result message_receive(int fd, message *m);
/* Gives the descriptor to the caller. */
int message_take(message *m, uint32_t index);
/* Closes the descriptors that nobody took and unmaps the payload. May be repeated. */
void message_clear(message *m);

/* Sends the frame and its frame->length bytes without waiting; 0 or -errno. */
long message_send(int fd, const hcs_frame *frame, const void *payload);

/* Is it a connected AF_UNIX SOCK_SEQPACKET socket? */
int descriptor_is_exit_socket(int fd);
/* May a process have it as a stream? Not directories and O_PATH: they lead out of the container. */
int descriptor_is_stream(int fd);
/* Is it a terminal, open for both ways? */
int descriptor_is_terminal(int fd);

#endif
