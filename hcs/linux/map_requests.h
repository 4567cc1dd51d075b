/*
 * map_requests.h - what modify requests about mapped things do (modify.c has the table of them).
 */
#ifndef HCS_LINUX_MAP_REQUESTS_H
#define HCS_LINUX_MAP_REQUESTS_H

#include "change.h"

int hcs_directory_add(hcs_change *change, const json_t *settings, hcs_error *err);
int hcs_directory_remove(hcs_change *change, const json_t *settings, hcs_error *err);
int hcs_pipe_add(hcs_change *change, const json_t *settings, hcs_error *err);
int hcs_pipe_remove(hcs_change *change, const json_t *settings, hcs_error *err);
int hcs_disk_add(hcs_change *change, const json_t *settings, hcs_error *err);
int hcs_disk_remove(hcs_change *change, const json_t *settings, hcs_error *err);

#endif
