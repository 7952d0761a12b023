/* penumbra-cli encode: features of pictures and texts, as the projection gives them. */
#include "models/cli/commands.h"
#include "models/cli/device_choice.h"
#include "models/cli/inference.h"
#include "models/cli/report.h"
#include "models/data/picture.h"

#include <stdio.h>
#include <string.h>

typedef struct
{
  char *images_tensor, *texts, *tokens_tensor, *out, *encoder, *keep_rate, *vocab, *config, *device;
  char **images; /* of the option, then those behind CKPT */

  NnSlab which;
  double rate;
} Options;

/* What goes in, [n] rows, and what came out of it, [n][D]. */
typedef struct
{
  gsize n;
  float *pixels;
  gint32 *ids;
  float *features;
} Batch;

static void
clear_batch (Batch *batch)
{
  g_free (batch->pixels);
  g_free (batch->ids);
  g_free (batch->features);
}

static void
clear_options (Options *options)
{
  g_free (options->images_tensor);
  g_free (options->texts);
  g_free (options->tokens_tensor);
  g_free (options->out);
  g_free (options->encoder);
  g_free (options->keep_rate);
  g_free (options->vocab);
  g_free (options->config);
  g_free (options->device);
  g_strfreev (options->images);
}

static gboolean
load_pictures (Batch *batch, char **paths, guint size, GError **error)
{
  const gsize row = (gsize) size * size * 3;
  g_autofree guint8 *rgb = g_malloc (row);

  batch->n = g_strv_length (paths);
  batch->pixels = g_try_new (float, batch->n *row);
  if (!batch->pixels)
    {
      g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOMEM,
                   "no memory for %" G_GSIZE_FORMAT " pictures of %u px: pass fewer", batch->n,
                   size);
      return FALSE;
    }
  for (gsize i = 0; i < batch->n; i++)
    {
      if (!data_picture_load (rgb, paths[i], size, DATA_FIT_CROP, error))
        return FALSE;
      data_batches_fill_picture (batch->pixels + i * row, rgb, size);
    }
  return TRUE;
}

/* The tensor `name` of a file, its first dimension free, the others as given. */
static const NnFileTensor *
expect_rows (const NnTensorFile *file, const char *name, int rank, const gint64 *shape,
             GError **error)
{
  const NnFileTensor *tensor = nn_tensor_file_expect (file, name, -1, NULL, error);
  gint64 wanted[NN_TENSOR_MAX_RANK] = { 0 };

  if (!tensor)
    return NULL;
  memcpy (wanted, shape, (gsize) rank * sizeof *shape);
  wanted[0] = tensor->rank == rank ? tensor->shape[0] : 1;
  return nn_tensor_file_expect (file, name, rank, wanted, error);
}

static gboolean
load_pixels (Batch *batch, const char *path, gint64 size, GError **error)
{
  g_autoptr (NnTensorFile) file = nn_tensor_file_open (path, error);
  const NnFileTensor *tensor =
      file ? expect_rows (file, "image", 4, (const gint64[]){ 0, 3, size, size }, error) : NULL;

  if (!tensor)
    return FALSE;
  batch->n = (gsize) tensor->shape[0];
  batch->pixels = g_new (float, MAX (tensor->elements, 1));
  return nn_tensor_file_read_f32 (file, "image", batch->pixels, tensor->elements, error);
}

static gboolean
check_ids (const Batch *batch, const char *path, gint64 context, gint64 vocabulary, GError **error)
{
  for (gsize i = 0; i < batch->n * (gsize) context; i++)
    if (batch->ids[i] < 0 || batch->ids[i] >= vocabulary)
      {
        g_set_error (error, NN_TENSOR_FILE_ERROR, NN_TENSOR_FILE_ERROR_MISMATCH,
                     "%s has %d in 'tokens' of text %" G_GSIZE_FORMAT
                     ", ids must be from 0 to %" G_GINT64_FORMAT,
                     path, batch->ids[i], i / (gsize) context, vocabulary - 1);
        return FALSE;
      }
  return TRUE;
}

static gboolean
load_ids (Batch *batch, const char *path, const NnTextConfig *text, GError **error)
{
  const gint64 context = text->context_length;
  g_autoptr (NnTensorFile) file = nn_tensor_file_open (path, error);
  const NnFileTensor *tensor =
      file ? expect_rows (file, "tokens", 2, (const gint64[]){ 0, context }, error) : NULL;

  if (!tensor)
    return FALSE;
  batch->n = (gsize) tensor->shape[0];
  batch->ids = g_new (gint32, MAX (tensor->elements, 1));
  return nn_tensor_file_read_i32 (file, "tokens", batch->ids, tensor->elements, error)
         && check_ids (batch, path, context, text->vocab_size, error);
}

