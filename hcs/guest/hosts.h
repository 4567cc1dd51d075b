/*
 * hosts.h - the container's /etc/hosts.
 */
#ifndef HCS_GUEST_HOSTS_H
#define HCS_GUEST_HOSTS_H

/*
 * Writes the file for this host name into the working directory (setup's workspace) and mounts it over
 * etc/hosts below `root`: never written into a layer or a volume. Without a place for it (a volume that
 * has none, a symbolic link) the container goes without. Reports and exits on other failures.
 */
void hosts_mount(int root, const char *host_name, int may_make);

#endif
