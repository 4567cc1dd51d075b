/* given.h - strings given to the client, who frees them with CoTaskMemFree(). */
#ifndef STANDIN_GIVEN_H
#define STANDIN_GIVEN_H

#include <jansson.h>
#include <windows.h>

/* Watches CoTaskMemFree() from now on. */
void given_watch(void);
/* `from` is the function that gives it; it lives as long as the program. NULL gives NULL. */
PWSTR given_string(const char *text, const char *from);
/* Array of {From, Text} of those not freed, owned; null where the frees cannot be watched. */
json_t *given_list(void);
/* Those of before are no longer missed. */
void given_forget(void);

#endif
