#include "models/eval/evaluate.h"

#include <string.h>

G_DEFINE_QUARK (eval_error, eval_error)

struct _EvalRetrieval
{
  NnModel *model;
  const DataPairs *pairs;
  guint batch;
  guint32 *items; /* [truth->pictures] */
  EvalTruth *truth;
  const gint32 **kinds; /* [truth->kinds] the ids of each kind of text */

  NnEncoder *text;
  NnEncoder *image[NN_N_SLABS]; /* made when asked for */
  float *image_features;        /* [pictures][D] */
  float *kind_features;         /* [kinds][D] */
  float *text_features;         /* [texts][D] */
};

/* A watch over several encodings in a row. */
typedef struct
{
  const EvalWatch *watch;
  gsize before, total;
} Stages;

const char *
eval_encoder_name (NnSlab which)
{
  return which == NN_SLAB_TEACHER ? "teacher" : "student";
}

/* The captions of the split's pictures, as one list of texts. */
static void
gather_texts (EvalRetrieval *retrieval, guint pictures)
{
  const DataCaptions *captions = retrieval->pairs->captions;
  g_autoptr (GArray) owner = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_autoptr (GPtrArray) tokens = g_ptr_array_new ();

  for (guint32 i = 0; i < pictures; i++)
    {
      const guint32 item = retrieval->items[i];
      for (guint32 c = captions->first[item]; c < captions->first[item + 1]; c++)
        {
          g_array_append_val (owner, i);
          g_ptr_array_add (tokens, (gpointer) data_captions_get (captions, c));
        }
    }
  retrieval->truth =
      eval_truth_new ((const guint32 *) owner->data, (const gint32 *const *) tokens->pdata,
                      tokens->len, pictures, captions->context);
  retrieval->kinds = g_new (const gint32 *, MAX (retrieval->truth->kinds, 1));
  for (guint t = tokens->len; t-- > 0;)
    retrieval->kinds[retrieval->truth->kind[t]] = g_ptr_array_index (tokens, t);
}

static void
make_room (EvalRetrieval *retrieval)
{
  const gsize width = (gsize) retrieval->model->config.embed_dim;
  const EvalTruth *truth = retrieval->truth;
  retrieval->image_features = g_new (float, truth->pictures *width);
  retrieval->kind_features = g_new (float, truth->kinds *width);
  retrieval->text_features = g_new (float, truth->texts *width);
}

EvalRetrieval *
eval_retrieval_new (NnModel *model, const DataPairs *pairs, DataSplit split, GError **error)
{
  g_autoptr (EvalRetrieval) retrieval = g_new0 (EvalRetrieval, 1);
  gsize pictures;

  retrieval->model = model;
  retrieval->pairs = pairs;
  retrieval->batch = nn_encoder_fit (model, (guint) model->config.eval.batch_size);
  retrieval->items = data_pairs_dup_split (pairs, split, &pictures);
  gather_texts (retrieval, (guint) pictures);
  if (retrieval->truth->texts == 0)
    {
      g_set_error (error, EVAL_ERROR, EVAL_ERROR_EMPTY,
                   "data set '%s' has no captioned pictures in its split '%s': choose or import "
                   "another",
                   data_set_get_folder (pairs->set), data_split_to_string (split));
      return NULL;
    }
  make_room (retrieval);
  retrieval->text = nn_encoder_new_text (model, retrieval->batch, error);
  return retrieval->text ? g_steal_pointer (&retrieval) : NULL;
}

void
eval_retrieval_free (EvalRetrieval *retrieval)
{
  if (!retrieval)
    return;
  for (guint slab = 0; slab < NN_N_SLABS; slab++)
    nn_encoder_free (retrieval->image[slab]);
  nn_encoder_free (retrieval->text);
  eval_truth_free (retrieval->truth);
  g_free (retrieval->items);
  g_free (retrieval->kinds);
  g_free (retrieval->image_features);
  g_free (retrieval->kind_features);
  g_free (retrieval->text_features);
  g_free (retrieval);
}

