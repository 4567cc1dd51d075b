/* containers.h - compute systems: being known, their states and their end. With the model's lock. */
#ifndef STANDIN_CONTAINERS_H
#define STANDIN_CONTAINERS_H

#include "model.h"

/* Takes over `config`. One reference, the list's. */
svc_container *container_new(const char *id, json_t *config);
/* NULL: no such system, or it has stopped. */
svc_container *container_find(const char *id);
svc_container *containers_first(void);
void container_ref(svc_container *container);
void container_unref(svc_container *container);

/* The service forgets it: the id is free. */
void container_forget(svc_container *container);

/*
 * All processes are killed with the code of such an end; when the last is gone the container has stopped
 * and says so.
 */
void container_end(svc_container *container, HRESULT status, const char *exit_type);
/* Another reason for the end of one that is ending: a crash on its way down. */
void container_try_stopped(svc_container *container);
/* SystemExited, to one handle that came late or (NULL) to all. */
void container_notify_exit(svc_container *container, svc_handle *only);
/* One of its handles is closed. */
void container_handle_closed(svc_container *container);

/* Its processes stand still, or go on. */
void container_freeze(svc_container *container, int freeze);

/* 0, or what the service answers to whom wants one that runs. */
HRESULT container_check_running(const svc_container *container);

#endif
