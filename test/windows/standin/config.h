/* config.h - what the service refuses in a well-formed configuration. */
#ifndef STANDIN_CONFIG_H
#define STANDIN_CONFIG_H

#include "calls.h"

/* S_OK, or why it is refused. With the model's lock. */
HRESULT config_check(svc_call *call, const json_t *config);
/* The same for the parameters of a process in `call`'s container. */
HRESULT config_check_process(svc_call *call, const json_t *parameters);

#endif
