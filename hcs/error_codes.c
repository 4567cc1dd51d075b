/*
 * error_codes.c - the tables behind errors: code to name and text, code to class, errno to code.
 */
#include "error_codes.h"

#include <errno.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- codes ----------------------------------------------------------------------------------- */

/*
 * Names are hcsshim's without "Err", so that its documentation and search results apply. Where
 * hcsshim has no name the name is ours. Texts are close to those of Windows' FormatMessage.
 */
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

/* ---- errno ----------------------------------------------------------------------------------- */

/*
 * Only the errnos that callers act upon have a Win32 code of their own; all others are GenFailure,
 * and the errno's name is kept in the error for whoever wants to know.
 */
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

/* ---- lookup ---------------------------------------------------------------------------------- */

static const code_row *code_find(uint64_t code) {
  for (size_t i = 0; i < COUNT(codes); i++) {
    if (codes[i].code == code) return &codes[i];
  }
  return NULL;
}

const char *hcs_code_name(uint64_t code) {
  const code_row *row = code_find(code);
  return row != NULL ? row->name : NULL;
}

uint64_t hcs_code_of(const char *name) {
  for (size_t i = 0; name != NULL && i < COUNT(codes); i++) {
    if (strcmp(codes[i].name, name) == 0) return codes[i].code;
  }
  return 0;
}

/* A row's own text, else the one of its low byte, which the V1 and V2 codes share. */
const char *hcs_code_text(uint64_t code) {
  const code_row *row = code_find(code);
  if (row != NULL && row->text != NULL) return row->text;
  uint64_t facility = code & ~0xFFULL, low = code & 0xFF;
  if ((facility == 0xC0370100ULL || facility == 0x80370100ULL) && low < COUNT(range_texts)) {
    return range_texts[low];
  }
  return "The operation failed.";
}

int hcs_code_is(uint64_t code, hcs_error_class class_) {
  for (size_t i = 0; i < COUNT(classes); i++) {
    if (classes[i].class_ == class_ && classes[i].code == code) return 1;
  }
  return 0;
}

static const errno_row *errno_find(int value) {
  for (size_t i = 0; i < COUNT(errnos); i++) {
    if (errnos[i].value == value) return &errnos[i];
  }
  return NULL;
}

uint64_t hcs_errno_code(int errno_value) {
  const errno_row *row = errno_find(errno_value);
  return row != NULL ? row->code : HCS_E_GEN_FAILURE;
}

const char *hcs_errno_name(int errno_value) {
  const errno_row *row = errno_find(errno_value);
  return row != NULL ? row->name : NULL;
}

const char *hcs_errno_text(int errno_value) {
  const errno_row *row = errno_find(errno_value);
  return row != NULL ? row->text : "unknown error";
}
