/*
 * config.c - a ContainerConfig as a plain struct, with what only the host's files can tell checked.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>

#include "host_path.h"
#include "resolv.h"

#define HOST_NAME_MAX_BYTES 64 /* sethostname(2) */
#define LAYERS_MAX 500         /* overlayfs, OVL_MAX_STACK */

static const char *text_or(const json_t *object, const char *field, const char *otherwise) {
  const char *text = hcs_document_string(object, field);
  return text[0] != '\0' ? text : otherwise;
}

static int read_layers(hcs_config *config, const json_t *root, hcs_error *err) {
  const json_t *layers = json_object_get(root, "Layers");
  size_t count = json_array_size(layers), i;
  if (count > LAYERS_MAX)
    return hcs_fail(err, HCS_E_INVALID_PARAMETER, "config.Layers: %zu layers, at most %d fit",
                    count, LAYERS_MAX);
  if (count == 0 && config->volume == NULL)
    return hcs_fail(err, HCS_E_INVALID_PARAMETER,
                    "config.Layers: at least one layer is needed (or a VolumePath)");
  config->layers = calloc(count + 1, sizeof *config->layers);
  if (config->layers == NULL) return hcs_fail_memory(err);
  for (i = 0; i < count; i++) {
    char field[48];
    snprintf(field, sizeof field, "config.Layers[%zu].Path", i + 1);
    config->layers[i] = hcs_document_string(json_array_get(layers, i), "Path");
    if (hcs_host_path_check_directory(config->layers[i], field, err) != 0) return -1;
  }
  config->layer_count = count;
  return 0;
}

static int check_volume(const hcs_config *config, hcs_error *err) {
  char resolved_is_root = 0;
  struct stat volume, root;
  if (config->volume == NULL) return 0;
  if (hcs_host_path_check_directory(config->volume, "config.VolumePath", err) != 0) return -1;
  if (config->scratch != NULL)
    return hcs_fail(err, HCS_E_INVALID_PARAMETER,
                    "config.LayerFolderPath: a VolumePath is used as it is and takes no scratch "
                    "folder; leave one of them out");
  if (config->sandbox_bytes > 0)
    return hcs_fail(err, HCS_E_INVALID_PARAMETER,
                    "config.StorageSandboxSize: a VolumePath is used as it is and has no scratch; "
                    "leave one of them out");
  if (stat(config->volume, &volume) == 0 && stat("/", &root) == 0)
    resolved_is_root = volume.st_dev == root.st_dev && volume.st_ino == root.st_ino;
  if (resolved_is_root)
    return hcs_fail(err, HCS_E_INVALID_PARAMETER,
                    "config.VolumePath: '%s' is the host's own root; use it as a layer: Layers = "
                    "{{Path = \"/\"}}",
                    config->volume);
  return 0;
}

/*
 * What fills a tmpfs fills the container's memory. A quarter of the machine's, when nothing is said: a full
 * scratch must not take the host with it.
 */
static uint64_t tmpfs_bytes(uint64_t sandbox_bytes, const hcs_limits *limits) {
  struct sysinfo info;
  if (sandbox_bytes != 0) return sandbox_bytes;
  if (limits->memory_bytes != 0) return limits->memory_bytes;
  if (sysinfo(&info) != 0) return 1ull << 30;
  return (uint64_t)info.totalram * info.mem_unit / 4;
}

/* A volume is the scratch and the layers in one. */
static int read_limits(hcs_config *config, const json_t *root, hcs_error *err) {
  const char *written = config->scratch != NULL ? config->scratch : config->volume;
  const hcs_limits *limits = &config->limits;
  hcs_limits_read(&config->limits, root);
  hcs_storage_device(written, config->is_volatile, config->device);
  if (limits->iops == 0 && limits->bandwidth_bytes_per_s == 0) return 0;
  /* an image has a device of its own, once it is there */
  if (config->sandbox_bytes != 0 && config->scratch != NULL && !config->is_volatile) return 0;
  return hcs_storage_device_check(
      config->device, "config",
      limits->iops != 0 ? "StorageIOPSMaximum" : "StorageBandwidthMaximum", err);
}

/* It goes into /etc/hosts, too. An id is always one: both allow the same characters. */
static int check_host_name(const char *name, hcs_error *err) {
  static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
  if (strlen(name) > HOST_NAME_MAX_BYTES)
    return hcs_fail(err, HCS_E_INVALID_PARAMETER, "config.HostName: longer than %d bytes",
                    HOST_NAME_MAX_BYTES);
  if (name[strspn(name, allowed)] != '\0')
    return hcs_fail(err, HCS_E_INVALID_PARAMETER,
                    "config.HostName: '%s' is not made of A-Z a-z 0-9 . _ - alone", name);
  return 0;
}

int hcs_config_read(hcs_config *config, const char *id, const hcs_document *document,
                    hcs_error *err) {
  const json_t *root = document->root;
  memset(config, 0, sizeof *config);
  config->name = text_or(root, "Name", id);
  config->owner = hcs_document_string(root, "Owner");
  config->host_name = text_or(root, "HostName", id);
  config->scratch = text_or(root, "LayerFolderPath", NULL);
  config->volume = text_or(root, "VolumePath", NULL);
  config->network = text_or(root, "NetworkSharedContainerName", NULL);
  config->sandbox_bytes = (uint64_t)hcs_document_integer(root, "StorageSandboxSize");
  config->is_volatile =
      hcs_document_bool(root, "IgnoreFlushesDuringBoot") && config->scratch != NULL;
  config->end_with_last_handle = hcs_document_bool(root, "TerminateOnLastHandleClosed");
  if (check_host_name(config->host_name, err) != 0) return -1;
  if (hcs_resolv_check(root, err) != 0) return -1;
  if (config->scratch != NULL && config->scratch[0] != '/')
    return hcs_fail(err, HCS_E_INVALID_PARAMETER,
                    "config.LayerFolderPath: '%s' is not an absolute path", config->scratch);
  if (check_volume(config, err) != 0 || read_limits(config, root, err) != 0) return -1;
  config->scratch_bytes = tmpfs_bytes(config->sandbox_bytes, &config->limits);
  if (read_layers(config, root, err) != 0) return -1;
  return hcs_mappings_read(&config->mappings, root, err);
}

void hcs_config_clear(hcs_config *config) {
  free(config->layers);
  config->layers = NULL;
  hcs_mappings_clear(&config->mappings);
}
