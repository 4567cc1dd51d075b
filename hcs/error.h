/*
 * error.h - how the core makes errors. hcs.h has the reading side.
 *
 * Rules: an error is made where its cause is known and given context on the way up; it is never
 * printed. The struct keeps its texts inline, so that saying "out of memory" needs no memory.
 */
#ifndef HCS_ERROR_H
#define HCS_ERROR_H

#include <stdarg.h>

#include "hcs.h"

/* Text-only errors have no code on the wire; inside the core they are numbered above 32 bits. */
#define HCS_E_TEXT (1ULL << 32)

typedef enum hcs_code {
  HCS_E_FILE_NOT_FOUND = 0x2,
  HCS_E_TOO_MANY_OPEN_FILES = 0x4,
  HCS_E_ACCESS_DENIED = 0x5,
  HCS_E_INVALID_HANDLE = 0x6,
  HCS_E_NOT_ENOUGH_MEMORY = 0x8,
  HCS_E_INVALID_DATA = 0xD,
  HCS_E_GEN_FAILURE = 0x1F,
  HCS_E_NOT_SUPPORTED = 0x32,
  HCS_E_INVALID_PARAMETER = 0x57,
  HCS_E_DISK_FULL = 0x70,
  HCS_E_PROC_NOT_FOUND = 0x7F,
  HCS_E_BUSY = 0xAA,
  HCS_E_DIRECTORY = 0x10B,
  HCS_E_ELEMENT_NOT_FOUND = 0x490,
  HCS_E_NO_SUCH_USER = 0x525
} hcs_code;

/* The HCS range, as literals because they do not fit an enumeration constant's int. */
#define HCS_E_OPERATION_PENDING 0xC0370103ULL
#define HCS_E_INVALID_STATE 0xC0370105ULL
#define HCS_E_UNEXPECTED_EXIT 0xC0370106ULL
#define HCS_E_INVALID_JSON 0xC037010DULL
#define HCS_E_SYSTEM_NOT_FOUND 0xC037010EULL
#define HCS_E_SYSTEM_ALREADY_EXISTS 0xC037010FULL
#define HCS_E_SYSTEM_ALREADY_STOPPED 0xC0370110ULL
#define HCS_E_PROCESS_ALREADY_STOPPED 0x8037011FULL

#define HCS_E_HANDLE_CLOSE (HCS_E_TEXT + 1)
#define HCS_E_ALREADY_CLOSED (HCS_E_TEXT + 2)
#define HCS_E_INVALID_NOTIFICATION_TYPE (HCS_E_TEXT + 3)
#define HCS_E_INVALID_PROCESS_STATE (HCS_E_TEXT + 4)
#define HCS_E_TIMEOUT (HCS_E_TEXT + 5)
#define HCS_E_UNEXPECTED_CONTAINER_EXIT (HCS_E_TEXT + 6)
#define HCS_E_UNEXPECTED_PROCESS_ABORT (HCS_E_TEXT + 7)
#define HCS_E_UNEXPECTED_VALUE (HCS_E_TEXT + 8)
#define HCS_E_OPERATION_DENIED (HCS_E_TEXT + 9)
#define HCS_E_PLATFORM_NOT_SUPPORTED (HCS_E_TEXT + 10)
#define HCS_E_PROCESS_FAILED (HCS_E_TEXT + 11)

#if defined(__MINGW32__) && !defined(__clang__)
/* To this compiler `printf` is that of Windows; what is called is mingw's own. */
#define HCS_PRINTF(format_index, first) __attribute__((format(gnu_printf, format_index, first)))
#elif defined(__GNUC__)
#define HCS_PRINTF(format_index, first) __attribute__((format(printf, format_index, first)))
#else
#define HCS_PRINTF(format_index, first)
#endif

/* Fills `err` and returns -1, so that a failing function can end with it. `format` NULL: the code's own text. */
int hcs_fail(hcs_error *err, uint64_t code, const char *format, ...) HCS_PRINTF(3, 4);
/* The same for a failed system call: `errno_value` becomes code and "…: text (ENOENT)" is appended. */
int hcs_fail_errno(hcs_error *err, int errno_value, const char *format, ...) HCS_PRINTF(3, 4);
/* hcs_fail_errno with another code, where the operation gives the errno a meaning of its own. */
int hcs_fail_errno_as(hcs_error *err, uint64_t code, int errno_value, const char *format, ...)
    HCS_PRINTF(4, 5);
int hcs_fail_memory(hcs_error *err);
/* Puts "<context>: " in front of the message; returns -1. */
int hcs_error_wrap(hcs_error *err, const char *format, ...) HCS_PRINTF(2, 3);
/* What was being done, on what. `operation` is copied (cut at 255 bytes); id may be NULL. */
int hcs_error_at(hcs_error *err, const char *operation, const char *id, uint32_t pid);
/* Internal code of a filled error: a 32-bit code or one of the text-only ones. */
uint64_t hcs_error_kind(const hcs_error *err);
/* Makes `err` say what `other` says; its events are lost when memory is out. */
void hcs_error_copy(hcs_error *err, const hcs_error *other);
/* Attaches a JSON array of ErrorEvents (copied; dropped when memory is out). */
void hcs_error_events_set(hcs_error *err, const char *events_json);

#endif
