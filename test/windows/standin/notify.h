/* notify.h - callbacks: registered, called from other threads, unregistered. With the model's lock. */
#ifndef STANDIN_NOTIFY_H
#define STANDIN_NOTIFY_H

#include "model.h"

/* Owned by the handle `owner`; the callback's own handle is made with it. */
svc_handle *notify_register(svc_handle *owner, HCS_NOTIFICATION_CALLBACK callback, void *context,
                            const char *from);
/* Waits for running callbacks, the lock given back meanwhile. Frees the callback's handle. */
void notify_unregister(svc_handle *callback);
/* Those of a handle that is closed, with a complaint for each. */
void notify_abandon(svc_handle *owner, const char *user);

/* One of them, without a word: StandinReset(). */
void notify_discard(svc_handle *owner);

typedef struct svc_notification {
  DWORD type;
  HRESULT status;
  const char *data; /* UTF-8 or NULL; copied */
  int64_t after_us; /* not before; 0: now. A delay comes on top */
  const json_t *fault;
} svc_notification;

/* When the last of them is delivered. */
int64_t notify_handle(svc_handle *owner, const svc_notification *notification);
/* Every handle of the system, or with `only` that one; of the process; of everybody. */
int64_t notify_system(svc_container *container, const svc_handle *only,
                      const svc_notification *notification);
int64_t notify_process(svc_process *process, const svc_notification *notification);
/* ServiceDisconnect to everybody, and until notify_reconnect() to whom registers. */
void notify_disconnect(void);
void notify_reconnect(void);
/* For a handle that has just registered. */
void notify_catch_up(svc_handle *owner);

/* Is this thread in a callback? Without the lock. */
int notify_is_inside(void);
/* {type: number} of calls so far, owned. */
json_t *notify_counts(void);
void notify_clear(void);

#endif
