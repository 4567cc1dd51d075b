/* operations.h - what takes its time: answered with "pending", its end told by a notification. */
#ifndef STANDIN_OPERATIONS_H
#define STANDIN_OPERATIONS_H

#include "calls.h"

typedef enum operation_name {
  OPERATION_CREATE,
  OPERATION_START,
  OPERATION_PAUSE,
  OPERATION_RESUME,
  OPERATION_SAVE,
  OPERATION_SHUTDOWN,
  OPERATION_TERMINATE
} operation_name;

/* What the call answers. With the model's lock. */
HRESULT operation_begin(svc_call *call, operation_name name);

#endif
