/* What tests of whole runs share: penumbra-cli train and resume in a folder that goes away, and what
 * their runs wrote. The folder holds the data set "scenes" and the finished run "straight". */
#pragma once

#include "models/nn/safetensors.h"
#include "models/run/control.h"
#include "models/run/events.h"
#include "models/run/folder.h"
#include "models/run/steps.h"

G_BEGIN_DECLS

#define TRAINING_STEPS 24 /* of 33: three epochs of 11 */

void training_begin (void);
void training_end (void);

/* A path in the folder (g_free). */
char *training_path (const char *name);

/* The arguments of a run that is like "straight" (g_free). */
char *training_arguments (const char *name, int steps);

/* Runs to the end; the exit status. `err` may be NULL. */
int training_run (const char *arguments, char **err);

/* Starts it; training_reap waits for its end and gives the status of waitpid. */
GPid training_start (const char *arguments);
int training_reap (GPid pid);

/* All events so far, and the n-th (from the end where n < 0) of a type, or NULL. */
RunEventReader *training_read_events (const char *name);
const cJSON *training_find_event (RunEventReader *reader, const char *type, int n);

/* Waits until a run has written an event of this type at this step or a later one; `state`, or NULL:
 * that it must tell. */
void training_wait_for (const char *name, const char *type, const char *state, gint64 step);

void training_assert_state (const char *name, RunState expected);

/* A checkpoint or snapshot. */
NnTensorFile *training_open_step (const char *name, const char *kind, gint64 step);

G_END_DECLS
