/*
 * events.h - what happened to a container that its user should hear of, as ErrorEvent documents.
 */
#ifndef HCS_LINUX_EVENTS_H
#define HCS_LINUX_EVENTS_H

#include <jansson.h>

#include "cgroup_paths.h"

/* ErrorEvent.EventId, in the order in which they are listed */
typedef enum hcs_event {
  HCS_EVENT_OUT_OF_MEMORY = 1, /* processes were killed; the message begins with their number */
  HCS_EVENT_DIRECT_ONLY = 2    /* limits of storage hold for direct and synchronous I/O only */
} hcs_event;

/*
 * Asks the kernel how many processes it has killed for want of memory, and keeps that in the status
 * page: it outlives the groups there, as long as somebody has it mapped.
 */
void hcs_events_note(const hcs_group_paths *groups, hcs_status_page *status);
/* The list, owned, after looking once more; NULL: out of memory. */
json_t *hcs_events_make(const hcs_group_paths *groups, hcs_status_page *status);

#endif
