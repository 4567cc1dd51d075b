/*
 * statistics.h - the document Statistics of a running container.
 */
#ifndef HCS_LINUX_STATISTICS_H
#define HCS_LINUX_STATISTICS_H

#include <jansson.h>

#include "cgroup_paths.h"

/* An owned object; NULL with the error filled, also when the container has ended meanwhile. */
json_t *hcs_statistics_make(const hcs_group_paths *groups, const hcs_status_page *status,
                            hcs_error *err);

#endif
