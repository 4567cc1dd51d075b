/* program.c - which file a command means, where it starts, and its command line. */
#include "program.h"

#include <stdlib.h>
#include <string.h>

#include "documents.h"
#include "text.h"

/* ---- the command --------------------------------------------------------------------------------- */

/* The first word of a command line: in quotes, or up to a blank. Owned. */
static char *first_word(const char *command_line) {
  const char *end;
  while (*command_line == ' ' || *command_line == '\t') command_line++;
  if (*command_line == '"') {
    end = strchr(++command_line, '"');
  } else {
    end = strpbrk(command_line, " \t");
  }
  size_t length = end != NULL ? (size_t)(end - command_line) : strlen(command_line);
  return text_format("%.*s", (int)length, command_line);
}

static char *command_of(const json_t *config) {
  const char *application = document_text(config, "ApplicationName");
  const json_t *arguments = json_object_get(config, "CommandArgs");
  if (application[0] != '\0') return strdup(application);
  if (json_array_size(arguments) > 0)
    return strdup(json_string_value(json_array_get(arguments, 0)));
  return first_word(document_text(config, "CommandLine"));
}

/* ---- looking ------------------------------------------------------------------------------------- */

static int exists(const WCHAR *path, int is_directory) {
  DWORD attributes = GetFileAttributesW(path);
  if (attributes == INVALID_FILE_ATTRIBUTES) return 0;
  return ((attributes & FILE_ATTRIBUTE_DIRECTORY) != 0) == (is_directory != 0);
}

/* Takes `path`; NULL if it is not there. */
static WCHAR *if_exists(char *path, int is_directory) {
  WCHAR *wide = path != NULL ? text_wide(path) : NULL;
  free(path);
  if (wide != NULL && exists(wide, is_directory)) return wide;
  free(wide);
  return NULL;
}

static WCHAR *find_in(const char *folder, const char *below, const char *name, int is_directory) {
  WCHAR *found = if_exists(text_format("%s%s\\%s", folder, below, name), is_directory);
  if (found != NULL || is_directory) return found;
  return if_exists(text_format("%s%s\\%s.exe", folder, below, name), 0);
}

/* "C:\bin\x" and "/bin/x" are "bin\x" of a layer. */
static const char *without_root(const char *path) {
  if (path[0] != '\0' && path[1] == ':') path += 2;
  while (*path == '\\' || *path == '/') path++;
  return path;
}

static int is_bare(const char *name) { return strpbrk(name, "\\/:") == NULL; }

/* Topmost layer first. A layer of Windows has its files in a folder. */
static WCHAR *find_in_layers(const svc_container *container, const char *name, int is_directory) {
  static const char *const folders[] = {"", "\\bin", "\\Files", "\\Files\\Windows\\System32"};
  size_t count = is_bare(name) && !is_directory ? 4 : 1, i;
  json_t *layer;
  json_array_foreach(json_object_get(container->config, "Layers"), i, layer) {
    for (size_t k = 0; k < count; k++) {
      WCHAR *found =
          find_in(document_text(layer, "Path"), folders[k], without_root(name), is_directory);
      if (found != NULL) return found;
    }
  }
  return NULL;
}

static WCHAR *find_on_machine(const char *name) {
  WCHAR *wide = text_wide(name), *found = calloc(MAX_PATH, sizeof *found);
  if (wide == NULL || found == NULL ||
      SearchPathW(NULL, wide, L".exe", MAX_PATH, found, NULL) == 0 || !exists(found, 0)) {
    free(found);
    found = NULL;
  }
  free(wide);
  return found;
}

WCHAR *program_find(const svc_container *container, const json_t *config) {
  char *name = command_of(config);
  if (name == NULL || name[0] == '\0') {
    free(name);
    return NULL;
  }
  WCHAR *found = find_in_layers(container, name, 0);
  if (found == NULL) found = find_on_machine(name);
  free(name);
  return found;
}

WCHAR *program_directory(const svc_container *container, const json_t *config) {
  const char *path = document_text(config, "WorkingDirectory");
  if (path[0] == '\0') path = container->is_linux ? "/" : "C:\\";
  int is_root = without_root(path)[0] == '\0';
  if (is_root && !container->is_linux) return text_wide("C:\\");
  WCHAR *found = find_in_layers(container, path, 1);
  return found != NULL ? found : if_exists(strdup(path), 1);
}

/* ---- the command line ---------------------------------------------------------------------------- */

static WCHAR *put(WCHAR *at, WCHAR character, size_t count) {
  while (count-- > 0) *at++ = character;
  return at;
}

/* Backslashes count only before a quote, where each needs another one. */
static WCHAR *put_quoted(WCHAR *at, const WCHAR *argument) {
  size_t slashes = 0;
  at = put(at, L'"', 1);
  for (; *argument != L'\0'; argument++) {
    if (*argument == L'"') at = put(at, L'\\', slashes + 1);
    slashes = *argument == L'\\' ? slashes + 1 : 0;
    at = put(at, *argument, 1);
  }
  at = put(at, L'\\', slashes);
  return put(at, L'"', 1);
}

static WCHAR *quote_all(const json_t *arguments) {
  size_t length = 1, i;
  json_t *argument;
  json_array_foreach(arguments, i, argument) length += 2 * json_string_length(argument) + 3;
  WCHAR *line = calloc(length, sizeof *line), *at = line;
  if (line == NULL) abort();
  json_array_foreach(arguments, i, argument) {
    WCHAR *wide = text_wide(json_string_value(argument));
    if (i > 0) at = put(at, L' ', 1);
    if (wide != NULL) at = put_quoted(at, wide);
    free(wide);
  }
  return line;
}

WCHAR *program_command_line(const json_t *config) {
  const json_t *arguments = json_object_get(config, "CommandArgs");
  if (json_array_size(arguments) > 0) return quote_all(arguments);
  const char *line = document_text(config, "CommandLine");
  return text_wide(line[0] != '\0' ? line : document_text(config, "ApplicationName"));
}
