/*
 * mount_table.c - what is mounted in a container, as the kernel tells it.
 */
#include "mount_table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../text.h"
#include "fd.h"
#include "guest_root.h"

/* ---- one line -------------------------------------------------------------------------------------- */

static int is_octal(char c) { return c >= '0' && c <= '7'; }

/* Blanks and backslashes come as \ooo. In place. */
static void unescape(char *text) {
  char *to = text;
  while (*text != '\0') {
    if (text[0] == '\\' && is_octal(text[1]) && is_octal(text[2]) && is_octal(text[3])) {
      *to++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0'));
      text += 4;
    } else {
      *to++ = *text++;
    }
  }
  *to = '\0';
}

/* The field with that number; other white space than a blank belongs to a name. */
static const char *field(const char *line, unsigned number, size_t *size) {
  for (; number > 0 && *line != '\0'; number--) {
    line += strcspn(line, " ");
    line += *line == ' ';
  }
  *size = strcspn(line, " ");
  return line;
}

/* "36 35 98:0 /root /mount/point rw,… - type source …" */
static int parse_line(hcs_mount_entry *entry, const char *line) {
  size_t size;
  const char *point = field(line, 4, &size);
  if (size == 0 || sscanf(line, "%u %u", &entry->id, &entry->parent) != 2) return -1;
  entry->point = strndup(point, size);
  if (entry->point == NULL) return -1;
  unescape(entry->point);
  return 0;
}

/* ---- the table ------------------------------------------------------------------------------------- */

static size_t line_count(const char *text) {
  size_t count = 0;
  for (; *text != '\0'; text++) count += *text == '\n';
  return count;
}

void hcs_mount_table_clear(hcs_mount_table *table) {
  size_t i;
  for (i = 0; i < table->count; i++) free(table->list[i].point);
  free(table->list);
  memset(table, 0, sizeof *table);
}

int hcs_mount_table_parse(hcs_mount_table *table, char *text, hcs_error *err) {
  char *rest = text, *line;
  table->count = 0;
  table->list = calloc(line_count(text) + 1, sizeof *table->list);
  if (table->list == NULL) return hcs_fail_memory(err);
  for (; (line = strsep(&rest, "\n")) != NULL && rest != NULL; table->count++)
    if (parse_line(&table->list[table->count], line) != 0) {
      hcs_mount_table_clear(table);
      return hcs_fail(err, HCS_E_GEN_FAILURE, "cannot read the container's mount table");
    }
  return 0;
}

int hcs_mount_table_read(hcs_mount_table *table, const hcs_status_page *status, hcs_error *err) {
  HCS_AUTO_FD fd =
      hcs_guest_open(status, "mountinfo", O_RDONLY, "the container's mount table", err);
  HCS_AUTO_FREE char *whole = NULL;
  hcs_text text = {0};
  char part[4096];
  ssize_t n;
  if (fd < 0) return -1;
  while ((n = read(fd, part, sizeof part)) > 0) hcs_text_add(&text, part, (size_t)n);
  hcs_text_put(&text, "");
  whole = hcs_text_take(&text);
  if (n < 0) return hcs_fail_errno(err, errno, "cannot read the container's mount table");
  return whole == NULL ? hcs_fail_memory(err) : hcs_mount_table_parse(table, whole, err);
}

const hcs_mount_entry *hcs_mount_table_find(const hcs_mount_table *table, uint32_t id) {
  size_t i;
  for (i = 0; i < table->count; i++)
    if (table->list[i].id == id) return &table->list[i];
  return NULL;
}

/* Parents first: each mount whose parent is in the list already, in turn. */
static size_t collect(const hcs_mount_table *table, const hcs_mount_entry **tree, size_t most) {
  size_t done, i, count = 1;
  for (done = 0; done < count; done++)
    for (i = 0; i < table->count; i++) {
      if (table->list[i].parent != tree[done]->id) continue;
      if (count == most) return most + 1;
      tree[count++] = &table->list[i];
    }
  return count;
}

size_t hcs_mount_table_tree(const hcs_mount_table *table, uint32_t id, const hcs_mount_entry **tree,
                            size_t most) {
  const hcs_mount_entry *top = hcs_mount_table_find(table, id);
  size_t i, count;
  if (top == NULL || most == 0) return 0;
  tree[0] = top;
  count = collect(table, tree, most);
  for (i = 0; count <= most && i < count / 2; i++) {
    const hcs_mount_entry *swapped = tree[i];
    tree[i] = tree[count - 1 - i];
    tree[count - 1 - i] = swapped;
  }
  return count;
}
