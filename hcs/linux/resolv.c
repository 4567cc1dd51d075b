/*
 * resolv.c - a container's /etc/resolv.conf (resolv.conf(5)).
 *
 * With a DNSSearchList a name without a dot is looked up in those domains, and as it stands only where
 * AllowUnqualifiedDNSQuery says so, as Windows does it: "no-tld-query" is glibc's word for that. Without
 * both fields the file is the network's own.
 */
#include "resolv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../text.h"
#include "fd.h"

#define HOST_FILE "/etc/resolv.conf"
#define FILE_MAX 65536
#define BLANKS " \t\r"
#define NO_TLD_QUERY "no-tld-query"

#define FIELD "config.DNSSearchList"
/* resolv.conf(5): what musl, and glibc before 2.26, read of a search list; longer ones they pass over. */
#define SEARCH_MAX 255
#define LABEL_MAX 63 /* RFC 1035, 2.3.4 */

/* ---- the search list ------------------------------------------------------------------------------- */

static int is_domain(const char *name, size_t size) {
  static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  while (size > 0) {
    size_t label = strspn(name, allowed);
    if (label == 0 || label > LABEL_MAX || label > size) return 0;
    if (label == size) return 1;
    if (name[label] != '.') return 0;
    name += label + 1;
    size -= label + 1;
  }
  return 1; /* "example.org." ends with a dot */
}

/* The next name of the list at `*list`, without blanks around it; NULL at the end. */
static const char *next_domain(const char **list, size_t *size) {
  const char *name = *list;
  size_t length;
  if (name == NULL) return NULL;
  length = strcspn(name, ",");
  *list = name[length] == ',' ? name + length + 1 : NULL;
  while (length > 0 && strchr(BLANKS, *name) != NULL) name++, length--;
  while (length > 0 && strchr(BLANKS, name[length - 1]) != NULL) length--;
  *size = length;
  return name;
}

static const char *search_list(const json_t *config) {
  const char *list = hcs_document_string(config, "DNSSearchList");
  return list[0] != '\0' ? list : NULL;
}

int hcs_resolv_check(const json_t *config, hcs_error *err) {
  const char *list = search_list(config), *name;
  size_t size, total = 0;
  while ((name = next_domain(&list, &size)) != NULL) {
    if (size == 0 || !is_domain(name, size))
      return hcs_fail(err, HCS_E_INVALID_PARAMETER,
                      FIELD ": '%.*s' is not a domain name: take names with commas between them, "
                            "such as 'lab.example,example.org'",
                      (int)(size > 80 ? 80 : size), name);
    total += size + 1;
  }
  if (total <= SEARCH_MAX + 1) return 0;
  return hcs_fail(err, HCS_E_INVALID_PARAMETER,
                  FIELD ": %zu characters, and some C libraries read no more than %d", total - 1,
                  SEARCH_MAX);
}

static void put_search(hcs_text *text, const char *list) {
  const char *name;
  size_t size;
  hcs_text_put(text, "search");
  while ((name = next_domain(&list, &size)) != NULL) {
    hcs_text_put(text, " ");
    hcs_text_add(text, name, size);
  }
  hcs_text_put(text, "\n");
}

/* ---- what the network brings ----------------------------------------------------------------------- */

static int is_word(const char *at, size_t size, const char *word) {
  return strlen(word) == size && memcmp(at, word, size) == 0;
}

/* The words of a line, but for one; the line ends with a NUL. */
static void put_words(hcs_text *text, const char *line, const char *without) {
  size_t size, count = 0;
  for (; (line += strspn(line, BLANKS))[0] != '\0'; line += size) {
    size = strcspn(line, BLANKS);
    if (without != NULL && is_word(line, size, without)) continue;
    if (count++ > 0) hcs_text_put(text, " ");
    hcs_text_add(text, line, size);
  }
  hcs_text_put(text, "\n");
}

static void put_line(hcs_text *text, const char *line, int has_search, int allow_unqualified) {
  size_t size = strcspn(line += strspn(line, BLANKS), BLANKS);
  if (is_word(line, size, "nameserver") || is_word(line, size, "sortlist"))
    put_words(text, line, NULL);
  else if (is_word(line, size, "options"))
    put_words(text, line, allow_unqualified ? NO_TLD_QUERY : NULL);
  else if (!has_search && (is_word(line, size, "search") || is_word(line, size, "domain")))
    put_words(text, line, NULL);
}

static void put_source(hcs_text *text, const char *source, int has_search, int allow_unqualified) {
  char line[1024];
  while (*source != '\0') {
    size_t size = strcspn(source, "\n");
    if (size < sizeof line) { /* resolvers read no longer ones either */
      memcpy(line, source, size);
      line[size] = '\0';
      put_line(text, line, has_search, allow_unqualified);
    }
    source += size + (source[size] == '\n');
  }
}

char *hcs_resolv_write(const json_t *config, const char *source, hcs_error *err) {
  const char *list = search_list(config);
  int allow_unqualified = hcs_document_bool(config, "AllowUnqualifiedDNSQuery");
  hcs_text text = {0};
  char *content;
  if (source != NULL)
    put_source(&text, source, list != NULL, allow_unqualified);
  else
    hcs_text_put(&text, "# The container has a network of its own, and in it no name server.\n");
  if (list != NULL) put_search(&text, list);
  if (list != NULL && !allow_unqualified) hcs_text_put(&text, "options " NO_TLD_QUERY "\n");
  hcs_text_put(&text, "");
  content = hcs_text_take(&text);
  if (content == NULL) hcs_fail_memory(err);
  return content;
}

/* ---- the host's file ------------------------------------------------------------------------------- */

/* 1: read; 0: there is none; -1 */
static int file_read(const char *path, char *text, hcs_error *err) {
  HCS_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  ssize_t n;
  if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) return 0;
  n = fd < 0 ? -1 : read(fd, text, FILE_MAX - 1);
  if (n < 0) return hcs_fail_errno(err, errno, "cannot read the name servers in %s", path);
  text[n] = '\0';
  return 1;
}

/* What ip-netns(8) mounts over /etc/resolv.conf for this namespace. */
static int netns_read(const char *path, char *text, hcs_error *err) {
  static const char *const folders[] = {"/run/netns/", "/var/run/netns/"};
  char file[512];
  size_t i;
  for (i = 0; path != NULL && i < sizeof folders / sizeof *folders; i++) {
    const char *name = path + strlen(folders[i]);
    if (strncmp(path, folders[i], strlen(folders[i])) != 0 || strchr(name, '/') != NULL ||
        snprintf(file, sizeof file, "/etc/netns/%s/resolv.conf", name) >= (int)sizeof file)
      continue;
    return file_read(file, text, err);
  }
  return 0;
}

char *hcs_resolv_make(const json_t *config, const hcs_network *network, hcs_error *err) {
  HCS_AUTO_FREE char *text = NULL;
  int r;
  /* an owner with a network of its own has no more to give than that */
  if (network->path == NULL) return hcs_resolv_write(config, NULL, err);
  text = calloc(1, FILE_MAX); /* not for the stack of somebody's thread */
  if (text == NULL) {
    hcs_fail_memory(err);
    return NULL;
  }
  r = netns_read(network->path, text, err);
  if (r == 0) r = file_read(HOST_FILE, text, err);
  return r < 0 ? NULL : hcs_resolv_write(config, text, err);
}
