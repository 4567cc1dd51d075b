/*
 * network_counters.c - what the interfaces of a container have received and sent.
 */
#include "network_counters.h"

#include <string.h>

#include "kernel_text.h"

/* Columns of /proc/<pid>/net/dev (proc_net(5)), behind the name. */
enum {
  RECEIVED_BYTES,
  RECEIVED_PACKETS,
  RECEIVED_DROPPED = 3,
  SENT_BYTES = 8,
  SENT_PACKETS,
  SENT_DROPPED = 11,
  COLUMNS = 16
};

int hcs_interface_parse(const char *line, hcs_interface_counters *counters) {
  const char *colon, *at;
  uint64_t columns[COLUMNS];
  size_t length;
  int i;
  while (*line == ' ') line++;
  colon = strchr(line, ':'); /* which no name contains */
  if (colon == NULL) return 0;
  length = (size_t)(colon - line);
  if (length == 0 || length >= sizeof counters->name) return 0;
  at = colon + 1;
  for (i = 0; i < COLUMNS; i++)
    if (!hcs_kernel_number(&at, &columns[i])) return 0;
  *counters = (hcs_interface_counters){
      .received_bytes = columns[RECEIVED_BYTES],
      .received_packets = columns[RECEIVED_PACKETS],
      .received_dropped = columns[RECEIVED_DROPPED],
      .sent_bytes = columns[SENT_BYTES],
      .sent_packets = columns[SENT_PACKETS],
      .sent_dropped = columns[SENT_DROPPED],
  };
  memcpy(counters->name, line, length);
  return 1;
}
