/*
 * validate.c - checks a document against its schema, in one walk.
 *
 * Each check looks at one value. Where the value is right but written another way (5.0 for 5, an
 * empty object for an empty list, which Lua cannot tell apart) it hands back a better one, and the
 * object or list that it is in stores that in its place.
 */
#include "validate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "nearest.h"
#include "path.h"
#include "text.h"

typedef struct walk {
  unsigned support;
  hcs_error *err;
} walk;

static int check_object(walk *w, const hcs_schema *schema, const hcs_path *path, json_t *object);

/* ---- messages -------------------------------------------------------------------------------- */

#define INVALID(w, path, ...) hcs_path_fail((w)->err, HCS_E_INVALID_PARAMETER, path, __VA_ARGS__)

/* What Lua's type() says of the value that this was made from. */
static const char *lua_type(const json_t *value) {
  switch (json_typeof(value)) {
  case JSON_STRING: return "string";
  case JSON_INTEGER:
  case JSON_REAL: return "number";
  case JSON_TRUE:
  case JSON_FALSE: return "boolean";
  case JSON_NULL: return "nil";
  default: return "table";
  }
}

static int wrong_type(walk *w, const hcs_path *path, const char *expected, const json_t *value) {
  return INVALID(w, path, "%s expected, got %s", expected, lua_type(value));
}

/*
 * Go ignores fields that it does not know. For a user that is a limit which silently does not hold,
 * because of one wrong letter; so here it is an error, with the likely name.
 */
static int unknown_field(walk *w, const hcs_schema *schema, const hcs_path *path) {
  hcs_nearest nearest = hcs_nearest_to(path->key);
  for (size_t i = 0; i < schema->count; i++) {
    hcs_nearest_offer(&nearest, schema->fields[i].name);
  }
  if (nearest.best == NULL) return INVALID(w, path, "unknown field");
  return INVALID(w, path, "unknown field, did you mean '%s'?", nearest.best);
}

static int unsupported(walk *w, const hcs_path *path, const char *reason) {
  const char *platform = w->support == HCS_SUPPORT_LINUX     ? "Linux"
                         : w->support == HCS_SUPPORT_WINDOWS ? "Windows"
                                                             : "this platform";
  return hcs_path_fail(w->err, HCS_E_NOT_SUPPORTED, path, "not supported on %s: %s; leave it out",
                       platform, reason);
}

/* ---- scalars --------------------------------------------------------------------------------- */

/* "use 'Linux' or 'Windows'": what this platform takes. */
static int unknown_choice(walk *w, const hcs_choice *choices, const hcs_path *path,
                          const char *value) {
  char known[256] = "";
  size_t size = 0;
  for (const hcs_choice *choice = choices; choice->value != NULL; choice++) {
    if ((choice->support & w->support) == 0) continue;
    int added = snprintf(known + size, sizeof known - size, "%s'%s'", size != 0 ? " or " : "",
                         choice->value);
    if (added > 0 && (size_t)added < sizeof known - size) size += (size_t)added;
  }
  return INVALID(w, path, "unknown value '%.*s', use %s", (int)hcs_text_cut(value, 64), value,
                 known);
}

/* An empty string is an absent one, and those are the platform's to judge. */
static int check_choice(walk *w, const hcs_choice *choices, const hcs_path *path,
                        const char *value) {
  if (choices == NULL || w->support == 0 || value[0] == '\0') return 0;
  for (const hcs_choice *choice = choices; choice->value != NULL; choice++) {
    if (!hcs_text_same_word(choice->value, value)) continue;
    if ((choice->support & w->support) != 0) return 0;
    return unsupported(w, path, choice->reason);
  }
  return unknown_choice(w, choices, path, value);
}

/* A NUL would end the string early wherever C reads it, behind what was checked here. */
static int check_nul(walk *w, const hcs_path *path, const json_t *value) {
  if (strlen(json_string_value(value)) == json_string_length(value)) return 0;
  return INVALID(w, path, "a NUL byte is not allowed in it");
}

static int check_string(walk *w, const hcs_field *field, const hcs_path *path,
                        const json_t *value) {
  if (!json_is_string(value)) return wrong_type(w, path, "string", value);
  if (check_nul(w, path, value) != 0) return -1;
  return check_choice(w, field->choices, path, json_string_value(value));
}

/* `value` is text because it may be a float far beyond any integer. */
static int out_of_range(walk *w, const hcs_field *field, const hcs_path *path, const char *value) {
  return INVALID(w, path, "%s is out of range %" PRId64 "..%" PRId64 "%s", value, field->min,
                 field->max, field->min > 0 ? "; 0 means no limit" : "");
}

