/*
 * stage.c - what setup, guest and a starting process were doing when they failed, in words.
 */
#include "stage.h"

#include <errno.h>
#include <stddef.h>

#include "../guest/protocol.h"

typedef struct stage_text {
  uint32_t stage;
  uint64_t code; /* 0: what the errno stands for */
  const char *text;
} stage_text;

static const stage_text texts[] = {
    {HCS_STAGE_PLAN, 0, "setup does not understand its plan"},
    {HCS_STAGE_CGROUP, 0, "setup cannot join the container's control groups"},
    {HCS_STAGE_NAMESPACE, 0, "the kernel refuses new namespaces (see the sysctls user.max_*)"},
    {HCS_STAGE_LAYER, 0, "cannot use the layer"},
    {HCS_STAGE_SCRATCH, 0, "cannot prepare the scratch folder"},
    {HCS_STAGE_OVERLAY, 0,
     "overlayfs refuses these layers and this scratch folder (one of them twice, or inside another?)"},
    {HCS_STAGE_VOLUME, 0, "cannot use the VolumePath"},
    {HCS_STAGE_PROC, 0, "cannot mount /proc (a link or a file in the layers?)"},
    {HCS_STAGE_SYSFS, 0, "cannot mount /sys (a link or a file in the layers?)"},
    {HCS_STAGE_DEV, 0, "cannot make /dev (a link or a file in the layers?)"},
    {HCS_STAGE_MASK, 0, "cannot hide the host's part of /proc and /sys"},
    {HCS_STAGE_PIVOT, 0, "cannot enter the container's root"},
    {HCS_STAGE_HOSTNAME, 0, "cannot set the host name"},
    {HCS_STAGE_LOOPBACK, 0, "cannot bring the loopback interface up"},
    {HCS_STAGE_NETWORK, 0, "cannot join the network of"},
    {HCS_STAGE_ETC, 0, "cannot make the container's /etc/hosts and /etc/resolv.conf"},
    {HCS_STAGE_PRIVILEGES, 0, "cannot drop privileges"},
    {HCS_STAGE_SERVICE, 0, "the guest cannot set up its service"},
    {HCS_STAGE_FORK, 0, "the container cannot start another process (at most 16384 fit)"},
    {HCS_STAGE_PROCESS_CGROUP, 0, "the process cannot join the container's control groups"},
    {HCS_STAGE_STREAMS, 0, "cannot connect the process' streams"},
    {HCS_STAGE_USER_LOOKUP, HCS_E_NO_SUCH_USER,
     "config.User: not in the container's /etc/passwd or /etc/group:"},
    {HCS_STAGE_USER, 0, "cannot become the user"},
    {HCS_STAGE_DIRECTORY, HCS_E_DIRECTORY, "config.WorkingDirectory: cannot enter"},
    {HCS_STAGE_EXEC, 0, "the container cannot execute"},
    {HCS_STAGE_MAPPED_SOURCE, 0, "cannot use"},
    {HCS_STAGE_MAPPED_TARGET, 0,
     "the container has no place for it (a file or a broken link there, or a read-only directory?) at"},
    {HCS_STAGE_MAPPED_FORBIDDEN, HCS_E_INVALID_PARAMETER,
     "links in the container lead into its /proc, /sys or /dev/pts, or to its root, from"},
    {HCS_STAGE_JOIN, 0, "cannot enter the container's mount namespace for"},
    {HCS_STAGE_UNMAP_PLACE, 0,
     "what is mapped cannot be reached any more (is something mounted over it?) at"},
    {HCS_STAGE_UNMAP, 0, "it is in use (a process works in it, or has a file of it open) at"},
    {HCS_STAGE_MAPPED_MOUNT, 0, "the kernel refuses the mount at"},
    {HCS_STAGE_CONSOLE, 0, "the process cannot have the console"},
};

static const stage_text *text_find(uint32_t stage) {
  static const stage_text unknown = {0, 0, "the container's guest failed at a step of its own"};
  size_t i;
  for (i = 0; i < sizeof texts / sizeof *texts; i++)
    if (texts[i].stage == stage) return &texts[i];
  return &unknown;
}

int hcs_stage_fail(uint32_t stage, int32_t error, const char *subject, hcs_error *err) {
  const stage_text *text = text_find(stage);
  const char *quote = subject != NULL ? " '" : "", *end = subject != NULL ? "'" : "";
  if (subject == NULL) subject = "";
  /* the number comes from the guest: nothing but an errno is taken */
  if (error < 0 || error > 4095) error = EIO;
  if (error == 0)
    return hcs_fail(err, text->code != 0 ? text->code : HCS_E_GEN_FAILURE, "%s%s%s%s", text->text,
                    quote, subject, end);
  if (text->code != 0)
    return hcs_fail_errno_as(err, text->code, error, "%s%s%s%s", text->text, quote, subject, end);
  return hcs_fail_errno(err, error, "%s%s%s%s", text->text, quote, subject, end);
}
