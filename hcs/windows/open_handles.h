/*
 * open_handles.h - which handles on containers this program has open.
 *
 * The service does not tell a client whether its handle is the last one, nor what the config said
 * about that. Of the handles of this program, at least, both are known.
 */
#ifndef HCS_WINDOWS_OPEN_HANDLES_H
#define HCS_WINDOWS_OPEN_HANDLES_H

#include "system.h"

/* From now on it counts; it learns from the others what became of TerminateOnLastHandleClosed. */
void hcs_open_handles_add(hcs_platform_system *system);
/* It does not any more. 1 if there is no other one on the same container. */
int hcs_open_handles_remove(hcs_platform_system *system);

#endif
