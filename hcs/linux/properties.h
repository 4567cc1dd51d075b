/*
 * properties.h - ContainerProperties of one container.
 */
#ifndef HCS_LINUX_PROPERTIES_H
#define HCS_LINUX_PROPERTIES_H

#include <jansson.h>

#include "../platform.h"
#include "cgroup_paths.h"

/* What they are made of: borrowed from the container's link or from its record. */
typedef struct hcs_subject {
  const char *id, *name, *owner, *nonce;
  const hcs_group_paths *groups;
  hcs_status_page *status;
  const hcs_record *record; /* NULL: to be read when it is asked for */
} hcs_subject;

/*
 * An owned object with the types that the query (may be NULL) asks for. NULL with the error filled, also
 * when a container that was running has ended meanwhile.
 */
json_t *hcs_properties_make(const hcs_subject *of, hcs_state state, const hcs_document *query,
                            hcs_error *err);
/* As text, which is owned. Takes the document; a NULL stays one, and its error. */
char *hcs_properties_text(json_t *document, hcs_error *err);

#endif
