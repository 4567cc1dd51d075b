/*
 * network.h - whose network a new container has: NetworkSharedContainerName.
 */
#ifndef HCS_LINUX_NETWORK_H
#define HCS_LINUX_NETWORK_H

#include "../error.h"

typedef struct hcs_network {
  int fd; /* of the network namespace that is joined; -1: an own one */
  /* The path that leads to it, also by way of the container that joined it by that; NULL: of a container. */
  char *path;
} hcs_network;

/*
 * `name` is a container's id, the absolute path of a namespace, or NULL. The namespace lives for as long as
 * anybody is in it, so the container that it was made for may end first. To be closed, also after failure.
 */
int hcs_network_open(hcs_network *network, const char *name, hcs_error *err);
void hcs_network_close(hcs_network *network);

#endif
