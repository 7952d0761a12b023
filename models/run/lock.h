/* The lock file of a run, held through flock by its trainer for life; it holds the trainer's
 * process number for people to read. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Takes the lock at `path`; -1 with RUN_ERROR_LOCKED when another holds it. Closing the descriptor
 * gives it back, as the end of the process does. */
int run_lock_take (const char *path, GError **error);

/* TRUE while some process holds it. */
gboolean run_lock_is_held (const char *path);

G_END_DECLS