/* Lua writes 5.0 for 10 / 2, so a float with an integral value is an integer here. */
static int check_real(walk *w, const hcs_field *field, const hcs_path *path, double real,
                      json_int_t *number) {
  char text[32];
  (void)snprintf(text, sizeof text, "%.17g", real);
  /* 2^63 is exact as a double, and the first value that does not fit. */
  if (real < -9223372036854775808.0 || real >= 9223372036854775808.0) {
    return out_of_range(w, field, path, text);
  }
  *number = (json_int_t)real;
  if ((double)*number != real) return INVALID(w, path, "%s is not an integer", text);
  return 0;
}

/* Zero is what an absent field has, so it is in every range ("no limit"). */
static int check_integer(walk *w, const hcs_field *field, const hcs_path *path, json_t *value,
                         json_t **better) {
  json_int_t number = json_integer_value(value);
  char text[32];
  if (!json_is_number(value)) return wrong_type(w, path, "number", value);
  if (json_is_real(value) && check_real(w, field, path, json_real_value(value), &number) != 0) {
    return -1;
  }
  if (number != 0 && (number < field->min || number > field->max)) {
    (void)snprintf(text, sizeof text, "%" PRId64, (int64_t)number);
    return out_of_range(w, field, path, text);
  }
  if (!json_is_real(value)) return 0;
  *better = json_integer(number);
  return *better != NULL ? 0 : hcs_fail_memory(w->err);
}

/* ---- lists and maps -------------------------------------------------------------------------- */

/*
 * Lists are arrays, objects and maps are objects; only the empty table fits both. `better` gets the
 * empty one of the right kind.
 */
static int check_shape(walk *w, const hcs_path *path, json_t *value, json_type wanted,
                       json_t **better) {
  if (json_typeof(value) == wanted) return 0;
  if (!json_is_object(value) && !json_is_array(value)) return wrong_type(w, path, "table", value);
  if (json_object_size(value) + json_array_size(value) != 0) {
    return INVALID(w, path,
                   wanted == JSON_ARRAY ? "a list expected, got a table with named fields"
                                        : "a table with named fields expected, got a list");
  }
  *better = wanted == JSON_ARRAY ? json_array() : json_object();
  return *better != NULL ? 0 : hcs_fail_memory(w->err);
}

/* A list's element, or a map's value. */
static int check_element(walk *w, const hcs_field *field, const hcs_path *path, json_t *value,
                         json_t **better) {
  if (field->object == NULL) return check_string(w, field, path, value);
  if (check_shape(w, path, value, JSON_OBJECT, better) != 0) return -1;
  return *better != NULL ? 0 : check_object(w, field->object, path, value);
}

/* A null in a list is a hole, not an absent element: the numbers behind it would shift. */
static int check_list(walk *w, const hcs_field *field, const hcs_path *path, json_t *list) {
  for (size_t i = 0; i < json_array_size(list); i++) {
    hcs_path here = {path, NULL, i + 1};
    json_t *better = NULL;
    if (check_element(w, field, &here, json_array_get(list, i), &better) != 0) return -1;
    if (better != NULL && json_array_set_new(list, i, better) != 0) return hcs_fail_memory(w->err);
  }
  return 0;
}

/* Go writes integer keys in decimal, and Lua finds the entry again only under the same number. */
static int check_index(walk *w, const hcs_path *path) {
  const char *key = path->key;
  size_t size = strspn(key, "0123456789");
  /* Ten digits hold every 32-bit number; "01" would be a second name of "1". */
  int canonical = size != 0 && key[size] == '\0' && size <= 10 && (key[0] != '0' || size == 1);
  return canonical ? 0 : INVALID(w, path, "a number expected as the key");
}

/* What execve's environment cannot carry. On Windows "=C:" is a variable's name. */
static int check_variable(walk *w, const hcs_path *path) {
  if ((w->support & ~HCS_SUPPORT_WINDOWS) == 0) return 0;
  if (path->key[0] == '\0') return INVALID(w, path, "a variable needs a name");
  return strchr(path->key, '=') == NULL ? 0
                                        : INVALID(w, path, "a variable's name cannot contain '='");
}

/* Iterates the safe way, because entries may be removed or replaced under its feet. */
static int check_map(walk *w, const hcs_field *field, const hcs_path *path, json_t *map) {
  const char *key;
  json_t *value;
  void *next;
  json_object_foreach_safe(map, next, key, value) {
    hcs_path here = {path, key, 0};
    json_t *better = NULL;
    int bad = field->type == HCS_TYPE_INDEX_MAP ? check_index(w, &here) : check_variable(w, &here);
    if (bad != 0) return -1;
    if (json_is_null(value)) {
      (void)json_object_del(map, key);
      continue;
    }
    if (check_element(w, field, &here, value, &better) != 0) return -1;
    if (better != NULL) (void)json_object_iter_set_new(map, json_object_key_to_iter(key), better);
  }
  return 0;
}

