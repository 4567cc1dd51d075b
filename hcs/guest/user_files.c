/*
 * user_files.c - users and groups in the container's own /etc/passwd and /etc/group. Compiled for the
 * guest and for the host side.
 */
#include "user_files.h"
#include "string.h"

#define FILE_BYTES_MAX (1u << 20)
#define FIELDS_MAX 7
#define ID_NONE UINT32_MAX /* setresuid(2) and its kind take it for "leave as it is" */

/* ---- lines of a file ------------------------------------------------------------------------------- */

static void file_open(user_files *files, const char *path) {
  files->fd = files->open(files, path);
  files->total = files->at = files->size = 0;
}

static void file_close(user_files *files) {
  if (files->fd >= 0) files->close(files->fd);
}

/* The next byte, -1 at the end. */
static int next_byte(user_files *files) {
  long size;
  if (files->at < files->size) return (unsigned char)files->block[files->at++];
  if (files->fd < 0 || files->total >= FILE_BYTES_MAX) return -1;
  size = files->read(files->fd, files->block, sizeof files->block);
  if (size <= 0) return -1;
  files->total += (uint32_t)size;
  files->size = (uint32_t)size;
  files->at = 1;
  return (unsigned char)files->block[0];
}

/* The next line that fits, without its end; NULL after the last. */
static char *next_line(user_files *files) {
  uint32_t length = 0;
  int byte = next_byte(files);
  if (byte < 0) return NULL;
  for (; byte >= 0; byte = next_byte(files)) {
    if (byte == '\n') {
      if (length < sizeof files->line) break;
      length = 0; /* too long: the next one */
      continue;
    }
    if (length < sizeof files->line - 1)
      files->line[length++] = (char)byte;
    else
      length = sizeof files->line;
  }
  if (length >= sizeof files->line) return NULL;
  files->line[length] = '\0';
  return files->line;
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
static int passwd_find(user_files *files, const char *name, user_identity *user) {
  char *fields[FIELDS_MAX], *line;
  int found = 0;
  file_open(files, "/etc/passwd");
  while (!found && (line = next_line(files)) != NULL) {
    uint32_t uid, gid;
    if (split(line, fields, FIELDS_MAX) < 6) continue;
    uid = id_of(fields[2]);
    gid = id_of(fields[3]);
    if (uid == ID_NONE || gid == ID_NONE || fields[0][0] == '\0') continue;
    found = name != NULL ? string_equal(fields[0], name) : uid == user->uid;
    if (!found) continue;
    user->uid = uid;
    user->gid = gid;
    copy(files->login, fields[0], sizeof files->login);
    if (fields[5][0] != '\0') copy(user->home, fields[5], sizeof user->home);
  }
  file_close(files);
  return found;
}

/* The group's id, or ID_NONE. */
static uint32_t group_find(user_files *files, const char *name) {
  char *fields[FIELDS_MAX], *line;
  uint32_t gid = ID_NONE;
  file_open(files, "/etc/group");
  while (gid == ID_NONE && (line = next_line(files)) != NULL)
    if (split(line, fields, FIELDS_MAX) >= 3 && string_equal(fields[0], name))
      gid = id_of(fields[2]);
  file_close(files);
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
static void groups_of(user_files *files, user_identity *user) {
  char *fields[FIELDS_MAX], *line;
  user->groups[0] = user->gid;
  user->group_count = 1;
  file_open(files, "/etc/group");
  while (user->group_count < USER_GROUPS_MAX && (line = next_line(files)) != NULL) {
    uint32_t gid;
    if (split(line, fields, FIELDS_MAX) < 4 || !is_listed(fields[3], files->login)) continue;
    gid = id_of(fields[2]);
    if (gid != ID_NONE && gid != user->gid) user->groups[user->group_count++] = gid;
  }
  file_close(files);
}

/* ---- the whole ------------------------------------------------------------------------------------- */

static int find_group_part(user_files *files, const char *text, user_identity *user) {
  uint32_t gid = id_of(text);
  if (gid == ID_NONE) gid = group_find(files, text);
  if (gid == ID_NONE) return -1;
  user->gid = gid;
  return 0;
}

int user_files_find(user_files *files, const char *text, user_identity *user) {
  size_t length = 0;
  const char *group = NULL;
  int found;
  if (*text == '\0') text = "0:0";
  while (text[length] != '\0' && text[length] != ':') length++;
  if (text[length] == ':') group = text + length + 1;
  if (length >= sizeof files->name) return -1;
  memcpy(files->name, text, length);
  files->name[length] = '\0';
  user->uid = id_of(files->name);
  user->gid = 0;
  user->group_count = 0;
  copy(user->home, "/", sizeof user->home);
  found = passwd_find(files, user->uid == ID_NONE ? files->name : NULL, user);
  if (!found && user->uid == ID_NONE) return -1;
  if (group != NULL) return find_group_part(files, group, user);
  if (found) groups_of(files, user);
  return 0;
}
