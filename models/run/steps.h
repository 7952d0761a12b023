/* The numbered files of a run: checkpoints/N.safetensors and snapshots/N.safetensors, N being the
 * number of optimiser updates made. They are written through NnTensorWriter, so a file of that name
 * is whole unless the disk lost a part of it. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define RUN_CHECKPOINTS "checkpoints"
#define RUN_SNAPSHOTS "snapshots"

/* run/kind/step.safetensors (g_free). */
char *run_step_path (const char *run, const char *kind, gint64 step);

/* The steps there are files of, ascending, as gint64 (g_array_unref). Anything else in the folder
 * is ignored. */
GArray *run_steps (const char *run, const char *kind);

/* The newest checkpoint that is whole; those that are not are passed over. RUN_ERROR_NO_CHECKPOINT
 * when there is none. `step` may be NULL. */
char *run_newest_checkpoint (const char *run, gint64 *step, GError **error);

/* The file that a command's CKPT means: of a run its newest checkpoint, else the file itself
 * (g_free). */
char *run_resolve_checkpoint (const char *run_or_file, GError **error);

/* Removes the files of later steps, which a resumed run will make again. */
gboolean run_remove_later (const char *run, const char *kind, gint64 step, GError **error);

/* Removes snapshots until they take at most `budget` bytes: the first and the newest stay, those
 * between are thinned evenly. 0: keeps all. */
gboolean run_thin_snapshots (const char *run, gint64 budget, GError **error);

G_END_DECLS
