/*
 * network_counters.h - what the interfaces of a container have received and sent.
 */
#ifndef HCS_LINUX_NETWORK_COUNTERS_H
#define HCS_LINUX_NETWORK_COUNTERS_H

#include <stdint.h>

#define HCS_INTERFACE_NAME_SIZE 16 /* IFNAMSIZ */

typedef struct hcs_interface_counters {
  char name[HCS_INTERFACE_NAME_SIZE];
  uint64_t received_bytes, received_packets, received_dropped;
  uint64_t sent_bytes, sent_packets, sent_dropped;
} hcs_interface_counters;

/* One line of a /proc/<pid>/net/dev: 1, or 0 for a heading and for what is no such line. */
int hcs_interface_parse(const char *line, hcs_interface_counters *counters);

#endif
