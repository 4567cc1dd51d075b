/*
 * error.c - errors: made where the cause is known, given context on the way up, read by anybody.
 *
 * The struct holds its texts inline, so that an error can be made when memory is out.
 */
#include "error.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error_codes.h"
#include "text.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

struct hcs_error {
  uint64_t kind; /* 0 while empty */
  uint32_t pid;
  char *events;    /* the one text that may be lost for want of memory */
  char number[16]; /* "0xc0370109": the name of a code that has none */
  char errno_name[24];
  /* An id has 64 characters at most, but a wrong one that is complained about may have more. */
  char operation[256];
  char id[256];
  char message[2048];
};

/* ---- making errors --------------------------------------------------------------------------- */

/* Overwrites all of an error. `message` must not be inside `err`. */
static void error_set(hcs_error *err, uint64_t kind, const char *message) {
  free(err->events);
  err->events = NULL;
  err->kind = kind;
  err->pid = 0;
  err->errno_name[0] = err->operation[0] = err->id[0] = '\0';
  (void)snprintf(err->number, sizeof err->number, "0x%" PRIx32, (uint32_t)kind);
  hcs_text_copy(err->message, sizeof err->message, message);
}

/*
 * Formats into `buffer`, ending with a whole character. The buffer is not the error's own, since
 * arguments may point into the error that is about to be overwritten.
 */
static HCS_PRINTF(3, 0) size_t
    message_format(char *buffer, size_t capacity, const char *format, va_list arguments) {
  int size = vsnprintf(buffer, capacity, format, arguments);
  if (size < 0) buffer[0] = '\0';
  buffer[capacity - 1] = '\0';
  if (size >= 0 && (size_t)size < capacity) return (size_t)size;
  /* It was cut: the byte behind the last is not known, so the last sequence must prove whole. */
  size_t end = hcs_text_cut(buffer, strlen(buffer));
  buffer[end] = '\0';
  return end;
}

/* An errno that the table lacks still has a name that can be looked up: "E531". */
static void errno_name_put(char *buffer, size_t capacity, int value) {
  const char *name = hcs_errno_name(value);
  if (name != NULL) {
    hcs_text_copy(buffer, capacity, name);
  } else {
    (void)snprintf(buffer, capacity, "E%d", value);
  }
}

/* The one place where a system call's errno becomes an error; code and errno may disagree. */
static HCS_PRINTF(4, 0) int fail_errno(hcs_error *err, uint64_t code, int errno_value,
                                       const char *format, va_list arguments) {
  char message[sizeof err->message], suffix[128], name[sizeof err->errno_name];
  errno_name_put(name, sizeof name, errno_value);
  (void)snprintf(suffix, sizeof suffix, "%s%s (%s)", format != NULL ? ": " : "",
                 hcs_errno_text(errno_value), name);
  /* The cause is what a long message must not lose. */
  size_t room = sizeof message - strlen(suffix);
  size_t size = format != NULL ? message_format(message, room, format, arguments) : 0;
  hcs_text_copy(message + size, sizeof message - size, suffix);
  error_set(err, code, message);
  hcs_text_copy(err->errno_name, sizeof err->errno_name, name);
  return -1;
}

int hcs_fail(hcs_error *err, uint64_t code, const char *format, ...) {
  char message[sizeof err->message];
  if (format == NULL) {
    error_set(err, code, hcs_code_text(code));
    return -1;
  }
  va_list arguments;
  va_start(arguments, format);
  (void)message_format(message, sizeof message, format, arguments);
  va_end(arguments);
  error_set(err, code, message);
  return -1;
}

int hcs_fail_errno(hcs_error *err, int errno_value, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  (void)fail_errno(err, hcs_errno_code(errno_value), errno_value, format, arguments);
  va_end(arguments);
  return -1;
}

int hcs_fail_errno_as(hcs_error *err, uint64_t code, int errno_value, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  (void)fail_errno(err, code, errno_value, format, arguments);
  va_end(arguments);
  return -1;
}

/* Formats nothing: printf may want memory, too. */
int hcs_fail_memory(hcs_error *err) {
  (void)hcs_fail(err, HCS_E_NOT_ENOUGH_MEMORY, NULL);
  hcs_text_copy(err->errno_name, sizeof err->errno_name, "ENOMEM");
  return -1;
}

int hcs_error_wrap(hcs_error *err, const char *format, ...) {
  char message[sizeof err->message];
  va_list arguments;
  va_start(arguments, format);
  size_t size = message_format(message, sizeof message - 2, format, arguments);
  va_end(arguments);
  memcpy(message + size, ": ", 3);
  hcs_text_copy(message + size + 2, sizeof message - size - 2, err->message);
  hcs_text_copy(err->message, sizeof err->message, message);
  return -1;
}

int hcs_error_at(hcs_error *err, const char *operation, const char *id, uint32_t pid) {
  hcs_text_copy(err->operation, sizeof err->operation, operation);
  hcs_text_copy(err->id, sizeof err->id, id);
  err->pid = pid;
  return -1;
}

void hcs_error_events_set(hcs_error *err, const char *events_json) {
  char *copy = events_json != NULL ? hcs_text_duplicate(events_json) : NULL;
  free(err->events);
  err->events = copy;
}

