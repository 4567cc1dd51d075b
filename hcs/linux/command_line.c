/*
 * command_line.c - splits a CommandLine by POSIX shell quoting (XCU 2.2 Quoting).
 *
 * Nothing is expanded: $, `, *, ~, # and parentheses are ordinary characters, as there is no shell.
 * The operators that would join commands or redirect them are refused unless quoted: whoever writes
 * one expects a shell, and passing it on as an argument would be a silent surprise.
 */
#include "command_line.h"

#include <stdlib.h>
#include <string.h>

#define FAIL(s, ...) hcs_fail((s)->err, HCS_E_INVALID_PARAMETER, "config.CommandLine: " __VA_ARGS__)

typedef struct splitter {
  const char *line;
  const char *at;   /* next character to read */
  char *out;        /* next byte of the current argument */
  char **arguments; /* start of the vector */
  size_t count;
  hcs_error *err;
} splitter;

/* Positions count bytes from 1, as string.sub does. */
static unsigned long position(const splitter *s, const char *at) {
  return (unsigned long)(at - s->line) + 1;
}

static int is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/* Outside quotes: the next character is itself, and an escaped newline is none. */
static int take_escape(splitter *s) {
  char c = s->at[1];
  if (c == '\0') {
    return FAIL(s, "the backslash at its end (position %lu) escapes nothing; write \\\\ for one",
                position(s, s->at));
  }
  if (c != '\n') *s->out++ = c;
  s->at += 2;
  return 0;
}

static int take_single_quoted(splitter *s) {
  const char *open = s->at++, *close = strchr(s->at, '\'');
  if (close == NULL) {
    return FAIL(s, "the single quote at position %lu is not closed", position(s, open));
  }
  size_t size = (size_t)(close - s->at);
  memcpy(s->out, s->at, size);
  s->out += size;
  s->at = close + 1;
  return 0;
}

/* In double quotes a backslash escapes $ ` " \ and newline, and is itself before anything else. */
static int take_double_quoted(splitter *s) {
  const char *open = s->at++;
  while (*s->at != '"') {
    if (*s->at == '\0') {
      return FAIL(s, "the double quote at position %lu is not closed", position(s, open));
    }
    if (s->at[0] == '\\' && s->at[1] != '\0' && strchr("$`\"\\\n", s->at[1]) != NULL) {
      if (s->at[1] != '\n') *s->out++ = s->at[1];
      s->at += 2;
    } else {
      *s->out++ = *s->at++;
    }
  }
  s->at++;
  return 0;
}

static int take_plain(splitter *s) {
  if (strchr("|&;<>", *s->at) != NULL) {
    return FAIL(s, "unquoted '%c' at position %lu: no shell is involved; use {\"sh\", \"-c\", …}",
                *s->at, position(s, s->at));
  }
  *s->out++ = *s->at++;
  return 0;
}

static int take_argument(splitter *s) {
  s->arguments[s->count++] = s->out;
  while (*s->at != '\0' && !is_blank(*s->at)) {
    int result = *s->at == '\\'   ? take_escape(s)
                 : *s->at == '\'' ? take_single_quoted(s)
                 : *s->at == '"'  ? take_double_quoted(s)
                                  : take_plain(s);
    if (result != 0) return -1;
  }
  *s->out++ = '\0';
  return 0;
}

/* An escaped newline joins two lines; between arguments it is a blank and begins none. */
static void skip_blanks(splitter *s) {
  while (is_blank(*s->at) || (s->at[0] == '\\' && s->at[1] == '\n')) {
    s->at += *s->at == '\\' ? 2 : 1;
  }
}

/*
 * One allocation holds the vector and, behind it, the texts. Arguments are separated by at least
 * one character, so there are at most half as many as characters, and no text is longer than its
 * source with the separator's place for the terminator.
 */
static char **vector_new(size_t size) {
  size_t slots = size / 2 + 2;
  return malloc(slots * sizeof(char *) + size + 1);
}

char **hcs_command_line_split(const char *line, hcs_error *err) {
  size_t size = strlen(line);
  char **arguments = vector_new(size);
  if (arguments == NULL) {
    (void)hcs_fail_memory(err);
    return NULL;
  }
  splitter s = {line, line, (char *)(arguments + size / 2 + 2), arguments, 0, err};
  int result = 0;
  for (skip_blanks(&s); result == 0 && *s.at != '\0'; skip_blanks(&s)) result = take_argument(&s);
  if (result == 0 && s.count == 0) {
    result = FAIL(&s, "it is empty; give the command and its arguments");
  }
  if (result != 0) {
    free(arguments);
    return NULL;
  }
  arguments[s.count] = NULL;
  return arguments;
}

void hcs_command_line_free(char **arguments) { free(arguments); }
