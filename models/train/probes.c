#include "models/train/probes.h"

#include "models/data/picture.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

struct _TrainProbes
{
  NnModel *model;
  const DataPairs *pairs;
  guint32 *items;
  guint n;
  NnEncoder *student, *teacher, *text;
  double keep_rate; /* of the student's plan */
};

static gboolean
choose (TrainProbes *probes, GError **error)
{
  const guint wanted = (guint) probes->model->config.run.probes;
  gsize usable = 0;
  g_autofree guint32 *items = data_pairs_dup_split (probes->pairs, DATA_SPLIT_VAL, &usable);
  if (usable == 0)
    {
      g_free (items);
      items = data_pairs_dup_split (probes->pairs, DATA_SPLIT_TRAIN, &usable);
    }
  if (usable == 0)
    {
      g_set_error (error, DATA_ERROR, DATA_ERROR_INVALID,
                   "data set %s has no picture that can be decoded: run penumbra-cli data check",
                   data_set_get_folder (probes->pairs->set));
      return FALSE;
    }
  probes->n = nn_encoder_fit (probes->model, (guint) MIN (wanted, usable));
  probes->items = g_new (guint32, probes->n);
  for (guint i = 0; i < probes->n; i++)
    probes->items[i] = items[(gsize) i * usable / probes->n];
  return TRUE;
}

static gboolean
plan_student (TrainProbes *probes, double keep_rate, GError **error)
{
  if (probes->student && probes->keep_rate == keep_rate)
    return TRUE;
  g_clear_pointer (&probes->student, nn_encoder_free);
  probes->keep_rate = keep_rate;
  probes->student = nn_encoder_new_image (
      probes->model,
      &(NnEncoderOptions){
          .batch = probes->n, .weights = NN_SLAB_WEIGHTS, .keep_rate = keep_rate, .watch = TRUE },
      error);
  return probes->student != NULL;
}

static void
fill_pictures (const TrainProbes *probes, NnEncoder *encoder)
{
  gsize stride = 0;
  float *images = nn_encoder_images (encoder, &stride);
  data_batches_fill_eval (images, probes->pairs->cache, probes->items, probes->n, stride);
}

static void
fill_captions (const TrainProbes *probes)
{
  const DataCaptions *captions = probes->pairs->captions;
  gint32 *tokens = nn_encoder_tokens (probes->text);
  for (guint i = 0; i < probes->n; i++)
    memcpy (tokens + (gsize) i * captions->context,
            data_captions_get (captions, captions->first[probes->items[i]]),
            captions->context * sizeof *tokens);
}

TrainProbes *
train_probes_new (NnModel *model, const DataPairs *pairs, GError **error)
{
  g_autoptr (TrainProbes) probes = g_new0 (TrainProbes, 1);
  probes->model = model;
  probes->pairs = pairs;
  if (!choose (probes, error))
    return NULL;

  probes->text = nn_encoder_new_text (model, probes->n, error);
  if (!probes->text)
    return NULL;
  fill_captions (probes);
  if (!nn_model_has_teacher (model))
    return g_steal_pointer (&probes);
  probes->teacher = nn_encoder_new_image (
      model, &(NnEncoderOptions){ .batch = probes->n, .weights = NN_SLAB_TEACHER }, error);
  if (!probes->teacher)
    return NULL;
  fill_pictures (probes, probes->teacher);
  return g_steal_pointer (&probes);
}

void
train_probes_free (TrainProbes *probes)
{
  if (!probes)
    return;
  nn_encoder_free (probes->student);
  nn_encoder_free (probes->teacher);
  nn_encoder_free (probes->text);
  g_free (probes->items);
  g_free (probes);
}

static gboolean
copy_picture (const TrainProbes *probes, const RunFolder *run, guint i, const char *name,
              GError **error)
{
  const guint size = TRAIN_PROBE_PICTURE_SIZE;
  const DataItem *item = data_set_get_item (probes->pairs->set, probes->items[i]);
  g_autofree guint8 *rgb = g_malloc ((gsize) size * size * 3);
  g_autofree char *file = g_strconcat ("probes/", name, NULL);
  g_autofree char *path = run_folder_file (run, file);
  return data_picture_load (rgb, item->path, size, DATA_FIT_PAD, error)
         && data_picture_save_png (path, rgb, size, size, error);
}

