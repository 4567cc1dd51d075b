/*
 * plan.h - reading the plan that the host wrote.
 */
#ifndef HCS_GUEST_PLAN_H
#define HCS_GUEST_PLAN_H

#include "protocol.h"

/* Maps the plan of the descriptor; NULL if it is not a plan of our version. */
const hcs_plan *plan_map(int fd);
/* The string at an offset of the plan, NULL for offset 0. */
const char *plan_string(const hcs_plan *plan, uint32_t offset);
/* The path of layer `index`, topmost first. */
const char *plan_layer(const hcs_plan *plan, uint32_t index);
const hcs_plan_mount *plan_mount(const hcs_plan *plan, uint32_t index);

#endif
