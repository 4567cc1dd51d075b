/*
 * spawn_request.h - a ProcessConfig as the request that a guest understands.
 */
#ifndef HCS_LINUX_SPAWN_REQUEST_H
#define HCS_LINUX_SPAWN_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include "../document.h"
#include "devpts.h"

typedef struct hcs_spawn_request {
  uint32_t flags; /* HCS_SPAWN_STD…, or HCS_SPAWN_CONSOLE */
  hcs_console_size console_size;
  void *payload; /* hcs_spawn and its strings; owned */
  size_t size;
  char *command;                /* for messages: the file that is executed; owned */
  const char *user, *directory; /* for messages; the document's */
} hcs_spawn_request;

/* On failure, too, it is cleared with hcs_spawn_request_clear(). */
int hcs_spawn_request_make(hcs_spawn_request *request, const hcs_document *config, hcs_error *err);
void hcs_spawn_request_clear(hcs_spawn_request *request);

#endif
