/*
 * error.c - errors: their codes, names, texts and classes.
 *
 * Everything that is known about a code stands in a table here; the functions read the tables. The
 * struct holds its texts inline, so that an error can be made when memory is out.
 */
#include "error.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

struct hcs_error {
  uint64_t kind; /* 0 while empty */
  uint32_t pid;
  char *events;    /* the one text that may be lost for want of memory */
  char number[16]; /* "0xc0370109": the name of a code that has none */
  char errno_name[24];
  char operation[256];
  char id[256];
  char message[2048];
};

/* ---- what is known about codes ---------------------------------------------------------------- */

typedef struct code_row {
  uint64_t code;
  const char *name; /* hcsshim's without "Err", or ours */
  const char *text; /* NULL: the text of the HCS range below */
} code_row;

static const code_row codes[] = {
    {HCS_E_FILE_NOT_FOUND, "FileNotFound", "The system cannot find the file specified."},
    {HCS_E_TOO_MANY_OPEN_FILES, "TooManyOpenFiles", "Too many files are open."},
    {HCS_E_ACCESS_DENIED, "VmcomputeOperationAccessIsDenied", "Access is denied."},
    {HCS_E_INVALID_HANDLE, "InvalidHandle", "The handle is invalid."},
    {HCS_E_NOT_ENOUGH_MEMORY, "NotEnoughMemory", "Not enough memory is available."},
    {HCS_E_INVALID_DATA, "InvalidData", "The data is invalid."},
    {HCS_E_GEN_FAILURE, "GenFailure", "The operation failed."},
    {HCS_E_NOT_SUPPORTED, "NotSupported", "The request is not supported."},
    {HCS_E_INVALID_PARAMETER, "InvalidParameter", "The parameter is incorrect."},
    {HCS_E_DISK_FULL, "DiskFull", "There is not enough space on the disk."},
    {HCS_E_PROC_NOT_FOUND, "ProcNotFound", "The specified procedure could not be found."},
    {HCS_E_BUSY, "Busy", "The requested resource is in use."},
    {HCS_E_DIRECTORY, "Directory", "The directory name is invalid."},
    {HCS_E_ELEMENT_NOT_FOUND, "ElementNotFound", "Element not found."},
    {HCS_E_NO_SUCH_USER, "NoSuchUser", "The specified user does not exist."},

    {HCS_E_OPERATION_PENDING, "VmcomputeOperationPending", NULL},
    {HCS_E_INVALID_STATE, "VmcomputeOperationInvalidState", NULL},
    {0x80370105ULL, "InvalidState", NULL},
    {HCS_E_UNEXPECTED_EXIT, "VmcomputeUnexpectedExit", NULL},
    {0xC037010BULL, "VmcomputeUnknownMessage", NULL},
    {HCS_E_INVALID_JSON, "VmcomputeInvalidJSON", NULL},
    {HCS_E_SYSTEM_NOT_FOUND, "ComputeSystemDoesNotExist", NULL},
    {HCS_E_SYSTEM_ALREADY_EXISTS, "AlreadyExists", NULL},
    {HCS_E_SYSTEM_ALREADY_STOPPED, "VmcomputeAlreadyStopped", NULL},
    {0x80370110ULL, "VmcomputeSystemAlreadyStopped", NULL},
    {HCS_E_PROCESS_ALREADY_STOPPED, "ProcessAlreadyStopped", NULL},

    {HCS_E_HANDLE_CLOSE, "HandleClose",
     "hcsshim: the handle generating this notification has been closed"},
    {HCS_E_ALREADY_CLOSED, "AlreadyClosed", "hcsshim: the handle has already been closed"},
    {HCS_E_INVALID_NOTIFICATION_TYPE, "InvalidNotificationType",
     "hcsshim: invalid notification type"},
    {HCS_E_INVALID_PROCESS_STATE, "InvalidProcessState",
     "the process is in an invalid state for the attempted operation"},
    {HCS_E_TIMEOUT, "Timeout", "hcsshim: timeout waiting for notification"},
    {HCS_E_UNEXPECTED_CONTAINER_EXIT, "UnexpectedContainerExit", "unexpected container exit"},
    {HCS_E_UNEXPECTED_PROCESS_ABORT, "UnexpectedProcessAbort",
     "lost communication with compute service"},
    {HCS_E_UNEXPECTED_VALUE, "UnexpectedValue", "unexpected value returned from hcs"},
    {HCS_E_OPERATION_DENIED, "OperationDenied", "operation denied"},
    {HCS_E_PLATFORM_NOT_SUPPORTED, "PlatformNotSupported", "unsupported platform request"},
    {HCS_E_PROCESS_FAILED, "ProcessFailed", "the process failed"},
};

