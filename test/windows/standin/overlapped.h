/* overlapped.h - reading and writing an overlapped pipe until an event stops it. */
#ifndef STANDIN_OVERLAPPED_H
#define STANDIN_OVERLAPPED_H

#include <windows.h>

/* Bytes, 0 at the end, -1 when one of the events (the second may be NULL) is set. */
int overlapped_read(HANDLE pipe, void *data, DWORD capacity, HANDLE stop, HANDLE stop_too);
/* 0, or -1: nobody reads any more, or the event is set. */
int overlapped_write_all(HANDLE pipe, const char *data, DWORD size, HANDLE stop);

#endif
