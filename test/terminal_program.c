/*
 * terminal_program.c - a terminal with somebody at it: terminal_program SCRIPT COMMAND [ARGUMENT...]
 *
 * Runs the command in a new pseudo terminal of 80 x 24, as its session's leader, and does what the script
 * says, a line at a time; spec/support/linux/terminal.lua writes it. Escapes in texts: \n \r \t \e \xHH \\.
 *   expect TEXT        waits until the text is written, behind what was expected before
 *   type TEXT          types it
 *   size WIDTH HEIGHT  resizes the terminal
 *   modes NAME         waits until the modes are "raw", "own" or, as they were at the beginning, "usual"
 *   usual, own         sets the modes to what they were; to others, as a shell does that edits lines
 *   signal NUMBER      sends it to the command
 *   hangup             closes the terminal
 *   run COMMAND        runs a shell command; $CHILD is the pid of the program's command, and its session
 *   wait               waits for the command's end and prints: exited CODE, or killed SIGNAL
 *   rest               prints what is written and was not expected
 * What does not happen within ten seconds ends it with code 1 and a message.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 10000
#define LINE_BYTES 4096
#define OUTPUT_BYTES (1 << 20)

static int master, slave;
static pid_t child;
static struct termios usual, own;
static char output[OUTPUT_BYTES];
static size_t output_size;

static void fail(const char *what, const char *text) {
  printf("%s '%s'; what was written: '%.*s'\n", what, text, (int)output_size, output);
  kill(-child, SIGCONT); /* whoever the script has stopped in its group */
  kill(child, SIGKILL);
  exit(1);
}

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- the terminal --------------------------------------------------------------------------------- */

/* Takes what the terminal shows; waits for some, `timeout_ms` at most. 1 if there was any. */
static int look(int timeout_ms) {
  struct pollfd item = {master, POLLIN, 0};
  ssize_t n;
  if (poll(&item, 1, timeout_ms) <= 0 || (item.revents & POLLIN) == 0) return 0;
  if (output_size == sizeof output) fail("too much is written", "");
  n = read(master, output + output_size, sizeof output - output_size);
  if (n > 0) output_size += (size_t)n;
  return n > 0;
}

static void forget(size_t size) {
  output_size -= size;
  memmove(output, output + size, output_size);
}

static void expect(const char *text, size_t size) {
  int64_t end_ms = now_ms() + PATIENCE_MS;
  const char *found;
  while ((found = memmem(output, output_size, text, size)) == NULL) {
    int64_t left_ms = end_ms - now_ms();
    if (left_ms <= 0) fail("not written", text);
    look((int)left_ms);
  }
  forget((size_t)(found - output) + size);
}

static void type(const char *text, size_t size) {
  while (size > 0) {
    ssize_t n = write(master, text, size);
    if (n < 0) fail("cannot type", text);
    text += n;
    size -= (size_t)n;
    look(0); /* nobody waits for a full terminal */
  }
}

static int is_same(const struct termios *a, const struct termios *b) {
  return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_cflag == b->c_cflag &&
         a->c_lflag == b->c_lflag && memcmp(a->c_cc, b->c_cc, sizeof a->c_cc) == 0;
}

static const char *modes_name(void) {
  struct termios modes;
  const tcflag_t raw = ICANON | ECHO | ISIG | IEXTEN;
  if (tcgetattr(slave, &modes) != 0) return "gone";
  if (is_same(&modes, &usual)) return "usual";
  if (is_same(&modes, &own)) return "own";
  return (modes.c_lflag & raw) == 0 && (modes.c_oflag & OPOST) == 0 ? "raw" : "others";
}

static void await_modes(const char *name) {
  int64_t end_ms = now_ms() + PATIENCE_MS;
  while (strcmp(modes_name(), name) != 0) {
    if (now_ms() > end_ms) fail("the modes are not", name);
    look(5);
  }
}

static void resize(const char *numbers) {
  struct winsize size = {0};
  if (sscanf(numbers, "%hu %hu", &size.ws_col, &size.ws_row) != 2) fail("no size", numbers);
  ioctl(master, TIOCSWINSZ, &size);
}

