/* penumbra-cli search: the pictures of a data set that are nearest to a text or a picture. */
#include "models/cli/commands.h"
#include "models/cli/device_choice.h"
#include "models/cli/inference.h"
#include "models/cli/report.h"
#include "models/data/picture.h"
#include "models/eval/index.h"

#include <stdio.h>
#include <string.h>

#define DEFAULT_K 10

typedef struct
{
  char *data, *text, *image, *encoder, *keep_rate, *split, *config, *device;
  int k;
  gboolean json;

  NnSlab which;
  double rate;
} Options;

/* The pictures searched among, and the encoder that they and a picture asked for go through. */
typedef struct
{
  const EvalCheckpoint *checkpoint;
  const DataPairs *pairs;
  NnEncoder *encoder;
  guint32 *items;
  gsize n;
} Session;

static void
clear_options (Options *options)
{
  g_free (options->data);
  g_free (options->text);
  g_free (options->image);
  g_free (options->encoder);
  g_free (options->keep_rate);
  g_free (options->split);
  g_free (options->config);
  g_free (options->device);
}

static void
clear_session (Session *session)
{
  nn_encoder_free (session->encoder);
  g_free (session->items);
}

static double
milliseconds_since (gint64 start)
{
  return (double) (g_get_monotonic_time () - start) / 1000;
}

/* The items of "val", "train" or, for "all", both. */
static gboolean
choose_items (Session *session, const char *split, GError **error)
{
  gsize n_val = 0, n_train = 0;
  g_autofree guint32 *val = data_pairs_dup_split (session->pairs, DATA_SPLIT_VAL, &n_val);
  g_autofree guint32 *train = data_pairs_dup_split (session->pairs, DATA_SPLIT_TRAIN, &n_train);

  if (strcmp (split, "train") == 0)
    n_val = 0;
  if (strcmp (split, "val") == 0)
    n_train = 0;
  session->n = n_val + n_train;
  session->items = g_new (guint32, MAX (session->n, 1));
  memcpy (session->items, val, n_val * sizeof *val);
  memcpy (session->items + n_val, train, n_train * sizeof *train);
  if (session->n > 0)
    return TRUE;
  g_set_error (error, DATA_ERROR, DATA_ERROR_MISSING,
               "data set '%s' has no pictures in its split '%s': try --split all",
               data_set_get_folder (session->pairs->set), split);
  return FALSE;
}

static gboolean
encode_text (const Session *session, float *query, const char *text, GError **error)
{
  const guint context = (guint) session->checkpoint->model->config.text.context_length;
  g_autofree gint32 *ids = g_new (gint32, context);
  const gint32 *const rows[] = { ids };
  g_autoptr (NnEncoder) encoder = nn_encoder_new_text (session->checkpoint->model, 1, error);

  data_bpe_encode (session->pairs->bpe, ids, text, -1, context);
  return encoder && eval_encode_texts (query, encoder, rows, 1, EVAL_NORMALISED, NULL, error);
}

static gboolean
encode_picture (const Session *session, float *query, const char *path, GError **error)
{
  const guint size = (guint) session->checkpoint->model->config.vision.image_size;
  g_autofree guint8 *rgb = g_malloc ((gsize) size * size * 3);
  g_autofree float *pixels = g_new (float, (gsize) size *size * 3);

  if (!data_picture_load (rgb, path, size, DATA_PAIRS_FIT, error))
    return FALSE;
  data_batches_fill_picture (pixels, rgb, size);
  return eval_encode_pixels (query, session->encoder, pixels, 1, EVAL_NORMALISED, NULL, error);
}

static EvalIndex *
build_index (const Session *session, GError **error)
{
  const guint width = nn_encoder_get_width (session->encoder);
  const gint64 start = g_get_monotonic_time ();
  g_autofree float *features = g_new (float, session->n *width);
  CliWatch bar = { .label = "encoding", .unit = "pictures" };
  const EvalWatch watch = cli_watch (&bar);

  gboolean ok = eval_encode_pictures (features, session->encoder, session->pairs->cache,
                                      session->items, session->n, EVAL_NORMALISED, &watch, error);
  cli_progress_free (bar.bar);
  if (!ok)
    return NULL;
  g_printerr ("%" G_GSIZE_FORMAT " pictures encoded in %.0f ms\n", session->n,
              milliseconds_since (start));
  return eval_index_new (session->checkpoint->model->device, features, (guint) session->n, width,
                         error);
}

/* A hit is one line, whatever a file is called or a caption says, and moves no cursor. */
static char *
dup_line (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *line = g_string_new (NULL);

  for (const char *at = valid; *at; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);
      g_string_append_unichar (line, g_unichar_iscntrl (c) ? '?' : c);
    }
  return g_string_free (line, FALSE);
}

static gboolean
print_line (const DataItem *item, float score)
{
  g_autofree char *text = g_strdup_printf ("%7.4f  %.12s  %s  %s", (double) score, item->id,
                                           item->path, item->captions[0]);
  g_autofree char *line = dup_line (text);
  return printf ("%s\n", line) >= 0;
}

static gboolean
print_hit (const DataItem *item, float score, guint rank, gboolean json)
{
  if (!json)
    return print_line (item, score);

  cJSON *object = cJSON_CreateObject ();
  cJSON_AddNumberToObject (object, "rank", rank);
  cJSON_AddNumberToObject (object, "score", (double) score);
  cJSON_AddStringToObject (object, "id", item->id);
  cJSON_AddStringToObject (object, "file", item->path);
  cJSON_AddStringToObject (object, "caption", item->captions[0]);
  gboolean ok = cli_print_json (object);
  cJSON_Delete (object);
  return ok;
}

