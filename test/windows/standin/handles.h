/* handles.h - the values that the client holds. All with the model's lock. */
#ifndef STANDIN_HANDLES_H
#define STANDIN_HANDLES_H

#include "model.h"

/* `from` lives as long as the program. */
svc_handle *handle_new(svc_kind kind, const char *from);
/* NULL, with a complaint that names the `user`, for a value that is closed, of another kind or no handle. */
svc_handle *handle_find(svc_kind kind, const void *value, const char *user);
/*
 * 0, and no call finds it any more; waits, with a complaint, for other calls inside. -1, with a complaint,
 * when another thread is closing it.
 */
int handle_close(svc_handle *handle, const char *user);
void handle_free(svc_handle *handle);
/* Those that are open, for a loop over ->next. */
svc_handle *handles_first(void);
/* What it is of, for messages. */
const char *handle_id(const svc_handle *handle);
const char *kind_name(svc_kind kind);
/* Later complaints about today's handles say that a reset closed them. */
void handles_reset(void);

#endif