gboolean
train_probes_copy (const TrainProbes *probes, const RunFolder *run, GError **error)
{
  cJSON *list = cJSON_CreateArray ();
  gboolean done = TRUE;
  for (guint i = 0; i < probes->n && done; i++)
    {
      const DataItem *item = data_set_get_item (probes->pairs->set, probes->items[i]);
      g_autofree char *name = g_strdup_printf ("%u.png", i);
      cJSON *probe = cJSON_CreateObject ();
      cJSON_AddStringToObject (probe, "id", item->id);
      cJSON_AddStringToObject (probe, "caption", item->captions[0]);
      cJSON_AddStringToObject (probe, "picture", name);
      cJSON_AddItemToArray (list, probe);
      done = copy_picture (probes, run, i, name, error);
    }
  char *text = cJSON_Print (list);
  g_autofree char *path = run_folder_file (run, "probes/probes.json");
  done = done && g_file_set_contents (path, text, -1, error);
  cJSON_free (text);
  cJSON_Delete (list);
  return done;
}

/* Adds the tensors of a snapshot; their values live until the writer has saved. */
typedef struct
{
  NnTensorWriter *writer;
  GPtrArray *values;
} Collector;

static void
add_features (Collector *out, const char *name, float *values, guint n, guint width)
{
  const gint64 shape[] = { n, width };
  g_ptr_array_add (out->values, values);
  nn_tensor_writer_add (out->writer, name, NN_DTYPE_F32, 2, shape, values);
}

static gboolean
add_encoded (Collector *out, const TrainProbes *probes, const char *name, NnEncoder *encoder,
             GError **error)
{
  const guint width = (guint) probes->model->config.embed_dim;
  float *values = g_new (float, (gsize) probes->n *width);
  add_features (out, name, values, probes->n, width);
  return nn_encoder_run (encoder, NULL, values, probes->n, error);
}

static gboolean
add_tokens (Collector *out, const TrainProbes *probes, GError **error)
{
  const NnWatch *watch = nn_encoder_get_watch (probes->student);
  NnWatchTokens tokens[NN_MAX_LAYERS];
  if (!nn_watch_read (watch, tokens, error))
    return FALSE;
  for (guint i = 0; i < watch->n_blocks; i++)
    {
      const gint64 kept[] = { probes->n, tokens[i].kept };
      const gint64 grid[] = { probes->n, watch->patches };
      g_autofree char *kept_name = g_strdup_printf ("kept.%u", tokens[i].layer);
      g_autofree char *attention_name = g_strdup_printf ("attention.%u", tokens[i].layer);
      g_autofree char *fused_name = g_strdup_printf ("fused.%u", tokens[i].layer);
      nn_tensor_writer_add (out->writer, kept_name, NN_DTYPE_I32, 2, kept, tokens[i].kept_patches);
      nn_tensor_writer_add (out->writer, attention_name, NN_DTYPE_F32, 2, grid,
                            tokens[i].attention);
      nn_tensor_writer_add (out->writer, fused_name, NN_DTYPE_F32, 1, kept, tokens[i].fused);
      g_ptr_array_add (out->values, tokens[i].kept_patches);
      g_ptr_array_add (out->values, tokens[i].attention);
      g_ptr_array_add (out->values, tokens[i].fused);
    }
  return TRUE;
}

static gboolean
add_scale (Collector *out, const TrainProbes *probes, GError **error)
{
  const gint64 shape[] = { 1 };
  float *scale = g_new (float, 1);
  g_ptr_array_add (out->values, scale);
  nn_tensor_writer_add (out->writer, "logit_scale", NN_DTYPE_F32, 1, shape, scale);
  if (!nn_model_download (probes->model, NN_SLAB_WEIGHTS, probes->model->params->logit_scale, scale,
                          error))
    return FALSE;
  *scale = expf (*scale);
  return TRUE;
}

gboolean
train_probes_snapshot (TrainProbes *probes, const char *path, double keep_rate, GError **error)
{
  g_autoptr (NnTensorWriter) writer = nn_tensor_writer_new ();
  g_autoptr (GPtrArray) values = g_ptr_array_new_with_free_func (g_free);
  Collector out = { writer, values };
  if (!plan_student (probes, keep_rate, error))
    return FALSE;
  fill_pictures (probes, probes->student);
  if (!add_encoded (&out, probes, "student", probes->student, error)
      || !add_tokens (&out, probes, error)
      || (probes->teacher && !add_encoded (&out, probes, "teacher", probes->teacher, error))
      || !add_encoded (&out, probes, "text", probes->text, error)
      || !add_scale (&out, probes, error))
    return FALSE;
  return nn_tensor_writer_save (writer, path, error);
}
