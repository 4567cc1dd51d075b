/* statistics.h - counters of a container and its processes. With the model's lock. */
#ifndef STANDIN_STATISTICS_H
#define STANDIN_STATISTICS_H

#include "model.h"

/* Owned documents. Counters that are zero are left out, as the service does. */
json_t *statistics_of(svc_container *container);
json_t *process_list_of(svc_container *container);

#endif
