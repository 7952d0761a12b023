/* A run folder: the protocol between a trainer and everyone who watches it.
 *
 *   config.json     the resolved config            events.jsonl   what happened (run/events.h)
 *   control.jsonl   what is asked for              lock           held by the trainer for life
 *   log.txt         free text                      probes/        pictures and captions watched
 *   snapshots/N.safetensors, checkpoints/N.safetensors            (run/steps.h)
 *
 * Only the process that holds a RunFolder writes, `control.jsonl` apart. Everyone else uses the
 * functions that take a path, which change nothing. Errors are of the domain RUN_ERROR (or
 * NN_CONFIG_ERROR for a wrong config.json) and name the file and the remedy.
 */
#pragma once

#include "models/nn/config.h"

G_BEGIN_DECLS

#define RUN_ERROR (run_error_quark ())
GQuark run_error_quark (void);

typedef enum
{
  RUN_ERROR_IO,            /* a file or folder cannot be made, read or written */
  RUN_ERROR_LOCKED,        /* another process trains this run */
  RUN_ERROR_EXISTS,        /* there is a run already */
  RUN_ERROR_NOT_A_RUN,     /* no folder, or one without config.json */
  RUN_ERROR_NO_CHECKPOINT, /* no whole checkpoint */
} RunError;

typedef enum
{
  RUN_STATE_RUNNING,
  RUN_STATE_PAUSED,
  RUN_STATE_STOPPED,  /* by request, can be resumed */
  RUN_STATE_FINISHED, /* all its steps done */
  RUN_STATE_FAILED,   /* by an error that it wrote down */
  RUN_STATE_KILLED,   /* its process is gone without a word */
} RunState;

/* "running" and so on, as in events of type state. */
const char *run_state_name (RunState state);

/* What a run is doing: who holds its lock, and its last state event. `reason` (or NULL) gets that
 * event's reason, or NULL (g_free). */
gboolean run_state (const char *path, RunState *state, char **reason, GError **error);

/* The lock alone: TRUE while some process trains the run. */
gboolean run_is_alive (const char *path);

/* $XDG_DATA_HOME/penumbra/runs (g_free). */
char *run_default_root (void);

/* Reads a run's resolved config. */
gboolean run_load_config (const char *path, NnConfig *config, GError **error);

typedef struct RunFolder RunFolder;

/* Makes a run and takes its lock; config.json is written. path NULL: a new folder, named by date
 * and time, in run_default_root. An existing folder is fine unless it holds a run. A failure leaves
 * nothing behind that was not there before. */
RunFolder *run_folder_create (const char *path, const NnConfig *config, GError **error);

/* Takes the lock of an existing run, reads its config and removes the unfinished (.tmp) files of a
 * trainer that was killed. */
RunFolder *run_folder_open (const char *path, NnConfig *config, GError **error);

/* Gives the lock back. NULL is fine. */
void run_folder_free (RunFolder *folder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RunFolder, run_folder_free)

const char *run_folder_path (const RunFolder *folder);

/* The path of a file in the folder: "events.jsonl", "log.txt", "probes/3.png" (g_free). */
char *run_folder_file (const RunFolder *folder, const char *name);

/* Replaces config.json whole, e.g. when the horizon has been resolved or stretched. */
gboolean run_folder_write_config (RunFolder *folder, const NnConfig *config, GError **error);

G_END_DECLS