static void await_end(void) {
  int64_t end_ms = now_ms() + PATIENCE_MS;
  int status;
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (now_ms() > end_ms) fail("it does not end", "");
    look(5);
  }
  if (WIFEXITED(status))
    printf("exited %d\n", WEXITSTATUS(status));
  else
    printf("killed %d\n", WTERMSIG(status));
}

static void print_rest(void) {
  while (look(50)) continue;
  fwrite(output, 1, output_size, stdout);
  output_size = 0;
}

static void run(const char *command) {
  if (system(command) != 0) fail("it fails", command);
}

static void hang_up(void) {
  close(slave);
  close(master);
  slave = master = -1;
}

/* ---- the script ------------------------------------------------------------------------------------ */

/* In place; returns the new size. */
static size_t unescape(char *text) {
  static const char names[] = "nrte\\", bytes[] = "\n\r\t\033\\";
  size_t size = 0;
  for (const char *at = text; *at != '\0'; at++) {
    const char *name = at[0] == '\\' && at[1] != '\0' ? strchr(names, at[1]) : NULL;
    unsigned byte;
    if (name != NULL) {
      text[size++] = bytes[name - names];
      at++;
    } else if (at[0] == '\\' && sscanf(at, "\\x%2x", &byte) == 1) {
      text[size++] = (char)byte;
      at += 3;
    } else {
      text[size++] = *at;
    }
  }
  text[size] = '\0';
  return size;
}

static void perform(const char *verb, char *rest) {
  size_t size = unescape(rest);
  if (strcmp(verb, "expect") == 0)
    expect(rest, size);
  else if (strcmp(verb, "type") == 0)
    type(rest, size);
  else if (strcmp(verb, "size") == 0)
    resize(rest);
  else if (strcmp(verb, "modes") == 0)
    await_modes(rest);
  else if (strcmp(verb, "usual") == 0)
    tcsetattr(slave, TCSANOW, &usual);
  else if (strcmp(verb, "own") == 0)
    tcsetattr(slave, TCSANOW, &own);
  else if (strcmp(verb, "signal") == 0)
    kill(child, atoi(rest));
  else if (strcmp(verb, "hangup") == 0)
    hang_up();
  else if (strcmp(verb, "run") == 0)
    run(rest);
  else if (strcmp(verb, "wait") == 0)
    await_end();
  else if (strcmp(verb, "rest") == 0)
    print_rest();
  else
    fail("no such verb", verb);
}

static int run_script(const char *path) {
  static char line[LINE_BYTES];
  FILE *script = fopen(path, "r");
  if (script == NULL) return 1;
  while (fgets(line, sizeof line, script) != NULL) {
    char *space;
    line[strcspn(line, "\n")] = '\0';
    space = strchr(line, ' ');
    if (space != NULL) *space = '\0';
    perform(line, space != NULL ? space + 1 : line + strlen(line));
  }
  fclose(script);
  return 0;
}

/* ---- the command ----------------------------------------------------------------------------------- */

static void start(char **command) {
  child = fork();
  if (child != 0) return;
  setsid();
  ioctl(slave, TIOCSCTTY, 0);
  for (int fd = 0; fd < 3; fd++) dup2(slave, fd);
  execvp(command[0], command);
  _exit(127);
}

int main(int argc, char **argv) {
  const struct winsize size = {.ws_col = 80, .ws_row = 24};
  if (argc < 3) return 64;
  setvbuf(stdout, NULL, _IONBF, 0);
  master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) return 1;
  slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (slave < 0 || tcgetattr(slave, &usual) != 0 || ioctl(slave, TIOCSWINSZ, &size) != 0) return 1;
  own = usual;
  own.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
  start(argv + 2);
  char pid[16];
  snprintf(pid, sizeof pid, "%d", (int)child);
  setenv("CHILD", pid, 1);
  unsetenv("LD_PRELOAD"); /* the sanitizer is for the command: under it ps(1) hangs */
  return run_script(argv[1]);
}