static DataBpe *
open_vocabulary (const char *vocab, const NnConfig *config, GError **error)
{
  const char *path = vocab ? vocab : config->data.path;
  g_autoptr (DataBpe) bpe = NULL;

  if (!*path)
    {
      g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                           "no vocabulary for --texts: pass --vocab with a data set or a "
                           "vocabulary file");
      return NULL;
    }
  bpe = data_bpe_new_from_path (path, error);
  if (!bpe || !data_bpe_check_vocab (bpe, (guint) config->text.vocab_size, error))
    return NULL;
  return g_steal_pointer (&bpe);
}

/* A text a line; the last one may lack its newline. */
static gboolean
load_texts (Batch *batch, const char *path, const char *vocab, const NnConfig *config,
            GError **error)
{
  const guint context = (guint) config->text.context_length;
  g_autoptr (DataBpe) bpe = open_vocabulary (vocab, config, error);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  gsize length;

  if (!bpe || !g_file_get_contents (path, &text, &length, error))
    return FALSE;
  if (length > 0 && text[length - 1] == '\n')
    text[length - 1] = '\0';
  lines = g_strsplit (text, "\n", -1);
  batch->n = g_strv_length (lines);
  batch->ids = g_new (gint32, MAX (batch->n, 1) * context);
  for (gsize i = 0; i < batch->n; i++)
    data_bpe_encode (bpe, batch->ids + i * context, lines[i], -1, context);
  return TRUE;
}

static gboolean
load_inputs (Batch *pictures, Batch *texts, const Options *options, const NnConfig *config,
             GError **error)
{
  if (options->images
      && !load_pictures (pictures, options->images, (guint) config->vision.image_size, error))
    return FALSE;
  if (options->images_tensor
      && !load_pixels (pictures, options->images_tensor, config->vision.image_size, error))
    return FALSE;
  if (options->texts && !load_texts (texts, options->texts, options->vocab, config, error))
    return FALSE;
  return !options->tokens_tensor || load_ids (texts, options->tokens_tensor, &config->text, error);
}

static guint
plan_batch (NnModel *model, gsize n)
{
  return nn_encoder_fit (model, (guint) CLAMP (n, 1, (gsize) model->config.eval.batch_size));
}

static gboolean
encode_pictures (Batch *batch, NnModel *model, const Options *options, const EvalWatch *watch,
                 GError **error)
{
  g_autoptr (NnEncoder) encoder =
      nn_encoder_new_image (model,
                            &(NnEncoderOptions){ .batch = plan_batch (model, batch->n),
                                                 .weights = options->which,
                                                 .keep_rate = options->rate },
                            error);

  batch->features = g_new (float, MAX (batch->n, 1) * (gsize) model->config.embed_dim);
  return encoder
         && eval_encode_pixels (batch->features, encoder, batch->pixels, batch->n, EVAL_RAW, watch,
                                error);
}

static gboolean
encode_texts (Batch *batch, NnModel *model, const EvalWatch *watch, GError **error)
{
  g_autoptr (NnEncoder) encoder = nn_encoder_new_text (model, plan_batch (model, batch->n), error);
  g_autofree const gint32 **rows = g_new (const gint32 *, MAX (batch->n, 1));

  for (gsize i = 0; i < batch->n; i++)
    rows[i] = batch->ids + i * (gsize) model->config.text.context_length;
  batch->features = g_new (float, MAX (batch->n, 1) * (gsize) model->config.embed_dim);
  return encoder
         && eval_encode_texts (batch->features, encoder, rows, batch->n, EVAL_RAW, watch, error);
}

static gboolean
encode (Batch *pictures, Batch *texts, NnModel *model, const Options *options, GError **error)
{
  CliWatch picture_bar = { .label = "encoding", .unit = "pictures" };
  CliWatch text_bar = { .label = "encoding", .unit = "texts" };
  const EvalWatch watch_pictures = cli_watch (&picture_bar), watch_texts = cli_watch (&text_bar);

  gboolean ok =
      (!pictures->pixels || encode_pictures (pictures, model, options, &watch_pictures, error))
      && (!texts->ids || encode_texts (texts, model, &watch_texts, error));
  cli_progress_free (picture_bar.bar);
  cli_progress_free (text_bar.bar);
  return ok;
}

static gboolean
write_features (const char *path, const Batch *pictures, const Batch *texts, gint64 width,
                GError **error)
{
  g_autoptr (NnTensorWriter) writer = nn_tensor_writer_new ();

  if (pictures->features)
    nn_tensor_writer_add (writer, "image_features", NN_DTYPE_F32, 2,
                          (const gint64[]){ (gint64) pictures->n, width }, pictures->features);
  if (texts->features)
    nn_tensor_writer_add (writer, "text_features", NN_DTYPE_F32, 2,
                          (const gint64[]){ (gint64) texts->n, width }, texts->features);
  return nn_tensor_writer_save (writer, path, error);
}

