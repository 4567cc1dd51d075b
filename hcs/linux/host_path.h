/*
 * host_path.h - paths of the host that a document names.
 */
#ifndef HCS_LINUX_HOST_PATH_H
#define HCS_LINUX_HOST_PATH_H

#include <sys/stat.h>

#include "../error.h"

/* Each names `field` in its error. What is there is told in `info`; links are followed. */
int hcs_host_path_check(const char *path, const char *field, struct stat *info, hcs_error *err);
int hcs_host_path_check_directory(const char *path, const char *field, hcs_error *err);

#endif
