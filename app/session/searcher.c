#include "app/session/searcher.h"

#include "models/cli/device_choice.h"
#include "models/data/pairs.h"
#include "models/data/picture.h"
#include "models/eval/checkpoint.h"
#include "models/eval/features.h"
#include "models/eval/index.h"
#include "models/run/steps.h"

#include <glib/gstdio.h>
#include <string.h>

typedef struct
{
  GpuDevice *device;

  char *run;
  gint64 time; /* of the checkpoint's file: a resumed run may make it again */
  EvalCheckpoint *checkpoint;
  NnEncoder *text;
  EvalIndex *student, *teacher;

  /* The data set outlives the checkpoints of a run. */
  DataPairs *pairs;
  guint size, context;
  guint32 *items;
  gsize n;
} Searcher;

static gpointer
create (void)
{
  return g_new0 (Searcher, 1);
}

static void
drop_model (Searcher *self)
{
  g_clear_pointer (&self->student, eval_index_free);
  g_clear_pointer (&self->teacher, eval_index_free);
  g_clear_pointer (&self->text, nn_encoder_free);
  g_clear_pointer (&self->checkpoint, eval_checkpoint_free);
  g_clear_pointer (&self->run, g_free);
}

static void
drop_pairs (Searcher *self)
{
  g_clear_pointer (&self->pairs, data_pairs_free);
  g_clear_pointer (&self->items, g_free);
}

static void
destroy (gpointer engine)
{
  Searcher *self = engine;

  drop_model (self);
  drop_pairs (self);
  g_clear_pointer (&self->device, gpu_device_unref);
  g_free (self);
}

/* The progress of one stage, as data sets and encoders tell it. */
typedef struct
{
  const WbSearchWatch *watch;
  const char *name;
} Stage;

static void
on_progress (gsize done, gsize total, gpointer data)
{
  const Stage *stage = data;

  stage->watch->stage (stage->name, done, total, stage->watch->data);
}

static gboolean
begin_stage (Stage *stage, const WbSearchWatch *watch, const char *name, GError **error)
{
  *stage = (Stage){ watch, name };
  on_progress (0, 0, stage);
  return !g_cancellable_set_error_if_cancelled (watch->cancellable, error);
}

static gboolean
open_pairs (Searcher *self, const WbSearchWatch *watch, GError **error)
{
  const NnConfig *config = &self->checkpoint->model->config;
  const guint size = (guint) config->vision.image_size;
  const guint context = (guint) config->text.context_length;
  Stage stage;

  if (self->pairs && size == self->size && context == self->context
      && strcmp (data_set_get_folder (self->pairs->set), config->data.path) == 0)
    return TRUE;
  drop_pairs (self);
  if (!begin_stage (&stage, watch, "Reading the data set", error))
    return FALSE;
  self->pairs = data_pairs_open (&(DataPairsOptions){ .folder = config->data.path,
                                                      .size = size,
                                                      .context = context,
                                                      .vocab_size = (guint) config->text.vocab_size,
                                                      .progress = on_progress,
                                                      .data = &stage,
                                                      .cancellable = watch->cancellable },
                                 error);
  if (!self->pairs)
    return FALSE;
  self->size = size;
  self->context = context;
  self->items = data_pairs_dup_split (self->pairs, DATA_SPLIT_VAL, &self->n);
  if (self->n > 0)
    return TRUE;
  g_set_error (error, DATA_ERROR, DATA_ERROR_MISSING,
               "data set %s holds out no pictures: there is nothing to search",
               data_set_get_folder (self->pairs->set));
  return FALSE;
}

static EvalIndex *
build_index (Searcher *self, NnSlab which, const char *name, const WbSearchWatch *watch,
             GError **error)
{
  NnModel *model = self->checkpoint->model;
  const guint width = (guint) model->config.embed_dim;
  const NnEncoderOptions options = { .batch = (guint) model->config.eval.batch_size,
                                     .weights = which };
  Stage stage;

  if (!begin_stage (&stage, watch, name, error))
    return NULL;
  g_autoptr (NnEncoder) encoder = nn_encoder_new_image (model, &options, error);
  if (!encoder)
    return NULL;
  const EvalWatch progress = { .progress = on_progress,
                               .data = &stage,
                               .cancellable = watch->cancellable };
  g_autofree float *features = g_new (float, self->n *width);
  if (!eval_encode_pictures (features, encoder, self->pairs->cache, self->items, self->n,
                             EVAL_NORMALISED, &progress, error))
    return NULL;
  return eval_index_new (model->device, features, (guint) self->n, width, error);
}

