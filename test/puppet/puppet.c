/*
 * puppet.c - the program that specs run in containers: it does what its arguments say, one after the
 * other, the same on every platform. `puppet print "a line" cat exit 3`.
 *
 * A text may hold %s: the line that was read last.
 */
#include "puppet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 65536, NOBODY_READS = 124, BAD_USE = 125 };

static char line[BLOCK];
static char block[BLOCK];

static void end(int code) { exit(code); }

static void say(int output, const char *bytes, size_t size) {
  if (put(output, bytes, size) != 0) end(NOBODY_READS);
}

static void say_text(int output, const char *text) { say(output, text, strlen(text)); }

static void say_line(const char *text) {
  say_text(1, text != NULL ? text : "(unset)");
  say_text(1, "\n");
}

static void complain(const char *problem, const char *word) {
  say_text(2, "puppet: ");
  say_text(2, problem);
  say_text(2, word);
  say_text(2, "\n");
  end(BAD_USE);
}

/* A number, or %s. */
static size_t number(const char *text) {
  char *rest;
  size_t value;

  if (strcmp(text, "%s") == 0) text = line;
  value = (size_t)strtoull(text, &rest, 10);
  if (rest == text || *rest != '\0') complain("a number expected, got ", text);
  return value;
}

static unsigned milliseconds(const char *text) { return (unsigned)(strtod(text, NULL) * 1000); }

/* ---- output ------------------------------------------------------------------------------------------ */

static void say_with_line(int output, const char *text) {
  const char *place;

  while ((place = strstr(text, "%s")) != NULL) {
    say(output, text, (size_t)(place - text));
    say_text(output, line);
    text = place + 2;
  }
  say_text(output, text);
}

static void do_print(char **words) { say_with_line(1, words[0]); }

static void do_error(char **words) { say_with_line(2, words[0]); }

static void say_bytes(int output, size_t count) {
  memset(block, 'x', sizeof(block));
  while (count > 0) {
    size_t size = count < sizeof(block) ? count : sizeof(block);

    say(output, block, size);
    count -= size;
  }
}

static void do_bytes(char **words) { say_bytes(1, number(words[0])); }

static void do_error_bytes(char **words) { say_bytes(2, number(words[0])); }

static void do_count(char **words) {
  size_t last = number(words[1]), used = 0;

  for (size_t i = 1; i <= last; i++) {
    if (sizeof(block) - used < strlen(words[0]) + 32) {
      say(1, block, used);
      used = 0;
    }
    used += (size_t)sprintf(block + used, "%s%zu\n", words[0], i);
  }
  say(1, block, used);
}

static void do_flood(char **words) {
  (void)words;
  for (size_t i = 0; i < sizeof(block); i++) block[i] = i % 2 == 0 ? 'y' : '\n';
  for (;;) say(1, block, sizeof(block));
}

/* ---- input ------------------------------------------------------------------------------------------- */

static void do_cat(char **words) {
  size_t size;

  (void)words;
  while ((size = get(block, sizeof(block))) > 0) say(1, block, size);
}

static void do_tee(char **words) {
  size_t size;

  (void)words;
  while ((size = get(block, sizeof(block))) > 0) {
    say(1, block, size);
    say(2, block, size);
  }
}

/* Not a byte more, so that the next word finds what follows. */
static void do_read(char **words) {
  size_t length = 0;

  (void)words;
  while (length < sizeof(line) - 1 && get(line + length, 1) == 1 && line[length] != '\n') length++;
  line[length] = '\0';
}

static void do_skip(char **words) {
  size_t left = number(words[0]);

  while (left > 0) {
    size_t size = get(block, left < sizeof(block) ? left : sizeof(block));

    if (size == 0) return;
    left -= size;
  }
}

/* ---- files ------------------------------------------------------------------------------------------- */

static FILE *file_open(const char *name, const char *mode) {
  FILE *file = fopen(name, mode);

  if (file == NULL) complain("cannot open ", name);
  return file;
}