/* The HCS range by its low byte (hcs-contract §3.1): 0xC03701xx and 0x803701xx mean the same. */
static const char *const range_texts[] = {
    [0x00] = "The virtual machine or container was terminated while starting.",
    [0x01] = "The container's image does not fit the host's operating system.",
    [0x02] = "The hypervisor is not installed or not running.",
    [0x03] = "The operation was started and is performed in the background.",
    [0x04] = "Too many notifications are waiting to be taken.",
    [0x05] = ("The requested virtual machine or container operation is not valid in the current "
              "state."),
    [0x06] = "The virtual machine or container exited unexpectedly.",
    [0x07] = "The virtual machine or container was forcefully exited.",
    [0x08] = "A connection to the virtual machine or container could not be made.",
    [0x09] = "The virtual machine or container did not answer in time.",
    [0x0A] = "The connection to the virtual machine or container was closed.",
    [0x0B] = "An unknown internal message was received by the virtual machine or container.",
    [0x0C] = "The virtual machine or container does not speak this version of the protocol.",
    [0x0D] = "The virtual machine or container JSON document is invalid.",
    [0x0E] = "A virtual machine or container with the specified identifier does not exist.",
    [0x0F] = "A virtual machine or container with the specified identifier already exists.",
    [0x10] = "The virtual machine or container with the specified identifier is not running.",
    [0x11] = "The virtual machine or container broke the communication protocol.",
    [0x12] = "The container's layer is missing or is not valid.",
    [0x13] = "This needs an Insider build of Windows.",
    [0x14] = "The compute service is not available.",
    [0x15] = "The operation was not started.",
    [0x16] = "The operation was already started.",
    [0x17] = "The operation is still going on.",
    [0x18] = "The operation did not complete in time.",
    [0x19] = "A callback is already set for this compute system.",
    [0x1A] = "The operation's result could not be allocated.",
    [0x1B] = "This needs the rights of an administrator or a Hyper-V administrator.",
    [0x1C] = "The guest reported a critical error.",
    [0x1D] = "The process information is not available.",
    [0x1E] = "The compute service has been disconnected.",
    [0x1F] = "The process has already exited.",
    [0x20] = "The compute system is not configured for this operation.",
    [0x21] = "The operation was already cancelled.",
};

typedef struct class_row {
  hcs_error_class class_;
  uint64_t code;
} class_row;

