/* properties.h - the documents that the service answers with (hcs-contract §2.3). */
#ifndef STANDIN_PROPERTIES_H
#define STANDIN_PROPERTIES_H

#include "model.h"

/* ContainerProperties, owned; `query` is a PropertyQuery or NULL. With the model's lock. */
json_t *properties_of(svc_container *container, const json_t *query, const json_t *fault);
/* Does the container match a ComputeSystemQuery? */
int properties_match(const svc_container *container, const json_t *query);

#endif
