/*
 * config.h - a ContainerConfig as a plain struct, with what only the host's files can tell checked.
 */
#ifndef HCS_LINUX_CONFIG_H
#define HCS_LINUX_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#include "../document.h"
#include "limits.h"
#include "mapped.h"
#include "storage_device.h"

typedef struct hcs_config {
  const char *name; /* the texts belong to the document */
  const char *owner;
  const char *host_name;
  const char *scratch; /* LayerFolderPath, NULL: a tmpfs */
  const char *volume;  /* VolumePath, NULL: layers */
  const char **layers; /* topmost first */
  size_t layer_count;
  hcs_mappings mappings;
  const char *network;    /* NetworkSharedContainerName, NULL: its own */
  uint64_t scratch_bytes; /* of the tmpfs */
  hcs_limits limits;
  char device[HCS_DEVICE_SIZE]; /* hcs_storage_device() */
  uint64_t sandbox_bytes;       /* StorageSandboxSize, 0: not said */
  int is_volatile;
  int end_with_last_handle;
} hcs_config;

/* The paths named in the document must exist now; the rest is the kernel's to judge. */
int hcs_config_read(hcs_config *config, const char *id, const hcs_document *document,
                    hcs_error *err);
void hcs_config_clear(hcs_config *config);

#endif
