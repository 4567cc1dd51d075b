/*
 * program.h - running one of the host's own programs, in setup.
 */
#ifndef HCS_GUEST_PROGRAM_H
#define HCS_GUEST_PROGRAM_H

#define PROGRAM_MISSING 127 /* the shell's status for it; also when it cannot be executed */

/*
 * Runs the system program argv[0] (a name without a slash) in the directory `dir`, with no input, no
 * output and an empty environment, and waits for it. Its exit status, 128+n for signal n, or -errno.
 */
long program_run(int dir, const char *const *argv);

#endif
