/*
 * path.c - paths of document fields as text, and errors that begin with one.
 */
#include "path.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

/* A text in a fixed buffer; what does not fit is left out. */
typedef struct place {
  char *buffer;
  size_t capacity;
  size_t size;
} place;

static void place_put(place *at, const char *string) {
  size_t size = strlen(string), room = at->capacity - at->size - 1;
  if (size > room) size = hcs_text_cut(string, room);
  memcpy(at->buffer + at->size, string, size);
  at->size += size;
  at->buffer[at->size] = '\0';
}

static int is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static int is_digit(char c) { return c >= '0' && c <= '9'; }

/* What may follow a dot in Lua. No field is called like a reserved word, all of which are short. */
static int is_name(const char *key) {
  if (!is_letter(key[0])) return 0;
  for (const char *c = key; *c != '\0'; c++) {
    if (!is_letter(*c) && !is_digit(*c)) return 0;
  }
  return 1;
}

/* ["…"] as a Lua string literal, so that a control character cannot disturb a terminal or a log. */
static void place_put_quoted(place *at, const char *key) {
  place_put(at, "[\"");
  for (const char *c = key; *c != '\0'; c++) {
    unsigned char byte = (unsigned char)*c;
    char piece[8];
    if (byte < 0x20 || byte == 0x7F) {
      (void)snprintf(piece, sizeof piece, "\\%03u", (unsigned)byte);
    } else if (byte == '"' || byte == '\\') {
      (void)snprintf(piece, sizeof piece, "\\%c", *c);
    } else {
      (void)snprintf(piece, sizeof piece, "%c", *c);
    }
    place_put(at, piece);
  }
  place_put(at, "\"]");
}

static void place_put_path(place *at, const hcs_path *path) {
  char index[32];
  if (path->up == NULL) {
    place_put(at, path->key);
    return;
  }
  place_put_path(at, path->up);
  if (path->key == NULL) {
    (void)snprintf(index, sizeof index, "[%lu]", (unsigned long)path->index);
    place_put(at, index);
  } else if (is_name(path->key)) {
    place_put(at, ".");
    place_put(at, path->key);
  } else {
    place_put_quoted(at, path->key);
  }
}

/* Ends a text that may have been cut in the middle of a character. */
static void trim(char *text) { text[hcs_text_cut(text, strlen(text))] = '\0'; }

void hcs_path_text(const hcs_path *path, char *buffer, size_t capacity) {
  place at = {buffer, capacity, 0};
  buffer[0] = '\0';
  place_put_path(&at, path);
  trim(buffer);
}

int hcs_path_fail(hcs_error *err, uint64_t code, const hcs_path *path, const char *format, ...) {
  char where[512], message[1024];
  va_list arguments;
  hcs_path_text(path, where, sizeof where);
  va_start(arguments, format);
  if (vsnprintf(message, sizeof message, format, arguments) < 0) message[0] = '\0';
  va_end(arguments);
  trim(message);
  return hcs_fail(err, code, "%s: %s", where, message);
}