static void do_show(char **words) {
  FILE *file = file_open(words[0], "rb");
  size_t size;

  while ((size = fread(block, 1, sizeof(block), file)) > 0) say(1, block, size);
  fclose(file);
}

static void do_write(char **words) {
  FILE *file = file_open(words[0], "wb");

  fwrite(words[1], 1, strlen(words[1]), file);
  if (fclose(file) != 0) complain("cannot write ", words[0]);
}

static void do_remove(char **words) {
  if (remove(words[0]) != 0) complain("cannot remove ", words[0]);
}

/* ---- the process ------------------------------------------------------------------------------------- */

static void do_exit(char **words) { end((int)number(words[0])); }

static void do_stubborn(char **words) {
  (void)words;
  ignore_requests();
}

static void do_sleep(char **words) { sleep_ms(milliseconds(words[0])); }

static void do_spin(char **words) {
  unsigned long until_ms = used_ms() + milliseconds(words[0]);
  volatile unsigned count = 0;

  while (used_ms() < until_ms) {
    for (int i = 0; i < 100000; i++) count++;
  }
}

/* A write to each page, which no compiler leaves out. */
static void do_memory(char **words) {
  size_t size = number(words[0]) << 20;
  volatile char *memory = malloc(size);

  if (memory == NULL) complain("no memory: ", words[0]);
  for (size_t i = 0; i < size; i += 1024) memory[i] = 'x';
}

static void say_number(unsigned long value) {
  char text[32];

  sprintf(text, "%lu", value);
  say_line(text);
}

static void do_pid(char **words) {
  (void)words;
  say_number(own_pid());
}

static void do_hold(char **words) { say_number(start_sleeper((unsigned)number(words[0]))); }

static void do_env(char **words) { say_line(variable(words[0])); }

static void do_cwd(char **words) {
  (void)words;
  say_line(working_directory());
}

static void do_close(char **words) { shut((int)number(words[0])); }

static const struct word {
  const char *name;
  int operands; /* words that belong to it */
  void (*perform)(char **words);
} vocabulary[] = {
    {"print", 1, do_print},   {"error", 1, do_error},       {"bytes", 1, do_bytes},
    {"count", 2, do_count},   {"flood", 0, do_flood},       {"error-bytes", 1, do_error_bytes},
    {"cat", 0, do_cat},       {"tee", 0, do_tee},           {"read", 0, do_read},
    {"skip", 1, do_skip},     {"show", 1, do_show},         {"write", 2, do_write},
    {"remove", 1, do_remove}, {"exit", 1, do_exit},         {"sleep", 1, do_sleep},
    {"spin", 1, do_spin},     {"pid", 0, do_pid},           {"memory", 1, do_memory},
    {"hold", 1, do_hold},     {"env", 1, do_env},           {"cwd", 0, do_cwd},
    {"close", 1, do_close},   {"stubborn", 0, do_stubborn},
};

static const struct word *find(const char *name) {
  for (size_t i = 0; i < sizeof(vocabulary) / sizeof(vocabulary[0]); i++) {
    if (strcmp(vocabulary[i].name, name) == 0) return &vocabulary[i];
  }
  complain("no such word: ", name);
  return NULL;
}

/* All that follow, each in brackets. */
static void show_arguments(int count, char **words) {
  for (int i = 0; i < count; i++) {
    say_text(1, "[");
    say_text(1, words[i]);
    say_text(1, "]");
  }
}

int perform(int count, char **words) {
  int i = 1;

  while (i < count) {
    const struct word *word;

    if (strcmp(words[i], "args") == 0) {
      show_arguments(count - i - 1, words + i + 1);
      return 0;
    }
    word = find(words[i++]);
    if (count - i < word->operands) complain("more is expected behind ", word->name);
    word->perform(words + i);
    i += word->operands;
  }
  return 0;
}
