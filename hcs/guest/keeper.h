/*
 * keeper.h - what the host side and the keeper of a terminal say to each other, on a SEQPACKET socket.
 *
 * The keeper sends KEEPER_READY once and KEEPER_CHANGED whenever the terminal may be another one than
 * it was: resized, or given back to a program that was stopped. It is sent a keeper_modes, and from
 * then on the end of the socket makes it put the terminal back.
 */
#ifndef HCS_GUEST_KEEPER_H
#define HCS_GUEST_KEEPER_H

#include <asm/termbits.h>

/* The descriptors that it is started with. */
#define KEEPER_FD_TERMINAL 0
#define KEEPER_FD_SOCKET 1
#define KEEPER_FD_COUNT 2

#define KEEPER_READY 'r'
#define KEEPER_CHANGED 'c'

typedef struct keeper_modes {
  struct termios2 before; /* to be put back … */
  struct termios2 raw;    /* … unless somebody has changed these meanwhile */
} keeper_modes;

_Noreturn void keeper_run(void);

#endif
