/*
 * stage.h - what setup, guest and a starting process were doing when they failed, in words.
 */
#ifndef HCS_LINUX_STAGE_H
#define HCS_LINUX_STAGE_H

#include <stdint.h>

#include "../error.h"

/*
 * Fills the error for a failed stage; `subject` is the path, user or command it was about (NULL:
 * none). Returns -1.
 */
int hcs_stage_fail(uint32_t stage, int32_t error, const char *subject, hcs_error *err);

#endif
