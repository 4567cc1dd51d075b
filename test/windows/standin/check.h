/* check.h - a document held against its schema, and against the bytes that Go would have written. */
#ifndef STANDIN_CHECK_H
#define STANDIN_CHECK_H

#include <jansson.h>

/*
 * Complains of everything that Go's marshaller would not have sent. 0, or -1 when a type is wrong: the
 * service cannot read it either. `user` begins the complaints.
 */
int check_document(const char *user, const char *type, const char *text, const json_t *document);

#endif
