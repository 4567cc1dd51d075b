/*
 * scripts.c - processes without a program: a CommandLine "standin WORD…" is acted out by a thread.
 *
 *   sleep MS    waits
 *   out TEXT    writes the word and a line feed to standard output; err TEXT to standard error
 *   cat         copies standard input to standard output until its end
 *   hang        until it is killed
 *   exit CODE   ends it; 0 at the last word
 */
#include <stdlib.h>
#include <string.h>

#include "documents.h"
#include "overlapped.h"
#include "processes.h"

#define PREFIX "standin "

typedef struct svc_script {
  const HANDLE *standard;
  HANDLE kill;
  DWORD code;
} svc_script;

int script_is(const json_t *config) {
  return strncmp(document_text(config, "CommandLine"), PREFIX, strlen(PREFIX)) == 0;
}

/* ---- words: 0 to go on, 1 at the end, -1 when killed ------------------------------------------------ */

static int word_sleep(svc_script *script, const char *argument) {
  DWORD ms = (DWORD)strtoul(argument, NULL, 10);
  return WaitForSingleObject(script->kill, ms) == WAIT_OBJECT_0 ? -1 : 0;
}

static int word_hang(svc_script *script, const char *argument) {
  (void)argument;
  (void)WaitForSingleObject(script->kill, INFINITE);
  return -1;
}

static int put(svc_script *script, int which, const char *data, DWORD size) {
  HANDLE pipe = script->standard[which];
  if (pipe == NULL || overlapped_write_all(pipe, data, size, script->kill) == 0) return 0;
  return WaitForSingleObject(script->kill, 0) == WAIT_OBJECT_0 ? -1 : 0;
}

static int put_line(svc_script *script, int which, const char *text) {
  int killed = put(script, which, text, (DWORD)strlen(text));
  return killed != 0 ? killed : put(script, which, "\n", 1);
}

static int word_out(svc_script *script, const char *argument) {
  return put_line(script, 1, argument);
}

static int word_err(svc_script *script, const char *argument) {
  return put_line(script, 2, argument);
}

static int word_cat(svc_script *script, const char *argument) {
  char chunk[4096];
  (void)argument;
  if (script->standard[0] == NULL) return 0;
  for (;;) {
    int size = overlapped_read(script->standard[0], chunk, sizeof chunk, script->kill, NULL);
    if (size <= 0) return size;
    if (put(script, 1, chunk, (DWORD)size) != 0) return -1;
  }
}

static int word_exit(svc_script *script, const char *argument) {
  script->code = (DWORD)strtoul(argument, NULL, 0);
  return 1;
}

static const struct {
  const char *name;
  int has_argument;
  int (*act)(svc_script *script, const char *argument);
} words[] = {
    {"sleep", 1, word_sleep}, {"hang", 0, word_hang}, {"out", 1, word_out},
    {"err", 1, word_err},     {"cat", 0, word_cat},   {"exit", 1, word_exit},
};

/* An unknown word ends it with code 1, as a shell's syntax error would. */
static int act(svc_script *script, const char *word, char **rest) {
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    if (strcmp(words[i].name, word) != 0) continue;
    const char *argument = words[i].has_argument ? strtok_s(NULL, " ", rest) : "";
    return words[i].act(script, argument != NULL ? argument : "");
  }
  script->code = 1;
  return 1;
}

DWORD script_run(const char *command, const HANDLE standard[3], HANDLE kill,
                 const DWORD *kill_code) {
  char *copy = strdup(command + strlen(PREFIX)), *rest = NULL;
  svc_script script = {standard, kill, 0};
  int over = 0;
  for (char *word = strtok_s(copy, " ", &rest); word != NULL && over == 0;
       word = strtok_s(NULL, " ", &rest)) {
    over = act(&script, word, &rest);
  }
  free(copy);
  for (int i = 0; i < 3; i++) {
    if (standard[i] != NULL) (void)CloseHandle(standard[i]);
  }
  return over < 0 ? *kill_code : script.code;
}