static gboolean
open_model (Searcher *self, const char *path, const WbSearchWatch *watch, GError **error)
{
  Stage stage;

  if (!begin_stage (&stage, watch, "Opening the model", error))
    return FALSE;
  if (!self->device && !(self->device = cli_open_device (NULL, error)))
    return FALSE;
  self->checkpoint = eval_checkpoint_open (self->device, path, NULL, error);
  if (!self->checkpoint || !open_pairs (self, watch, error))
    return FALSE;
  NnModel *model = self->checkpoint->model;
  self->text = nn_encoder_new_text (model, 1, error);
  if (!self->text)
    return FALSE;
  self->student = build_index (self, NN_SLAB_WEIGHTS, "Encoding pictures, student", watch, error);
  if (!self->student)
    return FALSE;
  if (!nn_model_has_teacher (model))
    return TRUE;
  self->teacher = build_index (self, NN_SLAB_TEACHER, "Encoding pictures, teacher", watch, error);
  return self->teacher != NULL;
}

/* A device that is lost is opened anew the next time. */
static void
give_up (Searcher *self, const GError *error)
{
  drop_model (self);
  if (error && error->domain == GPU_ERROR)
    g_clear_pointer (&self->device, gpu_device_unref);
}

static gboolean
prepare (gpointer engine, const char *run, const WbSearchWatch *watch, GError **error)
{
  Searcher *self = engine;
  GStatBuf info = { 0 };
  GError *problem = NULL;

  if (!run)
    {
      drop_model (self);
      drop_pairs (self);
      return TRUE;
    }
  g_autofree char *path = run_newest_checkpoint (run, NULL, error);
  if (!path)
    return FALSE;
  g_stat (path, &info);
  if (self->checkpoint && g_strcmp0 (self->run, run) == 0 && self->time == info.st_mtime
      && strcmp (self->checkpoint->path, path) == 0)
    return TRUE;
  drop_model (self);
  if (!open_model (self, path, watch, &problem))
    {
      give_up (self, problem);
      g_propagate_error (error, problem);
      return FALSE;
    }
  self->run = g_strdup (run);
  self->time = info.st_mtime;
  return TRUE;
}

static gboolean
encode_text (Searcher *self, float *features, const char *query, GError **error)
{
  g_autofree gint32 *ids = g_new (gint32, self->context);
  const gint32 *const rows[] = { ids };

  data_bpe_encode (self->pairs->bpe, ids, query, -1, self->context);
  return eval_encode_texts (features, self->text, rows, 1, EVAL_NORMALISED, NULL, error);
}

static gboolean
find (Searcher *self, GArray *out, EvalIndex *index, const float *features, guint k, GError **error)
{
  g_autoptr (GArray) hits = eval_index_search (index, features, k, error);

  for (guint i = 0; hits && i < hits->len; i++)
    {
      const EvalHit *hit = &g_array_index (hits, EvalHit, i);
      const DataItem *item = data_set_get_item (self->pairs->set, self->items[hit->item]);
      const WbHit found = { g_strdup (item->id), g_strdup (item->path),
                            g_strdup (item->captions[0]), hit->score };
      g_array_append_val (out, found);
    }
  return hits != NULL;
}

static double
milliseconds_since (gint64 start)
{
  return (double) (g_get_monotonic_time () - start) / 1000;
}

static WbAnswer *
ask (gpointer engine, const char *query, guint k, GError **error)
{
  Searcher *self = engine;
  g_autoptr (WbAnswer) answer = wb_answer_new (query);
  g_autofree float *features = g_new (float, self->checkpoint->model->config.embed_dim);
  GError *problem = NULL;

  answer->run = g_strdup (self->run);
  answer->step = self->checkpoint->step;
  answer->pictures = (guint) self->n;
  const gint64 start = g_get_monotonic_time ();
  gboolean ok = encode_text (self, features, query, &problem);
  answer->encode_ms = milliseconds_since (start);
  const gint64 encoded = g_get_monotonic_time ();
  ok = ok && find (self, answer->student, self->student, features, k, &problem);
  if (!self->teacher)
    g_clear_pointer (&answer->teacher, g_array_unref);
  ok = ok && (!self->teacher || find (self, answer->teacher, self->teacher, features, k, &problem));
  answer->search_ms = milliseconds_since (encoded);
  if (ok)
    return g_steal_pointer (&answer);
  give_up (self, problem);
  g_propagate_error (error, problem);
  return NULL;
}

const WbSearchEngine *
wb_searcher_engine (void)
{
  static const WbSearchEngine engine = { create, destroy, prepare, ask };

  return &engine;
}
