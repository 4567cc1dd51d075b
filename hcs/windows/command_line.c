/*
 * command_line.c - joins an argument vector so that Windows' programs split it as it was.
 *
 * A Windows process has one command line and takes it apart itself, nearly always by the rules of
 * learn.microsoft.com/windows/win32/api/shellapi/nf-shellapi-commandlinetoargvw:
 *  - the program's name ends at the next quote if it begins with one, else at the first blank; in
 *    it a backslash is a backslash, and there is no way to write a quote;
 *  - elsewhere 2n backslashes in front of a quote are n and the quote opens or closes, 2n+1 are n and
 *    the quote is a character; in front of anything else backslashes are themselves.
 * cmd.exe does not: what it is to interpret is given as a CommandLine.
 */
#include "command_line.h"

#include <string.h>

#include "../text.h"

/* An empty argument has to be shown; control characters end an unquoted program's name like a blank. */
static int wants_quotes(const char *argument) {
  if (argument[0] == '\0') return 1;
  for (const char *c = argument; *c != '\0'; c++) {
    if ((unsigned char)*c <= ' ') return 1;
  }
  return 0;
}

static void put_repeated(hcs_text *line, char byte, size_t count) {
  while (count-- > 0) hcs_text_add(line, &byte, 1);
}

static void put_program(hcs_text *line, const char *name) {
  const char *quote = wants_quotes(name) ? "\"" : "";
  hcs_text_put(line, quote);
  hcs_text_put(line, name);
  hcs_text_put(line, quote);
}

static void put_argument(hcs_text *line, const char *argument) {
  int quoted = wants_quotes(argument);
  size_t backslashes = 0; /* directly in front of *c */
  if (quoted) hcs_text_put(line, "\"");
  for (const char *c = argument; *c != '\0'; c++) {
    if (*c == '"') put_repeated(line, '\\', backslashes + 1);
    hcs_text_add(line, c, 1);
    backslashes = *c == '\\' ? backslashes + 1 : 0;
  }
  if (quoted) {
    put_repeated(line, '\\', backslashes);
    hcs_text_put(line, "\"");
  }
}

char *hcs_windows_command_line(const json_t *arguments, hcs_error *err) {
  hcs_text line = {0};
  size_t index;
  json_t *value;
  json_array_foreach(arguments, index, value) {
    const char *argument = json_string_value(value);
    if (index == 0 && strchr(argument, '"') != NULL) {
      (void)hcs_fail(
          err, HCS_E_INVALID_PARAMETER,
          "config.CommandArgs[1]: '%s' has a quote, which no program's name on Windows can have; "
          "arguments go behind it, each for itself",
          argument);
      return NULL;
    }
    if (index > 0) hcs_text_put(&line, " ");
    (index == 0 ? put_program : put_argument)(&line, argument);
  }
  char *text = hcs_text_take(&line);
  if (text == NULL) (void)hcs_fail_memory(err);
  return text;
}