/* {height, width}. An empty table is an absent one. */
static int check_pair(walk *w, const hcs_field *field, const hcs_path *path, json_t *pair) {
  size_t count = json_array_size(pair);
  if (count == 0) {
    for (int i = 0; i < 2; i++) {
      if (json_array_append_new(pair, json_integer(0)) != 0) return hcs_fail_memory(w->err);
    }
    return 0;
  }
  if (count != 2) return INVALID(w, path, "two numbers expected, got %lu", (unsigned long)count);
  for (size_t i = 0; i < 2; i++) {
    hcs_path here = {path, NULL, i + 1};
    json_t *better = NULL;
    if (check_integer(w, field, &here, json_array_get(pair, i), &better) != 0) return -1;
    if (better != NULL && json_array_set_new(pair, i, better) != 0) return hcs_fail_memory(w->err);
  }
  return 0;
}

/* A value without a schema: whatever it is, its strings end where they say. */
static int check_any(walk *w, const hcs_path *path, json_t *value) {
  const char *key;
  json_t *member;
  if (json_is_string(value)) return check_nul(w, path, value);
  for (size_t i = 0; i < json_array_size(value); i++) {
    hcs_path here = {path, NULL, i + 1};
    if (check_any(w, &here, json_array_get(value, i)) != 0) return -1;
  }
  json_object_foreach(value, key, member) {
    hcs_path here = {path, key, 0};
    if (check_any(w, &here, member) != 0) return -1;
  }
  return 0;
}

/* ---- objects --------------------------------------------------------------------------------- */

static int check_table(walk *w, const hcs_field *field, const hcs_path *path, json_t *value,
                       json_t **better) {
  int is_list = field->type == HCS_TYPE_STRING_LIST || field->type == HCS_TYPE_OBJECT_LIST ||
                field->type == HCS_TYPE_PAIR;
  if (check_shape(w, path, value, is_list ? JSON_ARRAY : JSON_OBJECT, better) != 0) return -1;
  json_t *table = *better != NULL ? *better : value;
  switch (field->type) {
  case HCS_TYPE_OBJECT: return check_object(w, field->object, path, table);
  case HCS_TYPE_PAIR: return check_pair(w, field, path, table);
  case HCS_TYPE_STRING_LIST:
  case HCS_TYPE_OBJECT_LIST: return check_list(w, field, path, table);
  default: return check_map(w, field, path, table);
  }
}

/* Is the value of the field's type? `better` is set where it should be written otherwise. */
static int check_type(walk *w, const hcs_field *field, const hcs_path *path, json_t *value,
                      json_t **better) {
  switch (field->type) {
  case HCS_TYPE_STRING: return check_string(w, field, path, value);
  case HCS_TYPE_BOOL: return json_is_boolean(value) ? 0 : wrong_type(w, path, "boolean", value);
  case HCS_TYPE_INTEGER: return check_integer(w, field, path, value, better);
  case HCS_TYPE_RAW:
  case HCS_TYPE_ANY: return check_any(w, path, value);
  default: return check_table(w, field, path, value, better);
  }
}

/*
 * A field that the platform does not do is refused only when it asks for something: a program that
 * fills in every field, most of them with zeros, runs everywhere. Its type is checked all the same.
 */
static int check_field(walk *w, const hcs_field *field, const hcs_path *path, json_t *object,
                       json_t *value) {
  json_t *better = NULL;
  if (check_type(w, field, path, value, &better) != 0) {
    json_decref(better);
    return -1;
  }
  if (better != NULL) {
    (void)json_object_iter_set_new(object, json_object_key_to_iter(path->key), better);
    value = better;
  }
  if (w->support == 0 || (field->support & w->support) != 0) return 0;
  return hcs_field_is_zero(field, value) ? 0 : unsupported(w, path, field->reason);
}

/* In the document's order, so that of several mistakes the first one written is told. */
static int check_object(walk *w, const hcs_schema *schema, const hcs_path *path, json_t *object) {
  const char *key;
  json_t *value;
  void *next;
  json_object_foreach_safe(object, next, key, value) {
    hcs_path here = {path, key, 0};
    const hcs_field *field = hcs_schema_field(schema, key);
    if (field == NULL) return unknown_field(w, schema, &here);
    if (json_is_null(value)) {
      (void)json_object_del(object, key);
    } else if (check_field(w, field, &here, object, value) != 0) {
      return -1;
    }
  }
  return 0;
}

