/* faults.h - how the stand-in misbehaves: rules for single calls and settings for all (standin.h). */
#ifndef STANDIN_FAULTS_H
#define STANDIN_FAULTS_H

#include <jansson.h>
#include <windows.h>

/* 0, or -1 for what is not an object of known fields, with a complaint. Takes nothing. */
int faults_add(const json_t *rule);
int faults_set(const json_t *settings);
void faults_clear(void);

/*
 * An object, owned: the settings, and over them the first rule for this function or notification and
 * this system that still applies. `id` may be NULL.
 */
json_t *fault_take(const char *on, const char *id);

/* NULL if it is not there or no string. */
const char *fault_text(const json_t *fault, const char *name);
int fault_is(const json_t *fault, const char *name);
int fault_number(const json_t *fault, const char *name, int otherwise);
/* A number or "0xC0370105"; 0 if it is not there. */
int fault_status(const json_t *fault, const char *name, HRESULT *status);
/* A document as it is given out: a string as it stands, anything else as JSON, null as nothing. Owned. */
char *fault_document(const json_t *fault, const char *name);

/* A delay within DelayMinMs and DelayMaxMs. */
int fault_delay_us(const json_t *fault);

#endif
