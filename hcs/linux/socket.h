/*
 * socket.h - the sockets between clients and guests.
 */
#ifndef HCS_LINUX_SOCKET_H
#define HCS_LINUX_SOCKET_H

#include <stddef.h>
#include <stdint.h>

#include "../error.h"

/* A pair for a connection or an exit socket: SEQPACKET, non-blocking, close-on-exec. */
int hcs_socket_pair(int pair[2], hcs_error *err);
/* The control socket in a container's state directory, bound, not yet listening. A descriptor. */
int hcs_socket_bind(int dir, hcs_error *err);
/*
 * A connection to it: a descriptor; HCS_SOCKET_REFUSED when nobody listens there any more;
 * HCS_SOCKET_BUSY when somebody does, but too many wait already; -1.
 */
#define HCS_SOCKET_REFUSED (-2)
#define HCS_SOCKET_BUSY (-3)
int hcs_socket_connect(int dir, hcs_error *err);

/* One message with descriptors. 0, or -1 with errno (EAGAIN: full). */
int hcs_socket_send(int fd, const void *data, size_t size, const int *fds, size_t fd_count);
/* One message of two parts. */
typedef struct hcs_message_part {
  const void *data;
  size_t size;
} hcs_message_part;
int hcs_socket_send_parts(int fd, const hcs_message_part parts[2], const int *fds, size_t fd_count);
/*
 * One message, at most `size` bytes; descriptors that come along are closed: a guest has none to
 * give. The number of bytes; 0 at the end; -1 with errno (EMSGSIZE: longer than `size`).
 */
long hcs_socket_receive(int fd, void *data, size_t size);

#endif
