/*
 * channel.h - requests to a guest, one at a time on one connection.
 */
#ifndef HCS_LINUX_CHANNEL_H
#define HCS_LINUX_CHANNEL_H

#include <pthread.h>
#include <stdint.h>

#include "../error.h"
#include "../guest/protocol.h"

typedef struct hcs_channel {
  pthread_mutex_t mutex;
  int fd;
  uint32_t last_request;
} hcs_channel;

/* Takes the descriptor. */
void hcs_channel_init(hcs_channel *channel, int fd);
void hcs_channel_clear(hcs_channel *channel);

/*
 * Sends a request with up to HCS_FRAME_FDS_MAX-1 descriptors and waits for its reply. 0 with any
 * status in `reply`; -1: no answer before the deadline (Timeout), or the guest is gone
 * (UnexpectedProcessAbort).
 */
int hcs_channel_call(hcs_channel *channel, hcs_frame_type type, const void *payload, size_t size,
                     const int *fds, size_t fd_count, int64_t deadline_ns, hcs_reply *reply,
                     hcs_error *err);
/*
 * Sends a request and waits for nothing: not for the reply, nor for another request that is under way
 * (then it is not sent: the end of the connection will say the same).
 */
void hcs_channel_post(hcs_channel *channel, hcs_frame_type type);

#endif
