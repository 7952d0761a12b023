/* What train and resume share: progress, interruption, and the run itself. */
#pragma once

#include "models/train/trainer.h"

G_BEGIN_DECLS

/* Fills the observer: a progress bar, results above it, and Ctrl-C. The first SIGINT or SIGTERM asks
 * for a clean stop with a checkpoint; the second ends the process at once. */
void cli_training_observe (TrainObserver *observer, gboolean json);

/* Trains and says how it ended. Frees the trainer; takes `error` of its making if it is NULL.
 * Returns the exit status. */
int cli_training_run (Trainer *trainer, GError *error);

G_END_DECLS