void hcs_error_copy(hcs_error *err, const hcs_error *other) {
  hcs_error fresh = *other;
  fresh.events = NULL;
  hcs_error_events_set(&fresh, other->events);
  free(err->events);
  *err = fresh;
}

void hcs_error_assign(hcs_error *err, const char *name, const char *message, const char *operation,
                      const char *id, uint32_t pid, const char *errno_name) {
  uint64_t known = hcs_code_of(name), code = known != 0 ? known : HCS_E_GEN_FAILURE;
  /* Made apart, since the arguments may be texts of `err`. */
  hcs_error fresh = {0};
  error_set(&fresh, code, message != NULL ? message : hcs_code_text(code));
  (void)hcs_error_at(&fresh, operation, id, pid);
  hcs_text_copy(fresh.errno_name, sizeof fresh.errno_name, errno_name);
  free(err->events);
  *err = fresh;
}

/* ---- reading errors -------------------------------------------------------------------------- */

hcs_error *hcs_error_new(void) { return calloc(1, sizeof(hcs_error)); }

void hcs_error_free(hcs_error *err) {
  if (err == NULL) return;
  free(err->events);
  free(err);
}

uint64_t hcs_error_kind(const hcs_error *err) { return err->kind; }

uint32_t hcs_error_code(const hcs_error *err) {
  return err->kind < HCS_E_TEXT ? (uint32_t)err->kind : 0;
}

const char *hcs_error_name(const hcs_error *err) {
  const char *name = hcs_code_name(err->kind);
  return name != NULL ? name : err->number;
}

const char *hcs_error_message(const hcs_error *err) { return err->message; }

/* Texts that were not given are empty inside and NULL outside. */
static const char *or_null(const char *text) { return text[0] != '\0' ? text : NULL; }

const char *hcs_error_operation(const hcs_error *err) { return or_null(err->operation); }

const char *hcs_error_id(const hcs_error *err) { return or_null(err->id); }

uint32_t hcs_error_pid(const hcs_error *err) { return err->pid; }

const char *hcs_error_errno(const hcs_error *err) { return or_null(err->errno_name); }

const char *hcs_error_events(const hcs_error *err) { return err->events; }

int hcs_error_is(const hcs_error *err, hcs_error_class class_) {
  return err != NULL && hcs_code_is(err->kind, class_);
}

/* ---- hcsshim's text -------------------------------------------------------------------------- */

typedef struct event_part {
  const char *label;
  const char *key;
} event_part;

/* The order in which hcsshim prints an ErrorEvent (hcs-contract §3.3); empty and zero parts go. */
static const event_part event_parts[] = {
    {" Stack Trace: ", "StackTrace"}, {" Provider: ", "Provider"},
    {" EventID: ", "EventId"},        {" flags: ", "Flags"},
    {" Source: ", "Source"},
};

/* Data[] is skipped, as hcsshim skips it: the service encodes it badly. */
static void event_put(hcs_text *text, const json_t *event) {
  const char *message = json_string_value(json_object_get(event, "Message"));
  hcs_text_printf(text, "\n[Event Detail: %s", message != NULL ? message : "");
  for (size_t i = 0; i < COUNT(event_parts); i++) {
    const json_t *value = json_object_get(event, event_parts[i].key);
    const char *string = json_string_value(value);
    json_int_t number = json_integer_value(value);
    if (string != NULL && string[0] != '\0') {
      hcs_text_printf(text, "%s%s", event_parts[i].label, string);
    } else if (number != 0) {
      hcs_text_printf(text, "%s%" PRId64, event_parts[i].label, (int64_t)number);
    }
  }
  hcs_text_put(text, "]");
}

/* Events are an addition of the service's: what cannot be read is left out, not an error. */
static void events_put(hcs_text *text, const char *events_json) {
  json_t *events = events_json != NULL ? json_loads(events_json, 0, NULL) : NULL;
  for (size_t i = 0; i < json_array_size(events); i++) event_put(text, json_array_get(events, i));
  json_decref(events);
}

/* What was being done and on what, in the words of the hcsshim type that would carry the error. */
static void subject_put(hcs_text *text, const hcs_error *err) {
  const char *operation = err->operation, *id = err->id;
  int opens = strcmp(operation, "hcs::CreateComputeSystem") == 0 ||
              strcmp(operation, "hcs::OpenComputeSystem") == 0;
  if (operation[0] == '\0') return;
  if (id[0] == '\0') {
    hcs_text_printf(text, "%s: ", operation);
  } else if (opens) {
    hcs_text_printf(text, "%s %s: ", operation, id);
  } else if (err->pid != 0) {
    hcs_text_printf(text, "process %" PRIu32 " in container %s encountered an error during %s: ",
                    err->pid, id, operation);
  } else {
    hcs_text_printf(text, "container %s encountered an error during %s: ", id, operation);
  }
}

/* Text-only errors have no number; for the others it is what people search the web for. */
char *hcs_error_text(const hcs_error *err) {
  hcs_text text = {0};
  uint32_t code = hcs_error_code(err);
  subject_put(&text, err);
  hcs_text_put(&text, err->message);
  if (code != 0) hcs_text_printf(&text, " (0x%" PRIx32 ")", code);
  events_put(&text, err->events);
  return hcs_text_take(&text);
}