static gboolean
search (const Session *session, const Options *options, gboolean *printed, GError **error)
{
  g_autofree float *query = g_new (float, nn_encoder_get_width (session->encoder));
  g_autoptr (EvalIndex) index = NULL;
  g_autoptr (GArray) hits = NULL;

  /* The question first: a picture that cannot be read should not wait for the encoding of others.
   */
  if (!(options->text ? encode_text (session, query, options->text, error)
                      : encode_picture (session, query, options->image, error)))
    return FALSE;
  index = build_index (session, error);
  if (!index)
    return FALSE;
  const gint64 start = g_get_monotonic_time ();
  hits = eval_index_search (index, query, (guint) options->k, error);
  if (!hits)
    return FALSE;
  g_printerr ("searched in %.1f ms\n", milliseconds_since (start));
  for (guint i = 0; i < hits->len && *printed; i++)
    {
      const EvalHit *hit = &g_array_index (hits, EvalHit, i);
      *printed = print_hit (data_set_get_item (session->pairs->set, session->items[hit->item]),
                            hit->score, i + 1, options->json);
    }
  return TRUE;
}

static NnEncoder *
plan_encoder (const EvalCheckpoint *checkpoint, const Options *options, GError **error)
{
  return nn_encoder_new_image (
      checkpoint->model,
      &(NnEncoderOptions){
          .batch =
              nn_encoder_fit (checkpoint->model, (guint) checkpoint->model->config.eval.batch_size),
          .weights = options->which,
          .keep_rate = options->rate },
      error);
}

static int
run (const char *path, const Options *options)
{
  g_autoptr (EvalCheckpoint) checkpoint = NULL;
  g_autoptr (DataPairs) pairs = NULL;
  Session session = { 0 };
  gboolean printed = TRUE;
  GError *error = NULL;

  checkpoint = cli_open_checkpoint (path, options->config, options->device, &error);
  if (!checkpoint || !cli_check_encoder (checkpoint, options->which, options->rate, &error))
    return cli_report_error (error);
  pairs = cli_open_pairs (options->data, &checkpoint->model->config, &error);
  if (!pairs)
    return cli_report_error (error);
  session.checkpoint = checkpoint;
  session.pairs = pairs;
  session.encoder = plan_encoder (checkpoint, options, &error);
  if (session.encoder && choose_items (&session, options->split ? options->split : "val", &error))
    search (&session, options, &printed, &error);
  clear_session (&session);
  if (error)
    return cli_report_error (error);
  return printed ? CLI_OK : CLI_FAILURE;
}

static int
check_and_run (int argc, char **argv, Options *options)
{
  static const char *const splits[] = { "val", "train", "all", NULL };
  GError *error = NULL;

  if (argc != 2)
    return cli_report_usage ("expected one CKPT, a run folder or a .safetensors file, got %d",
                             argc - 1);
  if (!options->text == !options->image)
    return cli_report_usage ("what to search for: pass either --text T or --image F");
  if (options->k < 1)
    return cli_report_usage ("-k is %d, must be at least 1", options->k);
  if (options->split && !g_strv_contains (splits, options->split))
    return cli_report_usage ("--split is \"%s\", must be val, train or all", options->split);
  if ((options->encoder && !cli_parse_encoder (&options->which, options->encoder, &error))
      || (options->keep_rate && !cli_parse_keep_rate (&options->rate, options->keep_rate, &error)))
    return cli_report_error (error);
  return run (argv[1], options);
}

int
cli_search (int argc, char **argv)
{
  Options options = { .k = DEFAULT_K, .which = NN_SLAB_WEIGHTS };
  int status = CLI_OK;
  const GOptionEntry entries[] = {
    { "data", 0, 0, G_OPTION_ARG_FILENAME, &options.data,
      "the data set (default: the one of the checkpoint's training)", "DATASET" },
    { "text", 0, 0, G_OPTION_ARG_STRING, &options.text, "what the pictures should show", "T" },
    { "image", 0, 0, G_OPTION_ARG_FILENAME, &options.image, "what they should look like", "F" },
    { "count", 'k', 0, G_OPTION_ARG_INT, &options.k, "how many to print (default 10)", "N" },
    { "split", 0, 0, G_OPTION_ARG_STRING, &options.split,
      "val (held out, the default), train or all", "SPLIT" },
    { "encoder", 0, 0, G_OPTION_ARG_STRING, &options.encoder, "student (default) or teacher",
      "WHICH" },
    { "keep-rate", 0, 0, G_OPTION_ARG_STRING, &options.keep_rate,
      "of the encoder (default: the config's)", "K" },
    { "config", 0, 0, G_OPTION_ARG_FILENAME, &options.config, "config of weights that carry none",
      "CONFIG" },
    { "device", 0, 0, G_OPTION_ARG_STRING, &options.device, CLI_DEVICE_HELP, "DEVICE" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "one JSON object a line", NULL },
    { NULL },
  };

  if (cli_parse_options (&argc, &argv, entries, "CKPT --data DATASET (--text T | --image F)",
                         "Prints score, id, file and caption of the nearest pictures.", &status))
    status = check_and_run (argc, argv, &options);
  clear_options (&options);
  return status;
}
