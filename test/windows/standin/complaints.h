/* complaints.h - what the client did wrong; a test reads the list at its end. */
#ifndef STANDIN_COMPLAINTS_H
#define STANDIN_COMPLAINTS_H

#include <jansson.h>

#include "text.h"

/* May be called with and without the model's lock. */
void complain(const char *format, ...) TEXT_PRINTF(1, 2);
/* Array of strings, owned. */
json_t *complaints_list(void);
void complaints_clear(void);
/* The next one prints itself and ends the program with code 99. */
void complaints_abort(int abort);

#endif
