/*
 * path.h - where in a document something is, in Lua's notation: config.Layers[2].Path.
 *
 * A path is a chain of places on the stack of the functions that walk the document; it becomes text
 * only when there is an error to tell.
 */
#ifndef HCS_PATH_H
#define HCS_PATH_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

typedef struct hcs_path {
  const struct hcs_path *up; /* NULL: `key` is what the root is called */
  const char *key;           /* NULL: `index` counts, from 1 as in Lua */
  size_t index;
} hcs_path;

/* As much of it as fits. */
void hcs_path_text(const hcs_path *path, char *buffer, size_t capacity);
/* hcs_fail with "<path>: " in front. */
int hcs_path_fail(hcs_error *err, uint64_t code, const hcs_path *path, const char *format, ...)
    HCS_PRINTF(4, 5);

#endif
