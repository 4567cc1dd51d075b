/* environment.h - the variables of a process in a container. */
#ifndef STANDIN_ENVIRONMENT_H
#define STANDIN_ENVIRONMENT_H

#include "model.h"

/* A block for CreateProcessW, owned. `added` is the configuration's Environment or NULL. */
WCHAR *environment_new(const svc_container *container, const json_t *added);

#endif
