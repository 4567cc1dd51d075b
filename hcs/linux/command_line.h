/*
 * command_line.h - a CommandLine as an argument vector.
 */
#ifndef HCS_LINUX_COMMAND_LINE_H
#define HCS_LINUX_COMMAND_LINE_H

#include "../error.h"

/*
 * Splits a line by POSIX shell quoting; nothing is expanded. The vector has at least one argument,
 * ends with NULL and is given back with hcs_command_line_free(). NULL: `err` says what is wrong in
 * the line and where.
 */
char **hcs_command_line_split(const char *line, hcs_error *err);
void hcs_command_line_free(char **arguments);

#endif