static int
run (const char *path, const Options *options)
{
  g_autoptr (EvalCheckpoint) checkpoint = NULL;
  Batch pictures = { 0 }, texts = { 0 };
  GError *error = NULL;

  checkpoint = cli_open_checkpoint (path, options->config, options->device, &error);
  if (checkpoint && cli_check_encoder (checkpoint, options->which, options->rate, &error)
      && load_inputs (&pictures, &texts, options, &checkpoint->model->config, &error)
      && encode (&pictures, &texts, checkpoint->model, options, &error))
    write_features (options->out, &pictures, &texts, checkpoint->model->config.embed_dim, &error);
  clear_batch (&pictures);
  clear_batch (&texts);
  return error ? cli_report_error (error) : CLI_OK;
}

/* --images F1 F2 F3: the option takes the first, the others stand behind CKPT. */
static void
add_pictures (Options *options, char **more)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new ();

  for (char **path = options->images; *path; path++)
    g_ptr_array_add (all, *path);
  for (; *more; more++)
    g_ptr_array_add (all, g_strdup (*more));
  g_ptr_array_add (all, NULL);
  g_free (options->images);
  options->images = (char **) g_ptr_array_steal (all, NULL);
}

static int
check_and_run (int argc, char **argv, Options *options)
{
  GError *error = NULL;

  if (argc < 2)
    return cli_report_usage ("no checkpoint: pass CKPT, a run folder or a .safetensors file");
  if (options->images)
    add_pictures (options, argv + 2);
  else if (argc > 2)
    return cli_report_usage ("unexpected argument \"%s\": pictures follow --images", argv[2]);
  if (!options->images && !options->images_tensor && !options->texts && !options->tokens_tensor)
    return cli_report_usage ("nothing to encode: pass --images, --images-tensor, --texts or "
                             "--tokens-tensor");
  if (options->images && options->images_tensor)
    return cli_report_usage ("--images and --images-tensor exclude each other");
  if (options->texts && options->tokens_tensor)
    return cli_report_usage ("--texts and --tokens-tensor exclude each other");
  if (!options->out)
    return cli_report_usage ("no place for the features: pass --out F");
  if ((options->encoder && !cli_parse_encoder (&options->which, options->encoder, &error))
      || (options->keep_rate && !cli_parse_keep_rate (&options->rate, options->keep_rate, &error)))
    return cli_report_error (error);
  return run (argv[1], options);
}

int
cli_encode (int argc, char **argv)
{
  Options options = { .which = NN_SLAB_WEIGHTS };
  int status = CLI_OK;
  const GOptionEntry entries[] = {
    { "images", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.images,
      "pictures: shortest side resized, centre cropped", "F..." },
    { "images-tensor", 0, 0, G_OPTION_ARG_FILENAME, &options.images_tensor,
      "safetensors with image [N,3,S,S], normalised pixels", "F" },
    { "texts", 0, 0, G_OPTION_ARG_FILENAME, &options.texts, "a text a line", "FILE" },
    { "tokens-tensor", 0, 0, G_OPTION_ARG_FILENAME, &options.tokens_tensor,
      "safetensors with tokens [N,context]", "F" },
    { "out", 0, 0, G_OPTION_ARG_FILENAME, &options.out, "the safetensors to write", "F" },
    { "vocab", 0, 0, G_OPTION_ARG_FILENAME, &options.vocab,
      "tokenizer for --texts (default: of the data set of training)", "FILE_OR_DIR" },
    { "encoder", 0, 0, G_OPTION_ARG_STRING, &options.encoder, "student (default) or teacher",
      "WHICH" },
    { "keep-rate", 0, 0, G_OPTION_ARG_STRING, &options.keep_rate,
      "of the image encoder (default: the config's)", "K" },
    { "config", 0, 0, G_OPTION_ARG_FILENAME, &options.config, "config of weights that carry none",
      "CONFIG" },
    { "device", 0, 0, G_OPTION_ARG_STRING, &options.device, CLI_DEVICE_HELP, "DEVICE" },
    { NULL },
  };

  if (cli_parse_options (&argc, &argv, entries,
                         "CKPT (--images F... | --images-tensor F | --texts FILE | "
                         "--tokens-tensor F) --out F",
                         "Writes image_features and text_features [N,D], not normalised.", &status))
    status = check_and_run (argc, argv, &options);
  clear_options (&options);
  return status;
}
