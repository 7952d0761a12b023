/* The probes of a run: a few held-out pairs that snapshots look at, always the same.
 *
 * probes/probes.json is a list of {"id", "caption", "picture"}; the pictures beside it are 256 px,
 * fitted as the model sees them. snapshots/N.safetensors, after N updates:
 *   student, teacher, text [n,D]   normalised features; teacher only where there is one
 *   logit_scale [1]                s
 *   and for each shrinking block L:
 *   kept.L [n,K] int32             patch numbers, attention descending; -1: an earlier fused token
 *   attention.L [n,P]              attention of CLS by patch; -1: dropped in an earlier block
 *   fused.L [n]                    attention of the earlier fused token; -1: there is none
 */
#pragma once

#include "models/data/pairs.h"
#include "models/nn/encoder.h"
#include "models/run/folder.h"

G_BEGIN_DECLS

#define TRAIN_PROBE_PICTURE_SIZE 256

typedef struct _TrainProbes TrainProbes;

/* Chooses config.run.probes held-out items (training items where there are none), evenly spaced.
 * The model outlives the probes. */
TrainProbes *train_probes_new (NnModel *model, const DataPairs *pairs, GError **error);
void train_probes_free (TrainProbes *probes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TrainProbes, train_probes_free)

/* Copies pictures and captions into the run's probes/. */
gboolean train_probes_copy (const TrainProbes *probes, const RunFolder *run, GError **error);

/* Encodes the probes with the model as it is, at a keep rate, and writes a snapshot. */
gboolean train_probes_snapshot (TrainProbes *probes, const char *path, double keep_rate,
                                GError **error);

G_END_DECLS
