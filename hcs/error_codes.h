/*
 * error_codes.h - what is known about error codes and errno values.
 */
#ifndef HCS_ERROR_CODES_H
#define HCS_ERROR_CODES_H

#include "error.h"

/* hcsshim's name without "Err", or ours; NULL for a code that has none. */
const char *hcs_code_name(uint64_t code);
/* The code of a name; 0 for NULL and for a name nobody knows. */
uint64_t hcs_code_of(const char *name);
/* What the code means; never NULL. */
const char *hcs_code_text(uint64_t code);
int hcs_code_is(uint64_t code, hcs_error_class class_);

uint64_t hcs_errno_code(int errno_value);
/* "ENOENT"; NULL for a value that is not in the table. */
const char *hcs_errno_name(int errno_value);
const char *hcs_errno_text(int errno_value);

#endif
