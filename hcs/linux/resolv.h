/*
 * resolv.h - a container's /etc/resolv.conf.
 */
#ifndef HCS_LINUX_RESOLV_H
#define HCS_LINUX_RESOLV_H

#include "../document.h"
#include "network.h"

/* DNSSearchList is a list of domain names. */
int hcs_resolv_check(const json_t *config, hcs_error *err);
/*
 * Its content, owned; NULL on failure. A container with a network of its own has nobody to ask, so nothing of
 * the host's is in it; one that joins another gets the name servers that go with it: those of
 * /etc/netns/<name>/resolv.conf for /run/netns/<name>, as ip-netns(8) has it, otherwise the host's.
 */
char *hcs_resolv_make(const json_t *config, const hcs_network *network, hcs_error *err);
/* The same of the text of the host's file, without a look at the host; `source` NULL: there is none. */
char *hcs_resolv_write(const json_t *config, const char *source, hcs_error *err);

#endif
