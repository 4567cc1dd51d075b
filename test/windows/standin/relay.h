/*
 * relay.h - standard input on its way from the client to the process.
 *
 * The service can close a process' standard input while the client holds its end of the pipe, so
 * there are two pipes and a thread between them.
 */
#ifndef STANDIN_RELAY_H
#define STANDIN_RELAY_H

#include <jansson.h>
#include <windows.h>

typedef struct svc_relay svc_relay;

/* Takes `from` and `to`, both overlapped; `ended` (a duplicate is kept) is set when the process ends. */
svc_relay *relay_new(HANDLE from, HANDLE to, HANDLE ended, const json_t *fault);
/* What was written until now still comes through, then the process sees the end. */
void relay_close_input(svc_relay *relay);
/* Its thread ends by itself when the process has ended. */
void relay_free(svc_relay *relay);

#endif
