#include "app/session/gallery.h"

#include "models/cli/device_choice.h"
#include "models/eval/checkpoint.h"
#include "models/eval/features.h"

#include <string.h>

/* So few that a question, or the window's end, need not wait long for a batch. */
#define BATCH 16

/* What one image encoder makes of the pictures. */
typedef struct
{
  float *features; /* [n][width] */
  gsize done;      /* rows made so far */
} Side;

struct _WbGallery
{
  /* The data set outlives the checkpoints of a run. */
  DataPairs *pairs;
  guint size, context;
  guint32 *items;
  gsize n;

  char *checkpoint;
  guint width;
  gboolean has_teacher;
  Side student, teacher;

  /* While it encodes. */
  GpuDevice *device;
  EvalCheckpoint *model;
  NnEncoder *encoder;
  NnSlab encodes;
};

WbGallery *
wb_gallery_new (void)
{
  return g_new0 (WbGallery, 1);
}

void
wb_gallery_rest (WbGallery *gallery)
{
  g_clear_pointer (&gallery->encoder, nn_encoder_free);
  g_clear_pointer (&gallery->model, eval_checkpoint_free);
  g_clear_pointer (&gallery->device, gpu_device_unref);
  if (gallery->pairs)
    data_cache_let_go (gallery->pairs->cache);
}

static void
forget_features (WbGallery *gallery)
{
  wb_gallery_rest (gallery);
  g_clear_pointer (&gallery->checkpoint, g_free);
  g_free (gallery->student.features);
  g_free (gallery->teacher.features);
  gallery->student = gallery->teacher = (Side){ 0 };
}

static void
forget_pairs (WbGallery *gallery)
{
  g_clear_pointer (&gallery->pairs, data_pairs_free);
  g_clear_pointer (&gallery->items, g_free);
}

void
wb_gallery_close (WbGallery *gallery)
{
  forget_features (gallery);
  forget_pairs (gallery);
}

void
wb_gallery_free (WbGallery *gallery)
{
  if (gallery == NULL)
    return;
  wb_gallery_close (gallery);
  g_free (gallery);
}

static void
on_progress (gsize done, gsize total, gpointer data)
{
  const WbSearchWatch *watch = data;

  watch->stage ("Reading the data set", done, total, watch->data);
}

static gboolean
open_pairs (WbGallery *gallery, const NnConfig *config, const WbSearchWatch *watch, GError **error)
{
  const guint size = (guint) config->vision.image_size;
  const guint context = (guint) config->text.context_length;

  if (gallery->pairs && size == gallery->size && context == gallery->context
      && strcmp (data_set_get_folder (gallery->pairs->set), config->data.path) == 0)
    return TRUE;
  forget_pairs (gallery);
  if (!wb_search_watch_begin (watch, "Reading the data set", error))
    return FALSE;
  gallery->pairs =
      data_pairs_open (&(DataPairsOptions){ .folder = config->data.path,
                                            .size = size,
                                            .context = context,
                                            .vocab_size = (guint) config->text.vocab_size,
                                            .progress = on_progress,
                                            .data = (gpointer) watch,
                                            .cancellable = watch->cancellable },
                       error);
  if (!gallery->pairs)
    return FALSE;
  gallery->size = size;
  gallery->context = context;
  gallery->items = data_pairs_dup_split (gallery->pairs, DATA_SPLIT_VAL, &gallery->n);
  if (gallery->n > 0)
    return TRUE;
  g_set_error (error, DATA_ERROR, DATA_ERROR_MISSING,
               "data set %s holds out no pictures: there is nothing to search",
               data_set_get_folder (gallery->pairs->set));
  return FALSE;
}

static gboolean
open_model (WbGallery *gallery, const WbSearchWatch *watch, GError **error)
{
  if (gallery->model)
    return TRUE;
  if (!wb_search_watch_begin (watch, "Opening the model", error))
    return FALSE;
  gallery->device = cli_open_device (NULL, error);
  if (!gallery->device)
    return FALSE;
  gallery->model = eval_checkpoint_open (gallery->device, gallery->checkpoint, NULL, error);
  return gallery->model != NULL;
}

