/*
 * mapped.h - what a document maps into a container: directories, pipes, devices, disks, checked on the host.
 *
 * Each kind is a list of a ContainerConfig and a resource of a modify request, with the same fields.
 */
#ifndef HCS_LINUX_MAPPED_H
#define HCS_LINUX_MAPPED_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "../error.h"
#include "../guest/protocol.h"

/* What there is to know of a disk besides. */
typedef struct hcs_mapping_disk {
  uint32_t lun;            /* its number in the container, below HCS_DISKS_MAX */
  uint32_t loop;           /* one more than the number of its loop device, once it has one */
  const char *file_system; /* the kernel's name for it; static, NULL: AttachOnly */
  uint64_t size_limit;     /* bytes of the image that belong to the disk, 0: all */
  uint64_t device, inode;  /* the image's identity on the host */
} hcs_mapping_disk;

/* One of them; the texts belong to the document, but for the target. */
typedef struct hcs_mapping {
  hcs_mount_kind kind;
  uint32_t flags;         /* HCS_MOUNT_… */
  const char *list;       /* "MappedDirectories": its list in a ContainerConfig */
  const json_t *document; /* as it was given */
  char *path;             /* of the document in errors: "config.MappedDirectories[1]"; owned */
  const char *source;     /* absolute path on the host */
  char *target;           /* absolute path in the container, in its shortest form; owned */
  uint32_t mount;         /* the mount's id in the container once it is there, 0 for what is none */
  hcs_mapping_disk disk;  /* of HCS_MOUNT_DISK */
} hcs_mapping;

typedef struct hcs_mappings {
  hcs_mapping *list; /* in the order in which they are made */
  size_t count;
} hcs_mappings;

/* Everything that a ContainerConfig maps. What is read until it fails is to be cleared, too. */
int hcs_mappings_read(hcs_mappings *mappings, const json_t *config, hcs_error *err);
void hcs_mappings_clear(hcs_mappings *mappings);

/* One document, as in a modify request; `path` is what errors call it. */
int hcs_mapping_read(hcs_mapping *mapping, hcs_mount_kind kind, const json_t *document,
                     const char *path, hcs_error *err);
void hcs_mapping_clear(hcs_mapping *mapping);

/* The target that a document of that kind names, without a look at the host; owned, NULL on failure. */
char *hcs_mapping_target(hcs_mount_kind kind, const json_t *document, const char *path,
                         hcs_error *err);
/* The field of such a document that names the target: "ContainerPath". */
const char *hcs_mapping_target_field(hcs_mount_kind kind);
/* Where documents of that kind stand in a ContainerConfig: "MappedDirectories". And the kind of such a list. */
const char *hcs_mapping_list(hcs_mount_kind kind);
hcs_mount_kind hcs_mapping_kind_of(const char *list);

/* Fills the error of a guest's or a helper's report about this one; returns -1. */
int hcs_mapping_fail(const hcs_mapping *mapping, uint32_t stage, int32_t error, hcs_error *err);

#endif
