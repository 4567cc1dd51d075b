/*
 * schema.h - what the service is sent (hcs-contract §2), written down a second time: the library's own
 * tables must not be checked against themselves.
 */
#ifndef STANDIN_SCHEMA_H
#define STANDIN_SCHEMA_H

#include <stddef.h>

typedef enum svc_type {
  TYPE_STRING,
  TYPE_BOOL,
  TYPE_UINT16,
  TYPE_UINT32,
  TYPE_UINT64,
  TYPE_INT64,
  TYPE_OBJECT,
  TYPE_OBJECTS,
  TYPE_STRINGS,
  TYPE_STRING_MAP,
  TYPE_SIZE,     /* [2]uint */
  TYPE_RAW,      /* any JSON as it stands */
  TYPE_INTERFACE /* any JSON as Go writes an interface{}: keys sorted */
} svc_type;

typedef enum svc_emit { ALWAYS, OMITEMPTY } svc_emit;

typedef struct svc_field {
  const char *name;
  svc_type type;
  svc_emit emit;
  const char *object; /* the document of a TYPE_OBJECT or TYPE_OBJECTS */
} svc_field;

typedef struct svc_schema {
  const char *name;
  const svc_field *fields; /* in Go's order, up to one without name */
} svc_schema;

/* NULL for an unknown name. */
const svc_schema *schema_find(const char *name);

#endif
