#include "app/session/searcher.h"

#include "app/session/gallery.h"
#include "models/cli/device_choice.h"
#include "models/eval/checkpoint.h"
#include "models/eval/features.h"
#include "models/eval/index.h"
#include "models/run/steps.h"

#include <glib/gstdio.h>
#include <malloc.h>
#include <string.h>

#define PATIENCE_MS 30000

typedef struct
{
  WbGallery *gallery;
  char *run, *path; /* of the checkpoint */
  gint64 time;      /* of its file: a resumed run may make it again */

  /* What questions need; NULL while it rests. A device is much memory, so while pictures are being
   * encoded questions go to that one, and to one of their own, without what pictures need, after. */
  GpuDevice *device;
  EvalCheckpoint *checkpoint; /* NULL: the gallery's */
  NnEncoder *text;
  gint64 step;
  EvalIndex *student, *teacher;
  gboolean whole; /* nothing is left to make */
} Searcher;

gboolean
wb_search_watch_begin (const WbSearchWatch *watch, const char *name, GError **error)
{
  watch->stage (name, 0, 0, watch->data);
  return !g_cancellable_set_error_if_cancelled (watch->cancellable, error);
}

static gpointer
create (void)
{
  Searcher *self = g_new0 (Searcher, 1);

  self->gallery = wb_gallery_new ();
  return self;
}

static void
drop_device (Searcher *self)
{
  g_clear_pointer (&self->student, eval_index_free);
  g_clear_pointer (&self->teacher, eval_index_free);
  g_clear_pointer (&self->text, nn_encoder_free);
  g_clear_pointer (&self->checkpoint, eval_checkpoint_free);
  g_clear_pointer (&self->device, gpu_device_unref);
  self->whole = FALSE;
}

/* The C library keeps what is freed, and a driver's compiler frees much. */
static void
give_back (void)
{
  malloc_trim (0);
}

static void
rest (gpointer engine)
{
  Searcher *self = engine;

  drop_device (self);
  wb_gallery_rest (self->gallery);
  give_back ();
}

static void
forget (Searcher *self)
{
  drop_device (self);
  g_clear_pointer (&self->run, g_free);
  g_clear_pointer (&self->path, g_free);
}

static void
destroy (gpointer engine)
{
  Searcher *self = engine;

  forget (self);
  wb_gallery_free (self->gallery);
  g_free (self);
}

/* After a failure everything is made anew, on a device opened anew, for it may have been lost. */
static void
give_up (Searcher *self)
{
  forget (self);
  wb_gallery_rest (self->gallery);
}

static EvalIndex *
open_index (Searcher *self, NnSlab which, GError **error)
{
  return eval_index_new (self->device, wb_gallery_get_features (self->gallery, which),
                         wb_gallery_get_count (self->gallery), wb_gallery_get_width (self->gallery),
                         error);
}

static gboolean
encode_text (Searcher *self, float *features, const char *query, GError **error)
{
  g_autofree gint32 *ids = wb_gallery_tokenize (self->gallery, query);
  const gint32 *const rows[] = { ids };

  return eval_encode_texts (features, self->text, rows, 1, EVAL_NORMALISED, NULL, error);
}

/* A question that nobody asked: a kernel's first use takes the driver a hundred times longer, and
 * much memory that it frees again. */
static gboolean
warm_up (Searcher *self, EvalIndex *index, GError **error)
{
  g_autofree float *features = g_new (float, wb_gallery_get_width (self->gallery));

  if (!encode_text (self, features, "", error))
    return FALSE;
  g_autoptr (GArray) hits = eval_index_search (index, features, 1, error);
  give_back ();
  return hits != NULL;
}

static gboolean
has_all (const Searcher *self)
{
  return !wb_gallery_has_teacher (self->gallery)
         || wb_gallery_is_encoded (self->gallery, NN_SLAB_TEACHER);
}

/* The gallery's device and model while there is more to encode, or else own ones. */
static EvalCheckpoint *
find_model (Searcher *self, const WbSearchWatch *watch, GError **error)
{
  if (!has_all (self))
    {
      EvalCheckpoint *model = wb_gallery_get_model (self->gallery, &self->device, watch, error);
      if (model)
        gpu_device_ref (self->device);
      return model;
    }
  wb_gallery_rest (self->gallery);
  give_back ();
  self->device = cli_open_device (NULL, error);
  if (self->device)
    self->checkpoint = eval_checkpoint_open (self->device, self->path, NULL, error);
  return self->checkpoint;
}

static gboolean
open_device (Searcher *self, const WbSearchWatch *watch, GError **error)
{
  if (self->student)
    return TRUE;
  if (!wb_search_watch_begin (watch, "Opening the text encoder", error))
    return FALSE;
  EvalCheckpoint *model = find_model (self, watch, error);
  if (!model)
    return FALSE;
  self->step = model->step;
  self->text = nn_encoder_new_text (model->model, 1, error);
  self->student = self->text ? open_index (self, NN_SLAB_WEIGHTS, error) : NULL;
  return self->student && warm_up (self, self->student, error);
}

