/*
 * mapped_record.h - what is mapped into a container, as its record remembers it.
 */
#ifndef HCS_LINUX_MAPPED_RECORD_H
#define HCS_LINUX_MAPPED_RECORD_H

#include "mapped.h"
#include "state.h"

/* The id of its mount in the container, 0 for what is none. */
uint32_t hcs_record_mount(const json_t *document);

/* Adds it, with its mount's id. 0 or -1 (memory). */
int hcs_record_map(hcs_record *record, const hcs_mapping *mapping, hcs_error *err);
/* All of them, instead of what was there. */
int hcs_record_map_all(hcs_record *record, const hcs_mappings *mappings, hcs_error *err);
/* What is remembered of a kind: an array, NULL for none; borrowed. */
json_t *hcs_record_mapped(const hcs_record *record, hcs_mount_kind kind);
/* The index in it of what has this target, or -1. */
int hcs_record_mapped_find(const hcs_record *record, hcs_mount_kind kind, const char *target);

/* Is anything of any kind mapped there? Is that mount one of what is mapped? */
int hcs_record_mapped_to(const hcs_record *record, const char *target);
int hcs_record_mapped_as(const hcs_record *record, uint32_t mount);

#endif
