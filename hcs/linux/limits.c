/*
 * limits.c - a container's limits as the documents say them.
 */
#include "limits.h"

#include <string.h>

#define BYTES_PER_MB (1ull << 20)
#define MEMORY_MB_MAX ((int64_t)(INT64_MAX / BYTES_PER_MB)) /* more than any machine has */

typedef struct processor_field {
  const char *name;
  hcs_processor_limit kind;
} processor_field;

/* At most one of them is set: the schema's rule. */
static const processor_field processor_fields[] = {
    {"ProcessorCount", HCS_PROCESSOR_COUNT},
    {"ProcessorMaximum", HCS_PROCESSOR_MAXIMUM},
    {"ProcessorWeight", HCS_PROCESSOR_WEIGHT},
};
#define PROCESSOR_FIELD_COUNT (sizeof processor_fields / sizeof *processor_fields)

void hcs_limits_read(hcs_limits *limits, const json_t *object) {
  int64_t memory_mb = hcs_document_integer(object, "MemoryMaximumInMB");
  size_t i;
  memset(limits, 0, sizeof *limits);
  if (memory_mb > MEMORY_MB_MAX) memory_mb = MEMORY_MB_MAX;
  limits->memory_bytes = (uint64_t)memory_mb * BYTES_PER_MB;
  limits->iops = (uint64_t)hcs_document_integer(object, "StorageIOPSMaximum");
  limits->bandwidth_bytes_per_s = (uint64_t)hcs_document_integer(object, "StorageBandwidthMaximum");
  for (i = 0; i < PROCESSOR_FIELD_COUNT; i++) {
    int64_t value = hcs_document_integer(object, processor_fields[i].name);
    if (value == 0) continue;
    limits->processor = processor_fields[i].kind;
    limits->processor_value = (uint32_t)value;
  }
}
