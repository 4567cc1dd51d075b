/*
 * result.h - what the service's calls and notifications say, as results and errors of the core.
 */
#ifndef HCS_WINDOWS_RESULT_H
#define HCS_WINDOWS_RESULT_H

#include <windows.h>

#include "../error.h"

#define HCS_CALL_PENDING 1 /* it goes on in the background; a notification tells its end */

/* The core's code of an HRESULT: a Win32 code without its wrapping, else all 32 bits (hcs-contract §3). */
uint64_t hcs_service_code(HRESULT status);

/*
 * 0, HCS_CALL_PENDING or -1. `document` is the call's result document or NULL; it is taken over
 * (CoTaskMemFree). Its ErrorMessage, ErrorEvents and Attribution land in the error; one that is no JSON
 * is passed over, as hcsshim does.
 */
int hcs_service_result(HRESULT status, PWSTR document, hcs_error *err);
/* The same for a notification, whose document stays the service's. */
int hcs_service_notified(HRESULT status, PCWSTR document, hcs_error *err);
/* An error with this code, and with what the document says of it. */
void hcs_service_explain(uint64_t code, PCWSTR document, hcs_error *err);
/* For a call of Windows itself: GetLastError() as the error's cause. */
int hcs_fail_windows(hcs_error *err, DWORD error, const char *format, ...) HCS_PRINTF(3, 4);

#endif
