/* pipes.h - the pipes between a process and the client. */
#ifndef STANDIN_PIPES_H
#define STANDIN_PIPES_H

#include <jansson.h>
#include <windows.h>

typedef struct pipe_pair {
  HANDLE client; /* given to the client, who closes it */
  HANDLE ours;
} pipe_pair;

typedef enum pipe_use {
  PIPE_FOR_CHILD, /* our end is inheritable and synchronous, as programs want their standard handles */
  PIPE_FOR_US     /* our end is for overlapped I/O */
} pipe_use;

/*
 * `to_client`: the client reads. The fault's Pipes: "overlapped" (also when nothing is said) and "plain"
 * give the server's end, with and without FILE_FLAG_OVERLAPPED; "client" gives the other end, overlapped.
 */
pipe_pair pipe_open(int to_client, pipe_use use, const json_t *fault);
/* As pipe_open(), between us and the child: `client` is our overlapped end, and nobody's to be missed. */
pipe_pair pipe_open_inside(pipe_use use);
/* Both ends, or those that are there. */
void pipe_close(pipe_pair *pair);

/* The client's ends are missed in the report until they are closed: `of` names them. */
void pipe_hand_out(HANDLE client, const char *of);
/* Array of strings, owned. */
json_t *pipes_open(void);
/* What is open is missed no more. */
void pipes_reset(void);

#endif
