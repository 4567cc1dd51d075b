/*
 * statistics.c - the document Statistics of a running container.
 */
#include "statistics.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "fd.h"
#include "group_counters.h"
#include "kernel_text.h"
#include "network_counters.h"
#include "process_stat.h"
#include "result.h"
#include "wall_clock.h"

#define NS_PER_TICK 100
#define INTERFACES_MAX 1024 /* nobody has so many; a document does not grow for ever */

static json_t *memory_make(const hcs_group_counters *counters) {
  hcs_result memory;
  hcs_result_open(&memory);
  hcs_result_number(&memory, "MemoryUsageCommitBytes", counters->memory_bytes);
  hcs_result_number(&memory, "MemoryUsageCommitPeakBytes", counters->memory_peak_bytes);
  hcs_result_number(&memory, "MemoryUsagePrivateWorkingSetBytes", counters->anonymous_bytes);
  return hcs_result_take(&memory);
}

static json_t *processor_make(const hcs_group_counters *counters) {
  hcs_result processor;
  hcs_result_open(&processor);
  hcs_result_number(&processor, "TotalRuntime100ns", counters->runtime_100ns);
  hcs_result_number(&processor, "RuntimeUser100ns", counters->user_100ns);
  hcs_result_number(&processor, "RuntimeKernel100ns", counters->kernel_100ns);
  return hcs_result_take(&processor);
}

static json_t *storage_make(const hcs_group_counters *counters) {
  hcs_result storage;
  hcs_result_open(&storage);
  hcs_result_number(&storage, "ReadCountNormalized", counters->reads);
  hcs_result_number(&storage, "ReadSizeBytes", counters->read_bytes);
  hcs_result_number(&storage, "WriteCountNormalized", counters->writes);
  hcs_result_number(&storage, "WriteSizeBytes", counters->written_bytes);
  return hcs_result_take(&storage);
}

/* ---- network --------------------------------------------------------------------------------------- */

static json_t *interface_make(const hcs_interface_counters *counters) {
  hcs_result interface;
  hcs_result_open(&interface);
  hcs_result_number(&interface, "BytesReceived", counters->received_bytes);
  hcs_result_number(&interface, "BytesSent", counters->sent_bytes);
  hcs_result_number(&interface, "PacketsReceived", counters->received_packets);
  hcs_result_number(&interface, "PacketsSent", counters->sent_packets);
  hcs_result_number(&interface, "DroppedPacketsIncoming", counters->received_dropped);
  hcs_result_number(&interface, "DroppedPacketsOutgoing", counters->sent_dropped);
  hcs_result_string(&interface, "EndpointId", counters->name);
  return hcs_result_take(&interface);
}

/* Loopback is no endpoint: nothing comes or goes by it, and what is sent is received there again. */
static json_t *network_make(int fd, hcs_error *err) {
  json_t *network = json_array();
  hcs_interface_counters counters;
  hcs_lines lines;
  const char *line;
  int failed = network == NULL;
  hcs_lines_init(&lines, fd);
  while (!failed && json_array_size(network) < INTERFACES_MAX &&
         (line = hcs_lines_next(&lines)) != NULL)
    if (hcs_interface_parse(line, &counters) && strcmp(counters.name, "lo") != 0)
      failed = json_array_append_new(network, interface_make(&counters)) != 0;
  if (failed) hcs_fail_memory(err);
  if (!failed && lines.error == 0) return network;
  if (!failed) hcs_fail_errno(err, lines.error, "cannot read the container's network counters");
  json_decref(network);
  return NULL;
}

/* The guest is in the container's network namespace from its beginning to its end. */
static int network_open(const hcs_status_page *status, hcs_error *err) {
  HCS_AUTO_FD guest = hcs_process_directory_open(status->guest, status->guest_start);
  int fd = guest < 0 ? -1 : openat(guest, "net/dev", O_RDONLY | O_CLOEXEC);
  if (fd < 0) hcs_fail_errno(err, errno, "cannot open the container's network counters");
  return fd;
}

/* ---- the whole ------------------------------------------------------------------------------------- */

static json_t *statistics_make(const hcs_group_counters *counters, int64_t started_ns,
                               json_t *network) {
  int64_t now_ns = hcs_boot_clock_ns();
  hcs_result statistics;
  hcs_result_open(&statistics);
  hcs_result_time(&statistics, "Timestamp", hcs_wall_clock_ns());
  hcs_result_time(&statistics, "ContainerStartTime", started_ns + hcs_wall_offset_ns());
  hcs_result_number(&statistics, "Uptime100ns", (uint64_t)(now_ns - started_ns) / NS_PER_TICK);
  hcs_result_put(&statistics, "Memory", memory_make(counters));
  hcs_result_put(&statistics, "Processor", processor_make(counters));
  hcs_result_put(&statistics, "Storage", storage_make(counters));
  hcs_result_put(&statistics, "Network", network);
  return hcs_result_take(&statistics);
}

json_t *hcs_statistics_make(const hcs_group_paths *groups, const hcs_status_page *status,
                            hcs_error *err) {
  hcs_group_counters counters;
  json_t *network, *statistics;
  HCS_AUTO_FD fd = -1;
  if (hcs_group_counters_read(groups, &counters, err) != 0) return NULL;
  fd = network_open(status, err);
  network = fd < 0 ? NULL : network_make(fd, err);
  if (network == NULL) return NULL;
  statistics = statistics_make(&counters, atomic_load(&status->started_ns), network);
  if (statistics == NULL) hcs_fail_memory(err);
  return statistics;
}
