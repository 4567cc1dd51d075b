/*
 * schema.h - the fields of the schema 1 documents, as data.
 *
 * One set of tables serves everybody: the checks (validate.c), Go's bytes (marshal.c) and, through
 * hcs_schema_describe(), the Lua layer's conversions. Fields stand in Go's order: documents are
 * written in it.
 */
#ifndef HCS_SCHEMA_H
#define HCS_SCHEMA_H

#include <stddef.h>
#include <stdint.h>

/* Platforms, as in hcs_platform.support. The last one is the tests' in-memory platform. */
#define HCS_SUPPORT_LINUX 1U
#define HCS_SUPPORT_WINDOWS 2U
#define HCS_SUPPORT_MEMORY 4U
/* Of these: where the service knows more fields than the tables do, and an overlay may have them. */
#define HCS_SUPPORT_OPEN HCS_SUPPORT_WINDOWS
#define HCS_SUPPORT_ALL (HCS_SUPPORT_LINUX | HCS_SUPPORT_WINDOWS | HCS_SUPPORT_MEMORY)

typedef enum hcs_type {
  HCS_TYPE_STRING,
  HCS_TYPE_BOOL,
  HCS_TYPE_INTEGER,
  HCS_TYPE_OBJECT,
  HCS_TYPE_STRING_LIST,
  HCS_TYPE_OBJECT_LIST,
  HCS_TYPE_STRING_MAP, /* string to string */
  HCS_TYPE_INDEX_MAP,  /* decimal number to object */
  HCS_TYPE_PAIR,       /* two integers (ConsoleSize) */
  HCS_TYPE_RAW,        /* any JSON, its keys kept in their order */
  HCS_TYPE_ANY         /* any JSON, its keys sorted, as Go writes an interface{} */
} hcs_type;

typedef struct hcs_schema hcs_schema;

/* A value that a string field may have. A list of them ends with a NULL value. */
typedef struct hcs_choice {
  const char *value; /* compared without regard to case */
  unsigned support;
  const char *reason; /* why it is refused where it is not supported */
} hcs_choice;

typedef struct hcs_field {
  const char *name;
  hcs_type type;
  int omit_empty; /* Go's omitempty; never on a pair, an array has no empty value */
  int pointer;    /* an absent object is nil, not a zero object */

  /* Objects, and the elements of lists and maps of objects. */
  const hcs_schema *object;

  /* Integers, also those of a pair. Zero is what an absent field has, and always allowed. */
  unsigned bits;
  int is_signed;
  int64_t min;
  int64_t max;

  unsigned support;          /* platforms where a non-zero value is accepted */
  const char *reason;        /* why not on the others */
  const hcs_choice *choices; /* NULL: any string */
  const char *fallback;      /* what an empty string means when a platform reads the document */
} hcs_field;

struct hcs_schema {
  const char *name;
  const char *path; /* what errors call the root of a document that is sent; NULL: results only */
  const hcs_field *fields;
  size_t count;
};

/* NULL for an unknown name. */
const hcs_schema *hcs_schema_find(const char *name);
/* NULL for an unknown name. JSON names are taken exactly: a wrong case is a mistake. */
const hcs_field *hcs_schema_field(const hcs_schema *schema, const char *name);

#endif