static NnEncoder *
image_encoder (EvalRetrieval *retrieval, const EvalEncoder *asked, GError **error)
{
  NnEncoder **encoder = &retrieval->image[asked->which];
  double keep_rate = asked->keep_rate;

  if (!retrieval->model->slabs[asked->which])
    {
      g_set_error_literal (error, EVAL_ERROR, EVAL_ERROR_NO_TEACHER,
                           "the model has no teacher: ask for the student");
      return NULL;
    }
  if (keep_rate == 0)
    keep_rate = asked->which == NN_SLAB_TEACHER ? 1 : retrieval->model->config.expedition.keep_rate;
  if (*encoder && nn_encoder_get_keep_rate (*encoder) == keep_rate)
    return *encoder;
  g_clear_pointer (encoder, nn_encoder_free);
  *encoder = nn_encoder_new_image (retrieval->model,
                                   &(NnEncoderOptions){ .batch = retrieval->batch,
                                                        .weights = asked->which,
                                                        .keep_rate = keep_rate },
                                   error);
  return *encoder;
}

gboolean
eval_retrieval_plan (EvalRetrieval *retrieval, const EvalEncoder *encoders, guint n, GError **error)
{
  for (guint i = 0; i < n; i++)
    if (!image_encoder (retrieval, &encoders[i], error))
      return FALSE;
  return TRUE;
}

static void
on_stage (gsize done, gsize total, gpointer data)
{
  const Stages *stages = data;
  (void) total;
  if (stages->watch->progress)
    stages->watch->progress (stages->before + done, stages->total, stages->watch->data);
}

/* Texts with the same ids have the same features, to the bit: each kind is encoded once. */
static gboolean
encode_texts (EvalRetrieval *retrieval, const EvalWatch *watch, GError **error)
{
  const EvalTruth *truth = retrieval->truth;
  const gsize width = (gsize) retrieval->model->config.embed_dim;

  if (!eval_encode_texts (retrieval->kind_features, retrieval->text, retrieval->kinds, truth->kinds,
                          EVAL_NORMALISED, watch, error))
    return FALSE;
  for (gsize t = 0; t < truth->texts; t++)
    memcpy (retrieval->text_features + t * width, retrieval->kind_features + truth->kind[t] * width,
            width * sizeof (float));
  return TRUE;
}

static gboolean
ask (EvalRetrieval *retrieval, EvalRecall *recall, const EvalEncoder *asked, const EvalWatch *watch,
     GError **error)
{
  NnEncoder *encoder = image_encoder (retrieval, asked, error);

  return encoder
         && eval_encode_pictures (retrieval->image_features, encoder, retrieval->pairs->cache,
                                  retrieval->items, retrieval->truth->pictures, EVAL_NORMALISED,
                                  watch, error)
         && eval_recall (recall, retrieval->model->device, retrieval->image_features,
                         retrieval->text_features, retrieval->truth,
                         (guint) retrieval->model->config.embed_dim, error);
}

gboolean
eval_retrieval_run_all (EvalRetrieval *retrieval, EvalRecall *recalls, const EvalEncoder *encoders,
                        guint n, const EvalWatch *watch, GError **error)
{
  const EvalWatch none = { 0 };
  const EvalTruth *truth = retrieval->truth;
  Stages stages = { .watch = watch ? watch : &none,
                    .total = truth->kinds + (gsize) n * truth->pictures };
  const EvalWatch inner = { .progress = on_stage,
                            .data = &stages,
                            .cancellable = stages.watch->cancellable };

  if (!encode_texts (retrieval, &inner, error))
    return FALSE;
  stages.before = truth->kinds;
  for (guint i = 0; i < n; i++)
    {
      if (!ask (retrieval, &recalls[i], &encoders[i], &inner, error))
        return FALSE;
      stages.before += truth->pictures;
    }
  return TRUE;
}

gboolean
eval_retrieval_run (EvalRetrieval *retrieval, NnSlab which, double keep_rate, EvalRecall *recall,
                    GError **error)
{
  const EvalEncoder encoder = { which, keep_rate };
  return eval_retrieval_run_all (retrieval, recall, &encoder, 1, NULL, error);
}