/* hcs-contract §3.2, with the twins and the additions that it recommends. */
static const class_row classes[] = {
    {HCS_IS_NOT_EXIST, HCS_E_SYSTEM_NOT_FOUND},
    {HCS_IS_NOT_EXIST, 0x8037010EULL},
    {HCS_IS_NOT_EXIST, HCS_E_ELEMENT_NOT_FOUND},
    {HCS_IS_ALREADY_EXISTS, HCS_E_SYSTEM_ALREADY_EXISTS},
    {HCS_IS_ALREADY_EXISTS, 0x8037010FULL},
    {HCS_IS_ALREADY_CLOSED, HCS_E_ALREADY_CLOSED},
    {HCS_IS_PENDING, HCS_E_OPERATION_PENDING},
    {HCS_IS_PENDING, 0x80370103ULL},
    {HCS_IS_PENDING, 0x80370117ULL},
    {HCS_IS_TIMEOUT, HCS_E_TIMEOUT},
    {HCS_IS_TIMEOUT, 0xC0370109ULL},
    {HCS_IS_TIMEOUT, 0x80370109ULL},
    {HCS_IS_TIMEOUT, 0x80370118ULL},
    {HCS_IS_ALREADY_STOPPED, HCS_E_SYSTEM_ALREADY_STOPPED},
    {HCS_IS_ALREADY_STOPPED, 0x80370110ULL},
    {HCS_IS_ALREADY_STOPPED, HCS_E_PROCESS_ALREADY_STOPPED},
    {HCS_IS_ALREADY_STOPPED, HCS_E_ELEMENT_NOT_FOUND},
    {HCS_IS_NOT_SUPPORTED, HCS_E_INVALID_JSON},
    {HCS_IS_NOT_SUPPORTED, 0x8037010DULL},
    {HCS_IS_NOT_SUPPORTED, HCS_E_INVALID_DATA},
    {HCS_IS_NOT_SUPPORTED, HCS_E_NOT_SUPPORTED},
    {HCS_IS_NOT_SUPPORTED, 0xC037010BULL},
    {HCS_IS_NOT_SUPPORTED, 0x8037010BULL},
    {HCS_IS_OPERATION_INVALID_STATE, HCS_E_INVALID_STATE},
    {HCS_IS_OPERATION_INVALID_STATE, 0x80370105ULL},
    {HCS_IS_ACCESS_DENIED, HCS_E_ACCESS_DENIED},
    {HCS_IS_ACCESS_DENIED, 0x8037011BULL},
};

typedef struct errno_row {
  int value;
  const char *name;
  uint64_t code;
  const char *text; /* ours, as strerror is neither thread-safe nor free of the locale */
} errno_row;

