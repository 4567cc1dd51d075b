/*
 * process_list.h - the document ProcessList of a running container.
 */
#ifndef HCS_LINUX_PROCESS_LIST_H
#define HCS_LINUX_PROCESS_LIST_H

#include <jansson.h>

#include "cgroup_paths.h"

/* An owned array; NULL with the error filled, also when the container has ended meanwhile. */
json_t *hcs_process_list_make(const hcs_group_paths *groups, const hcs_status_page *status,
                              hcs_error *err);

#endif
