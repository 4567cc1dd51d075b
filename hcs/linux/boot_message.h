/*
 * boot_message.h - what setup, a new guest and helpers report on their boot sockets.
 */
#ifndef HCS_LINUX_BOOT_MESSAGE_H
#define HCS_LINUX_BOOT_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "../error.h"
#include "../guest/protocol.h"

typedef struct hcs_boot_message {
  hcs_frame frame;
  union {
    hcs_boot report;
    hcs_boot_mount mounts[HCS_PLAN_MOUNTS_MAX]; /* BOOT_MAPPED */
  };
} hcs_boot_message;

/* The next one. `mounts`: how many the plan has; `who` is the one that reports, for errors. */
int hcs_boot_receive(int fd, const char *who, size_t mounts, int64_t deadline_ns,
                     hcs_boot_message *message, hcs_error *err);

#endif
