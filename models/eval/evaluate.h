/* Retrieval of a model over a split of a data set.
 *
 * An EvalRetrieval plans its encoders once and is run on weights as they are at each run: it reads
 * the model's slabs in place, so a trainer keeps one and asks it at every epoch's end. Used on the
 * device's thread; model and pairs outlive it.
 */
#pragma once

#include "models/data/pairs.h"
#include "models/eval/features.h"
#include "models/eval/retrieval.h"

G_BEGIN_DECLS

#define EVAL_ERROR (eval_error_quark ())
GQuark eval_error_quark (void);

typedef enum
{
  EVAL_ERROR_EMPTY,      /* no pictures to evaluate on */
  EVAL_ERROR_NO_TEACHER, /* the model has none */
} EvalError;

/* "student" for NN_SLAB_WEIGHTS and "teacher" for NN_SLAB_TEACHER, as events and options have it.
 */
const char *eval_encoder_name (NnSlab which);

typedef struct _EvalRetrieval EvalRetrieval;

/* All pictures of the split that could be decoded, with all of their captions. */
EvalRetrieval *eval_retrieval_new (NnModel *model, const DataPairs *pairs, DataSplit split,
                                   GError **error);
void eval_retrieval_free (EvalRetrieval *retrieval);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EvalRetrieval, eval_retrieval_free)

/* One image encoder to ask: its weights and keep rate, 0 being the config's for the student and 1
 * for the teacher. */
typedef struct
{
  NnSlab which;
  double keep_rate;
} EvalEncoder;

/* Plans these encoders now, so that the run that asks for them takes no more memory. */
gboolean eval_retrieval_plan (EvalRetrieval *retrieval, const EvalEncoder *encoders, guint n,
                              GError **error);

/* recalls[n] of encoders[n], which share the text encoder's work. A rate not asked for in the run
 * before is planned anew. watch may be NULL; it counts pictures and texts together. */
gboolean eval_retrieval_run_all (EvalRetrieval *retrieval, EvalRecall *recalls,
                                 const EvalEncoder *encoders, guint n, const EvalWatch *watch,
                                 GError **error);

/* One encoder alone, unwatched. */
gboolean eval_retrieval_run (EvalRetrieval *retrieval, NnSlab which, double keep_rate,
                             EvalRecall *recall, GError **error);

G_END_DECLS
