/* modify.h - changes of what runs. With the model's lock. */
#ifndef STANDIN_MODIFY_H
#define STANDIN_MODIFY_H

#include "calls.h"

/* A ResourceModificationRequestResponse. */
HRESULT modify_system(svc_call *call, const json_t *request);
/* A ProcessModifyRequest. */
HRESULT modify_process(svc_call *call, const json_t *request);

#endif
