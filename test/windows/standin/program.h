/*
 * program.h - paths in a container, which are those of its layers and behind them of this machine.
 */
#ifndef STANDIN_PROGRAM_H
#define STANDIN_PROGRAM_H

#include "model.h"

/* The file that a process with this configuration executes. Owned; NULL: there is none. */
WCHAR *program_find(const svc_container *container, const json_t *config);
/* The directory that it starts in. Owned; NULL: there is none. */
WCHAR *program_directory(const svc_container *container, const json_t *config);
/* CommandLine, or CommandArgs quoted by the rules of CommandLineToArgvW. Owned, writable. */
WCHAR *program_command_line(const json_t *config);

#endif