EvalCheckpoint *
wb_gallery_get_model (WbGallery *gallery, GpuDevice **device, const WbSearchWatch *watch,
                      GError **error)
{
  if (!open_model (gallery, watch, error))
    return NULL;
  *device = gallery->device;
  return gallery->model;
}

gboolean
wb_gallery_open (WbGallery *gallery, const char *checkpoint, const WbSearchWatch *watch,
                 GError **error)
{
  forget_features (gallery);
  gallery->checkpoint = g_strdup (checkpoint);
  if (!open_model (gallery, watch, error))
    return FALSE;
  const NnModel *model = gallery->model->model;
  gallery->width = (guint) model->config.embed_dim;
  gallery->has_teacher = nn_model_has_teacher (model);
  return open_pairs (gallery, &model->config, watch, error);
}

gboolean
wb_gallery_has_teacher (const WbGallery *gallery)
{
  return gallery->has_teacher;
}

static gboolean
open_encoder (WbGallery *gallery, NnSlab which, const WbSearchWatch *watch, GError **error)
{
  if (!open_model (gallery, watch, error))
    return FALSE;
  if (gallery->encoder && gallery->encodes == which)
    return TRUE;
  NnModel *model = gallery->model->model;
  const NnEncoderOptions options = { .batch = MIN (BATCH, (guint) model->config.eval.batch_size),
                                     .weights = which };
  g_clear_pointer (&gallery->encoder, nn_encoder_free);
  gallery->encoder = nn_encoder_new_image (model, &options, error);
  gallery->encodes = which;
  return gallery->encoder != NULL;
}

gboolean
wb_gallery_encode (WbGallery *gallery, NnSlab which, const WbSearchWatch *watch, GError **error)
{
  Side *side = which == NN_SLAB_TEACHER ? &gallery->teacher : &gallery->student;
  const char *stage =
      which == NN_SLAB_TEACHER ? "Encoding pictures, teacher" : "Encoding pictures, student";

  if (g_cancellable_set_error_if_cancelled (watch->cancellable, error)
      || !open_encoder (gallery, which, watch, error))
    return FALSE;
  watch->stage (stage, side->done, gallery->n, watch->data);
  if (!side->features)
    side->features = g_new (float, gallery->n * gallery->width);
  const gsize n = MIN (nn_encoder_get_batch (gallery->encoder), gallery->n - side->done);
  if (!eval_encode_pictures (side->features + side->done * gallery->width, gallery->encoder,
                             gallery->pairs->cache, gallery->items + side->done, n, EVAL_NORMALISED,
                             NULL, error))
    return FALSE;
  side->done += n;
  watch->stage (stage, side->done, gallery->n, watch->data);
  return TRUE;
}

gboolean
wb_gallery_is_encoded (const WbGallery *gallery, NnSlab which)
{
  const Side *side = which == NN_SLAB_TEACHER ? &gallery->teacher : &gallery->student;

  return side->features && side->done == gallery->n;
}

guint
wb_gallery_get_count (const WbGallery *gallery)
{
  return (guint) gallery->n;
}

guint
wb_gallery_get_width (const WbGallery *gallery)
{
  return gallery->width;
}

const float *
wb_gallery_get_features (const WbGallery *gallery, NnSlab which)
{
  return which == NN_SLAB_TEACHER ? gallery->teacher.features : gallery->student.features;
}

WbHit
wb_gallery_dup_hit (const WbGallery *gallery, guint row)
{
  const DataItem *item = data_set_get_item (gallery->pairs->set, gallery->items[row]);

  return (WbHit){ .id = g_strdup (item->id),
                  .path = g_strdup (item->path),
                  .caption = g_strdup (item->captions[0]) };
}

gint32 *
wb_gallery_tokenize (const WbGallery *gallery, const char *text)
{
  gint32 *ids = g_new (gint32, gallery->context);

  data_bpe_encode (gallery->pairs->bpe, ids, text, -1, gallery->context);
  return ids;
}
