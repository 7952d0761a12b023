/* Reference steps: folders as fixtures/tiny-evit, made by other programs in double precision.
 *
 *   config.json, weights.safetensors, teacher.safetensors, batches.safetensors (image.N, tokens.N),
 *   expected.safetensors (what a step on each batch must give; see fixture_agree)
 */
#pragma once

#include "models/nn/step.h"

G_BEGIN_DECLS

typedef struct
{
  char *folder;
  NnConfig config;
  NnModel *model; /* weights and teacher loaded */
  NnTensorFile *batches, *expected;
} Fixture;

/* Ends the test where anything is missing. */
Fixture *fixture_new (GpuDevice *device, const char *name);
void fixture_free (Fixture *fixture);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Fixture, fixture_free)

/* The folder's path (g_free), and a file's in it. */
char *fixture_folder (const char *name);
char *fixture_file (const char *name, const char *file);

/* Batches there are, and pairs in each. */
guint fixture_count (const Fixture *fixture);
guint fixture_batch (const Fixture *fixture);

/* Puts a batch where a step reads it. */
void fixture_fill (const Fixture *fixture, NnStep *step, guint batch);

/* Ends the test unless `got` is the expected tensor of that name: kept.* to the number, others to a
 * relative norm of the difference of
 *   1e-4   features, logits, losses, gradients
 *   2e-4   weights and teacher after the first update (after1.*, teacher1.*), but
 *   3e-3   their in_proj_bias: the keys' part has no gradient but rounding, which AdamW's first
 *          step scales up
 *   1e-3   the trajectory
 */
void fixture_agree (const Fixture *fixture, const char *name, gconstpointer got);
/* The same of every parameter's values in a slab, under prefix + name. */
void fixture_agree_slab (const Fixture *fixture, NnSlab slab, const char *prefix);
/* Runs all batches: of the first, all that is expected; of all, the losses. The step, fresh, watches. */
void fixture_check_step (const Fixture *fixture, NnStep *step);

G_END_DECLS
