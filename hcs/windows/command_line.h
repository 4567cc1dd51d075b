/*
 * command_line.h - an argument vector as the one CommandLine that a Windows process is started with.
 *
 * Without windows.h, so that it is tested on every machine.
 */
#ifndef HCS_WINDOWS_COMMAND_LINE_H
#define HCS_WINDOWS_COMMAND_LINE_H

#include <jansson.h>

#include "../error.h"

/*
 * Owned (free). `arguments` is a checked CommandArgs: an array of strings, the program first. What comes out is
 * split by CommandLineToArgvW and by C's run-time library into the very same strings. NULL: `err` names
 * the argument for which there is no such line.
 */
char *hcs_windows_command_line(const json_t *arguments, hcs_error *err);

#endif