/* When all pictures are encoded: the teacher's index too, and no device to encode with. */
static gboolean
complete (Searcher *self, const WbSearchWatch *watch, GError **error)
{
  if (self->whole || !has_all (self))
    return TRUE;
  if (!self->checkpoint)
    drop_device (self);
  if (!open_device (self, watch, error))
    return FALSE;
  if (wb_gallery_has_teacher (self->gallery))
    {
      self->teacher = open_index (self, NN_SLAB_TEACHER, error);
      if (!self->teacher || !warm_up (self, self->teacher, error))
        return FALSE;
    }
  self->whole = TRUE;
  return TRUE;
}

static gboolean
open_checkpoint (Searcher *self, const WbSearchWatch *watch, GError **error)
{
  if (!wb_gallery_open (self->gallery, self->path, watch, error))
    return FALSE;
  while (!wb_gallery_is_encoded (self->gallery, NN_SLAB_WEIGHTS))
    if (!wb_gallery_encode (self->gallery, NN_SLAB_WEIGHTS, watch, error))
      return FALSE;
  return TRUE;
}

/* Whether the newest checkpoint is the one that the features are of. */
static gboolean
is_current (const Searcher *self, const char *run, const char *path, gint64 time)
{
  return g_strcmp0 (self->run, run) == 0 && g_strcmp0 (self->path, path) == 0 && self->time == time
         && wb_gallery_is_encoded (self->gallery, NN_SLAB_WEIGHTS);
}

static gboolean
prepare (gpointer engine, const char *run, const WbSearchWatch *watch, gboolean *more,
         GError **error)
{
  Searcher *self = engine;
  GStatBuf info = { 0 };
  gboolean ok = TRUE;

  *more = FALSE;
  if (!run)
    {
      forget (self);
      wb_gallery_close (self->gallery);
      give_back ();
      return TRUE;
    }
  g_autofree char *path = run_newest_checkpoint (run, NULL, error);
  if (!path)
    return FALSE;
  g_stat (path, &info);
  if (!is_current (self, run, path, info.st_mtime))
    {
      forget (self);
      self->run = g_strdup (run);
      self->path = g_steal_pointer (&path);
      self->time = info.st_mtime;
      ok = open_checkpoint (self, watch, error);
    }
  ok = ok && open_device (self, watch, error) && complete (self, watch, error);
  *more = ok && !self->whole;
  if (!ok)
    give_up (self);
  return ok;
}

static gboolean
proceed (gpointer engine, const WbSearchWatch *watch, gboolean *more, GError **error)
{
  Searcher *self = engine;
  const gboolean ok =
      (has_all (self) || wb_gallery_encode (self->gallery, NN_SLAB_TEACHER, watch, error))
      && complete (self, watch, error);
  *more = ok && !self->whole;
  if (!ok)
    give_up (self);
  return ok;
}

static gboolean
find (Searcher *self, GArray *out, EvalIndex *index, const float *features, guint k, GError **error)
{
  g_autoptr (GArray) hits = eval_index_search (index, features, k, error);

  for (guint i = 0; hits && i < hits->len; i++)
    {
      const EvalHit *hit = &g_array_index (hits, EvalHit, i);
      WbHit found = wb_gallery_dup_hit (self->gallery, hit->item);

      found.score = hit->score;
      g_array_append_val (out, found);
    }
  return hits != NULL;
}

static double
milliseconds_since (gint64 start)
{
  return (double) (g_get_monotonic_time () - start) / 1000;
}

static gboolean
search (Searcher *self, WbAnswer *answer, guint k, GError **error)
{
  g_autofree float *features = g_new (float, wb_gallery_get_width (self->gallery));
  const gint64 start = g_get_monotonic_time ();

  if (!encode_text (self, features, answer->query, error))
    return FALSE;
  answer->encode_ms = milliseconds_since (start);
  const gint64 encoded = g_get_monotonic_time ();
  if (!find (self, answer->student, self->student, features, k, error)
      || (self->teacher && !find (self, answer->teacher, self->teacher, features, k, error)))
    return FALSE;
  answer->search_ms = milliseconds_since (encoded);
  return TRUE;
}

static WbAnswer *
ask (gpointer engine, const char *query, guint k, GError **error)
{
  Searcher *self = engine;
  g_autoptr (WbAnswer) answer = wb_answer_new (query);

  answer->run = g_strdup (self->run);
  answer->step = self->step;
  answer->pictures = wb_gallery_get_count (self->gallery);
  if (!wb_gallery_has_teacher (self->gallery))
    g_clear_pointer (&answer->teacher, g_array_unref);
  if (search (self, answer, k, error))
    return g_steal_pointer (&answer);
  give_up (self);
  return NULL;
}

const WbSearchEngine *
wb_searcher_engine (void)
{
  static const WbSearchEngine engine = { .create = create,
                                         .destroy = destroy,
                                         .prepare = prepare,
                                         .proceed = proceed,
                                         .ask = ask,
                                         .rest = rest,
                                         .patience_ms = PATIENCE_MS };

  return &engine;
}