#define ROW(name, text)                                                                            \
  { name, #name, HCS_E_GEN_FAILURE, text }

static const errno_row errnos[] = {
    {ENOENT, "ENOENT", HCS_E_FILE_NOT_FOUND, "no such file or directory"},
    {EACCES, "EACCES", HCS_E_ACCESS_DENIED, "permission denied"},
    {EPERM, "EPERM", HCS_E_ACCESS_DENIED, "operation not permitted"},
    {EMFILE, "EMFILE", HCS_E_TOO_MANY_OPEN_FILES, "too many open files"},
    {ENOMEM, "ENOMEM", HCS_E_NOT_ENOUGH_MEMORY, "out of memory"},
    {ENOSPC, "ENOSPC", HCS_E_DISK_FULL, "no space left on device"},
    {EBUSY, "EBUSY", HCS_E_BUSY, "device or resource busy"},
    {ENOSYS, "ENOSYS", HCS_E_NOT_SUPPORTED, "function not implemented"},
    {EOPNOTSUPP, "EOPNOTSUPP", HCS_E_NOT_SUPPORTED, "operation not supported"},
#if defined(ENOTSUP) && ENOTSUP != EOPNOTSUPP
    {ENOTSUP, "ENOTSUP", HCS_E_NOT_SUPPORTED, "not supported"},
#endif
    ROW(E2BIG, "argument list too long"),
    ROW(EADDRINUSE, "address already in use"),
    ROW(EADDRNOTAVAIL, "address not available"),
    ROW(EAFNOSUPPORT, "address family not supported"),
    ROW(EAGAIN, "resource temporarily unavailable"),
    ROW(EALREADY, "operation already in progress"),
    ROW(EBADF, "bad file descriptor"),
    ROW(EBADMSG, "bad message"),
    ROW(ECANCELED, "operation cancelled"),
    ROW(ECHILD, "no child process"),
    ROW(ECONNABORTED, "connection aborted"),
    ROW(ECONNREFUSED, "connection refused"),
    ROW(ECONNRESET, "connection reset"),
    ROW(EDEADLK, "would deadlock"),
    ROW(EDESTADDRREQ, "destination address required"),
    ROW(EDOM, "argument out of domain"),
    ROW(EEXIST, "file exists"),
    ROW(EFAULT, "bad address"),
    ROW(EFBIG, "file too large"),
    ROW(EHOSTUNREACH, "host unreachable"),
    ROW(EIDRM, "identifier removed"),
    ROW(EILSEQ, "invalid byte sequence"),
    ROW(EINPROGRESS, "operation in progress"),
    ROW(EINTR, "interrupted"),
    ROW(EINVAL, "invalid argument"),
    ROW(EIO, "input/output error"),
    ROW(EISCONN, "already connected"),
    ROW(EISDIR, "is a directory"),
    ROW(ELOOP, "too many symbolic links, or one where none is allowed"),
    ROW(EMLINK, "too many links"),
    ROW(EMSGSIZE, "message too long"),
    ROW(ENAMETOOLONG, "file name too long"),
    ROW(ENETDOWN, "network is down"),
    ROW(ENETRESET, "connection dropped by network"),
    ROW(ENETUNREACH, "network unreachable"),
    ROW(ENFILE, "too many open files in the whole system"),
    ROW(ENOBUFS, "no buffer space"),
    ROW(ENODATA, "no data"),
    ROW(ENODEV, "no such device"),
    ROW(ENOEXEC, "not an executable format"),
    ROW(ENOLCK, "no locks available"),
    ROW(ENOPROTOOPT, "protocol option not available"),
    ROW(ENOTCONN, "not connected"),
    ROW(ENOTDIR, "not a directory"),
    ROW(ENOTEMPTY, "directory not empty"),
    ROW(ENOTSOCK, "not a socket"),
    ROW(ENOTTY, "not a terminal, or not supported by the device"),
    ROW(ENXIO, "no such device or address"),
    ROW(EOVERFLOW, "value too large"),
    ROW(EPIPE, "broken pipe"),
    ROW(EPROTO, "protocol error"),
    ROW(EPROTONOSUPPORT, "protocol not supported"),
    ROW(EPROTOTYPE, "wrong protocol for the socket"),
    ROW(ERANGE, "result out of range"),
    ROW(EROFS, "read-only file system"),
    ROW(ESPIPE, "cannot seek"),
    ROW(ESRCH, "no such process"),
    ROW(ETIME, "timer expired"),
    ROW(ETIMEDOUT, "timed out"),
    ROW(ETXTBSY, "file is being executed"),
    ROW(EXDEV, "crosses file systems"),
#if defined(__linux__) /* mingw has none of these */
    ROW(EDQUOT, "disk quota exceeded"),
    ROW(EHOSTDOWN, "host is down"),
    ROW(EKEYREJECTED, "key rejected"),
    ROW(EMEDIUMTYPE, "wrong medium type"),
    ROW(ENOKEY, "key not available"),
    ROW(ENOMEDIUM, "no medium found"),
    ROW(ENOTBLK, "not a block device"),
    ROW(ENOTUNIQ, "name not unique"),
    ROW(EOWNERDEAD, "owner died"),
    ROW(EPFNOSUPPORT, "protocol family not supported"),
    ROW(EREMOTEIO, "remote input/output error"),
    ROW(ERESTART, "interrupted, to be restarted"),
    ROW(ESHUTDOWN, "endpoint is shut down"),
    ROW(ESOCKTNOSUPPORT, "socket type not supported"),
    ROW(ESTALE, "stale file handle"),
    ROW(ETOOMANYREFS, "too many references"),
    ROW(EUCLEAN, "file system needs cleaning"),
    ROW(EUSERS, "too many users"),
#endif
};

#undef ROW

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- readers of the tables -------------------------------------------------------------------- */

static const code_row *code_find(uint64_t code) {
  for (size_t i = 0; i < COUNT(codes); i++) {
    if (codes[i].code == code) return &codes[i];
  }
  return NULL;
}

/* NULL for a name nobody knows. */
static const code_row *code_find_name(const char *name) {
  for (size_t i = 0; name != NULL && i < COUNT(codes); i++) {
    if (strcmp(codes[i].name, name) == 0) return &codes[i];
  }
  return NULL;
}

static const char *code_text(uint64_t code) {
  const code_row *row = code_find(code);
  if (row != NULL && row->text != NULL) return row->text;
  uint64_t facility = code & ~0xFFULL, low = code & 0xFF;
  if ((facility == 0xC0370100ULL || facility == 0x80370100ULL) && low < COUNT(range_texts)) {
    return range_texts[low];
  }
  return "The operation failed.";
}

static const errno_row *errno_find(int value) {
  for (size_t i = 0; i < COUNT(errnos); i++) {
    if (errnos[i].value == value) return &errnos[i];
  }
  return NULL;
}

static void errno_name_copy(char *buffer, size_t capacity, int value) {
  const errno_row *row = errno_find(value);
  if (row != NULL) {
    hcs_text_copy(buffer, capacity, row->name);
  } else {
    (void)snprintf(buffer, capacity, "E%d", value);
  }
}

/* ---- making errors ---------------------------------------------------------------------------- */

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
 * Formats into `buffer`, ending with a whole character. Goes by way of a buffer of the caller's since
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

static HCS_PRINTF(4, 0) int fail_errno(hcs_error *err, uint64_t code, int errno_value,
                                       const char *format, va_list arguments) {
  char message[sizeof err->message], suffix[128], name[sizeof err->errno_name];
  const errno_row *row = errno_find(errno_value);
  errno_name_copy(name, sizeof name, errno_value);
  (void)snprintf(suffix, sizeof suffix, "%s%s (%s)", format != NULL ? ": " : "",
                 row != NULL ? row->text : "unknown error", name);
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
    error_set(err, code, code_text(code));
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
  const errno_row *row = errno_find(errno_value);
  va_list arguments;
  va_start(arguments, format);
  (void)fail_errno(err, row != NULL ? row->code : HCS_E_GEN_FAILURE, errno_value, format,
                   arguments);
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

void hcs_error_assign(hcs_error *err, const char *name, const char *message, const char *operation,
                      const char *id, uint32_t pid, const char *errno_name) {
  const code_row *row = code_find_name(name);
  uint64_t code = row != NULL ? row->code : HCS_E_GEN_FAILURE;
  /* Made apart, since the arguments may be texts of `err`. */
  hcs_error fresh = {0};
  error_set(&fresh, code, message != NULL ? message : code_text(code));
  (void)hcs_error_at(&fresh, operation, id, pid);
  hcs_text_copy(fresh.errno_name, sizeof fresh.errno_name, errno_name);
  free(err->events);
  *err = fresh;
}

/* ---- reading errors --------------------------------------------------------------------------- */

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
  const code_row *row = code_find(err->kind);
  return row != NULL ? row->name : err->number;
}

const char *hcs_error_message(const hcs_error *err) { return err->message; }

static const char *or_null(const char *text) { return text[0] != '\0' ? text : NULL; }

const char *hcs_error_operation(const hcs_error *err) { return or_null(err->operation); }

const char *hcs_error_id(const hcs_error *err) { return or_null(err->id); }

uint32_t hcs_error_pid(const hcs_error *err) { return err->pid; }

const char *hcs_error_errno(const hcs_error *err) { return or_null(err->errno_name); }

const char *hcs_error_events(const hcs_error *err) { return err->events; }

int hcs_error_is(const hcs_error *err, hcs_error_class class_) {
  for (size_t i = 0; err != NULL && i < COUNT(classes); i++) {
    if (classes[i].class_ == class_ && classes[i].code == err->kind) return 1;
  }
  return 0;
}

/* ---- hcsshim's text --------------------------------------------------------------------------- */

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

char *hcs_error_text(const hcs_error *err) {
  hcs_text text = {0};
  uint32_t code = hcs_error_code(err);
  subject_put(&text, err);
  hcs_text_put(&text, err->message);
  if (code != 0) hcs_text_printf(&text, " (0x%" PRIx32 ")", code);
  events_put(&text, err->events);
  return hcs_text_take(&text);
}
