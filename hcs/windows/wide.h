/*
 * wide.h - the border between UTF-8, which the core speaks, and Windows' UTF-16.
 */
#ifndef HCS_WINDOWS_WIDE_H
#define HCS_WINDOWS_WIDE_H

#include <windows.h>

#include "../error.h"

/* Owned (free). Text that is not UTF-8 is InvalidParameter; `what` names it ("config"). */
PWSTR hcs_wide_new(const char *text, const char *what, hcs_error *err);
/* Owned (free). A lone surrogate is InvalidData; `what` names who said it ("properties"). */
char *hcs_utf8_new(PCWSTR text, const char *what, hcs_error *err);

#endif