/* ---- rules between fields -------------------------------------------------------------------- */

/* At most one of `fields` may say something, on the platforms of `support`. */
typedef struct exclusion {
  const char *schema;
  unsigned support;
  const char *fields[3];
  const char *message;
} exclusion;

static const exclusion exclusions[] = {
    {"ContainerConfig",
     HCS_SUPPORT_ALL,
     {"ProcessorCount", "ProcessorMaximum", "ProcessorWeight"},
     "ProcessorCount, ProcessorMaximum and ProcessorWeight exclude each other; keep one"},
    {"ProcessorSettings",
     HCS_SUPPORT_ALL,
     {"ProcessorCount", "ProcessorMaximum", "ProcessorWeight"},
     "ProcessorCount, ProcessorMaximum and ProcessorWeight exclude each other; keep one"},
    {"ContainerConfig",
     HCS_SUPPORT_LINUX,
     {"Layers", "VolumePath"},
     "VolumePath is a whole root directory and takes no Layers; keep one of the two"},
    {"ProcessConfig",
     HCS_SUPPORT_ALL,
     {"CommandLine", "CommandArgs"},
     "CommandLine and CommandArgs exclude each other; keep one"},
};

/* Whether the field says something; a name of NULL says nothing. */
static int is_set(const hcs_schema *schema, const json_t *object, const char *name) {
  if (name == NULL) return 0;
  return !hcs_field_is_zero(hcs_schema_field(schema, name), json_object_get(object, name));
}

static int check_exclusions(walk *w, const hcs_schema *schema, const hcs_path *path,
                            const json_t *root) {
  for (size_t i = 0; i < sizeof exclusions / sizeof exclusions[0]; i++) {
    const exclusion *rule = &exclusions[i];
    int count = 0;
    if (strcmp(rule->schema, schema->name) != 0 || (rule->support & w->support) == 0) continue;
    for (size_t k = 0; k < 3; k++) count += is_set(schema, root, rule->fields[k]);
    if (count > 1) return INVALID(w, path, "%s", rule->message);
  }
  return 0;
}

/*
 * What no single field shows: a process without a command. ApplicationName alone is none, as it
 * only overrides the file of one; an OCI specification brings its own.
 */
static int check_command(walk *w, const hcs_schema *schema, const hcs_path *path,
                         const json_t *root) {
  if (strcmp(schema->name, "ProcessConfig") != 0) return 0;
  if (is_set(schema, root, "CommandLine") || is_set(schema, root, "CommandArgs") ||
      is_set(schema, root, "OCISpecification")) {
    return 0;
  }
  return INVALID(w, path, "there is no command in it; give CommandArgs or CommandLine");
}

/* Last of all, so that a default can neither break a rule nor appear in a message. */
static int fill_in(walk *w, const hcs_schema *schema, json_t *root) {
  for (size_t i = 0; i < schema->count; i++) {
    const hcs_field *field = &schema->fields[i];
    if (field->fallback == NULL || is_set(schema, root, field->name)) continue;
    if (json_object_set_new(root, field->name, json_string(field->fallback)) != 0) {
      return hcs_fail_memory(w->err);
    }
  }
  return 0;
}

/* ---- the public functions -------------------------------------------------------------------- */

int hcs_field_is_zero(const hcs_field *field, const json_t *value) {
  switch (json_is_null(value) || value == NULL ? HCS_TYPE_ANY : field->type) {
  case HCS_TYPE_STRING: return json_string_length(value) == 0;
  case HCS_TYPE_BOOL: return json_is_false(value);
  case HCS_TYPE_INTEGER: return json_integer_value(value) == 0;
  case HCS_TYPE_PAIR:
    return json_integer_value(json_array_get(value, 0)) == 0 &&
           json_integer_value(json_array_get(value, 1)) == 0;
  case HCS_TYPE_RAW:
  case HCS_TYPE_ANY: return value == NULL || json_is_null(value);
  default: return json_object_size(value) + json_array_size(value) == 0;
  }
}

int hcs_validate(const hcs_schema *schema, const char *path, json_t *root, unsigned support,
                 hcs_error *err) {
  walk w = {support, err};
  hcs_path here = {NULL, path, 0};
  if (check_object(&w, schema, &here, root) != 0) return -1;
  if (support == 0) return 0;
  if (check_exclusions(&w, schema, &here, root) != 0) return -1;
  if (check_command(&w, schema, &here, root) != 0) return -1;
  return fill_in(&w, schema, root);
}
