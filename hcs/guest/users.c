/*
 * users.c - who a process runs as.
 *
 * The files are the image's: whatever they are and hold, reading them ends, and takes no more than
 * this memory. It is done by the child, so a file system that hangs keeps nobody else waiting.
 */
#include "users.h"
#include "kernel.h"
#include "sys.h"

#define FILE_BYTES_MAX (1u << 20)
#define FIELDS_MAX 7
#define ID_NONE UINT32_MAX /* setresuid(2) and its kind take it for "leave as it is" */

/* ---- lines of a file ------------------------------------------------------------------------------- */

static struct {
  int fd; /* -1: an empty file */
  uint32_t total;
  uint32_t at;
  uint32_t size; /* of the block */
  char block[4096];
  char line[USER_LINE_MAX];
} input;

/* Only a regular file: others may block, or go on for ever. What cannot be read is empty. */
static void input_open(const char *path) {
  long fd = sys_openat(SYS_AT_FDCWD, path, SYS_O_RDONLY | SYS_O_CLOEXEC | SYS_O_NONBLOCK, 0);
  input.fd = (int)fd;
  input.total = input.at = input.size = 0;
  if (fd < 0 || descriptor_type((int)fd) == S_IFREG) return;
  sys_close((int)fd);
  input.fd = -1;
}

static void input_close(void) {
  if (input.fd >= 0) sys_close(input.fd);
}

/* The next byte, -1 at the end. */
static int input_byte(void) {
  long size;
  if (input.at < input.size) return (unsigned char)input.block[input.at++];
  if (input.fd < 0 || input.total >= FILE_BYTES_MAX) return -1;
  size = sys_read(input.fd, input.block, sizeof input.block);
  if (size <= 0) return -1;
  input.total += (uint32_t)size;
  input.size = (uint32_t)size;
  input.at = 1;
  return (unsigned char)input.block[0];
}

/* The next line that fits, without its end; NULL after the last. */
static char *input_line(void) {
  uint32_t length = 0;
  int byte = input_byte();
  if (byte < 0) return NULL;
  for (; byte >= 0; byte = input_byte()) {
    if (byte == '\n') {
      if (length < sizeof input.line) break;
      length = 0; /* too long: the next one */
      continue;
    }
    if (length < sizeof input.line - 1)
      input.line[length++] = (char)byte;
    else
      length = sizeof input.line;
  }
  if (length >= sizeof input.line) return NULL;
  input.line[length] = '\0';
  return input.line;
}

/* Cuts the line at its colons; the number of fields. */
static int split(char *line, char **fields, int max) {
  int count = 0;
  while (count < max) {
    fields[count++] = line;
    while (*line != '\0' && *line != ':') line++;
    if (*line == '\0') break;
    *line++ = '\0';
  }
  return count;
}

/* ---- ids and names --------------------------------------------------------------------------------- */

/* An id written in digits, or ID_NONE. */
static uint32_t id_of(const char *text) {
  int64_t number = string_number(text, string_length(text));
  return number < 0 ? ID_NONE : (uint32_t)number;
}

static void copy(char *to, const char *from, size_t room) {
  size_t length = string_length(from);
  if (length >= room) length = room - 1;
  memcpy(to, from, length);
  to[length] = '\0';
}

/*
 * Finds the user by name, or by uid if `name` is NULL, and fills in the ids, home and the login name:
 * 1, or 0 if there is none.
 */
static int passwd_find(const char *name, user_identity *user, char *login) {
  char *fields[FIELDS_MAX], *line;
  int found = 0;
  input_open("/etc/passwd");
  while (!found && (line = input_line()) != NULL) {
    uint32_t uid, gid;
    if (split(line, fields, FIELDS_MAX) < 6) continue;
    uid = id_of(fields[2]);
    gid = id_of(fields[3]);
    if (uid == ID_NONE || gid == ID_NONE || fields[0][0] == '\0') continue;
    found = name != NULL ? string_equal(fields[0], name) : uid == user->uid;
    if (!found) continue;
    user->uid = uid;
    user->gid = gid;
    copy(login, fields[0], USER_LINE_MAX);
    if (fields[5][0] != '\0') copy(user->home, fields[5], sizeof user->home);
  }
  input_close();
  return found;
}

/* The group's id, or ID_NONE. */
static uint32_t group_find(const char *name) {
  char *fields[FIELDS_MAX], *line;
  uint32_t gid = ID_NONE;
  input_open("/etc/group");
  while (gid == ID_NONE && (line = input_line()) != NULL)
    if (split(line, fields, FIELDS_MAX) >= 3 && string_equal(fields[0], name))
      gid = id_of(fields[2]);
  input_close();
  return gid;
}

static int is_listed(const char *list, const char *name) {
  size_t length = string_length(name);
  while (*list != '\0') {
    size_t n = 0;
    while (list[n] != '\0' && list[n] != ',') n++;
    if (n == length && memcmp(list, name, n) == 0) return 1;
    list += list[n] == ',' ? n + 1 : n;
  }
  return 0;
}

/* As initgroups(3) does: the user's own group, and all that list the name. */
static void groups_of(const char *login, user_identity *user) {
  char *fields[FIELDS_MAX], *line;
  user->groups[0] = user->gid;
  user->group_count = 1;
  input_open("/etc/group");
  while (user->group_count < USER_GROUPS_MAX && (line = input_line()) != NULL) {
    uint32_t gid;
    if (split(line, fields, FIELDS_MAX) < 4 || !is_listed(fields[3], login)) continue;
    gid = id_of(fields[2]);
    if (gid != ID_NONE && gid != user->gid) user->groups[user->group_count++] = gid;
  }
  input_close();
}

/* ---- the whole ------------------------------------------------------------------------------------- */

static int find_group_part(const char *text, user_identity *user) {
  uint32_t gid = id_of(text);
  if (gid == ID_NONE) gid = group_find(text);
  if (gid == ID_NONE) return -1;
  user->gid = gid;
  return 0;
}

int user_find(const char *text, user_identity *user) {
  static char name[USER_LINE_MAX], login[USER_LINE_MAX];
  size_t length = 0;
  const char *group = NULL;
  int found;
  if (*text == '\0') text = "0:0";
  while (text[length] != '\0' && text[length] != ':') length++;
  if (text[length] == ':') group = text + length + 1;
  if (length >= sizeof name) return -1;
  memcpy(name, text, length);
  name[length] = '\0';
  user->uid = id_of(name);
  user->gid = 0;
  user->group_count = 0;
  copy(user->home, "/", sizeof user->home);
  found = passwd_find(user->uid == ID_NONE ? name : NULL, user, login);
  if (!found && user->uid == ID_NONE) return -1;
  if (group != NULL) return find_group_part(group, user);
  if (found) groups_of(login, user);
  return 0;
}
