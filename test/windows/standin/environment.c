/* environment.c - of this machine what its programs cannot do without, and what the configuration adds. */
#include "environment.h"

#include <stdlib.h>
#include <string.h>

#include "documents.h"
#include "text.h"

/* Nothing else of the client's environment may show in a container. */
static const char *const inherited[] = {
    "SystemDrive", "SystemRoot",           "windir", "ComSpec", "PATH", "PATHEXT", "TEMP", "TMP",
    "OS",          "NUMBER_OF_PROCESSORS", NULL};

static void set(json_t *variables, const char *name, const char *value) {
  const char *other;
  void *next;
  json_t *unused;
  json_object_foreach_safe(variables, next, other, unused) {
    if (_stricmp(other, name) == 0) (void)json_object_del(variables, other);
  }
  if (value[0] != '\0') (void)json_object_set_new(variables, name, json_string(value));
}

static void set_inherited(json_t *variables, const char *name) {
  WCHAR value[4096], *wide = text_wide(name);
  DWORD length = GetEnvironmentVariableW(wide, value, 4096);
  char *utf8 = length > 0 && length < 4096 ? text_utf8(value) : NULL;
  if (utf8 != NULL) set(variables, name, utf8);
  free(utf8);
  free(wide);
}

static int compare(const void *a, const void *b) {
  return _stricmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted by name, as Windows wants a block. Owned array of borrowed names. */
static const char **sorted_names(json_t *variables) {
  const char *name, **names = calloc(json_object_size(variables) + 1, sizeof *names);
  size_t count = 0;
  json_t *unused;
  if (names == NULL) abort();
  json_object_foreach(variables, name, unused) names[count++] = name;
  qsort(names, count, sizeof *names, compare);
  return names;
}

static WCHAR *to_block(json_t *variables) {
  size_t size = 2;
  const char **names = sorted_names(variables);
  for (const char **at = names; *at != NULL; at++) {
    size += strlen(*at) + strlen(document_text(variables, *at)) + 2;
  }
  WCHAR *block = calloc(size, sizeof *block), *end = block;
  if (block == NULL) abort();
  for (const char **at = names; *at != NULL; at++) {
    char *text = text_format("%s=%s", *at, document_text(variables, *at));
    WCHAR *wide = text != NULL ? text_wide(text) : NULL;
    if (wide != NULL) wcscpy(end, wide);
    end += wide != NULL ? wcslen(wide) + 1 : 0;
    free(wide);
    free(text);
  }
  free(names);
  return block;
}

/* Variables without a value are dropped before a process sees them (hcs-contract §2.2). */
WCHAR *environment_new(const svc_container *container, const json_t *added) {
  json_t *variables = json_object(), *value;
  const char *name, *host = document_text(container->config, "HostName");
  for (const char *const *at = inherited; *at != NULL; at++) set_inherited(variables, *at);
  set(variables, "COMPUTERNAME", host[0] != '\0' ? host : container->id);
  json_object_foreach((json_t *)added, name, value) {
    set(variables, name, json_string_value(value));
  }
  WCHAR *block = to_block(variables);
  json_decref(variables);
  return block;
}
