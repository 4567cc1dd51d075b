/*
 * mount_table.h - what is mounted in a container, as the kernel tells it.
 */
#ifndef HCS_LINUX_MOUNT_TABLE_H
#define HCS_LINUX_MOUNT_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "state.h"

typedef struct hcs_mount_entry {
  uint32_t id, parent;
  char *point; /* where it is, by the container's own root */
} hcs_mount_entry;

typedef struct hcs_mount_table {
  hcs_mount_entry *list;
  size_t count;
} hcs_mount_table;

/* Of the guest that the status page names. To be cleared after success. */
int hcs_mount_table_read(hcs_mount_table *table, const hcs_status_page *status, hcs_error *err);
/* The same out of the text of a mountinfo file (proc(5)), which it overwrites. */
int hcs_mount_table_parse(hcs_mount_table *table, char *text, hcs_error *err);
void hcs_mount_table_clear(hcs_mount_table *table);

/* NULL when there is none with that id. */
const hcs_mount_entry *hcs_mount_table_find(const hcs_mount_table *table, uint32_t id);
/*
 * Lists that mount and all that is mounted in it, what is on top first: at most `most`, and returns how many
 * there are.
 */
size_t hcs_mount_table_tree(const hcs_mount_table *table, uint32_t id, const hcs_mount_entry **tree,
                            size_t most);

#endif
