/*
 * signals.h - signal names of signal(7).
 */
#ifndef HCS_LINUX_SIGNALS_H
#define HCS_LINUX_SIGNALS_H

/* The number that "TERM", "SIGTERM" or "15" stands for, or -1. */
int hcs_signal_number(const char *text);
/* "TERM" for 15; "34" and so on for the real-time ones. Static. */
const char *hcs_signal_name(unsigned number);

#endif
