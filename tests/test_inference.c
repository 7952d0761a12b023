/* eval, search and encode end to end: a nano model of random weights over a small scenes data set,
 * and the reference fixtures' features. */
#include "models/data/import.h"
#include "models/data/pairs.h"
#include "models/eval/evaluate.h"
#include "models/nn/step.h"
#include "tests/command.h"
#include "tests/temporary.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#define PICTURES 120

static char *folder, *data, *checkpoint;
static GpuDevice *device;
static NnConfig config;

static int
run (char **out, char **err, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *arguments = g_strdup_vprintf (format, args);
  va_end (args);
  return command_run (NULL, arguments, out, err);
}

static char *
run_well (const char *arguments)
{
  g_autofree char *err = NULL;
  char *out = NULL;
  int status = run (&out, &err, "%s", arguments);
  if (status != 0)
    g_error ("%s: %s", arguments, err);
  return out;
}

/* The command fails with that status and one line, after any progress, that holds all the words. */
static void
run_badly (int status, const char *words, const char *format, ...)
{
  g_autofree char *out = NULL, *err = NULL;
  g_auto (GStrv) each = g_strsplit (words, "|", -1);
  va_list args;
  va_start (args, format);
  g_autofree char *arguments = g_strdup_vprintf (format, args);
  va_end (args);

  int got = run (&out, &err, "%s", arguments);
  if (got != status)
    g_error ("%s: status %d, not %d: %s", arguments, got, status, err);
  g_assert_true (g_str_has_suffix (err, "\n"));
  err[strlen (err) - 1] = '\0';
  const char *line = strrchr (err, '\n') ? strrchr (err, '\n') + 1 : err;
  g_assert_true (g_str_has_prefix (line, "penumbra-cli "));
  for (guint i = 0; each[i]; i++)
    if (!strstr (line, each[i]))
      g_error ("%s: no \"%s\" in: %s", arguments, each[i], err);
}

static char *
in_folder (const char *name)
{
  return g_build_filename (folder, name, NULL);
}

static float *
read_tensor (const char *path, const char *name, gsize *elements)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (NnTensorFile) file = nn_tensor_file_open (path, &error);
  g_assert_no_error (error);
  const NnFileTensor *tensor = nn_tensor_file_find (file, name);
  g_assert_nonnull (tensor);
  *elements = tensor->elements;
  float *values = g_new (float, tensor->elements);
  g_assert_true (nn_tensor_file_read_f32 (file, name, values, tensor->elements, &error));
  return values;
}

static void
assert_near (const float *got, const float *want, gsize n, double tolerance)
{
  double difference = 0, norm = 0;
  for (gsize i = 0; i < n; i++)
    {
      difference += pow ((double) got[i] - (double) want[i], 2);
      norm += pow ((double) want[i], 2);
    }
  g_assert_cmpfloat (norm, >, 0);
  g_assert_cmpfloat (sqrt (difference / norm), <, tolerance);
}

/* Weights of one seed, with a teacher of another, as a checkpoint of ours. */
static void
write_checkpoint (void)
{
  GError *error = NULL;
  g_autoptr (NnModel) model = nn_model_new (device, &config, NN_USE_INFERENCE, &error);
  g_assert_no_error (error);
  g_autoptr (NnTensorWriter) writer = nn_tensor_writer_new ();
  g_autofree char *json = nn_config_to_json (&config);

  nn_tensor_writer_add_metadata (writer, "format", "penumbra");
  nn_tensor_writer_add_metadata (writer, "config", json);
  nn_tensor_writer_add_metadata (writer, "step", "17");
  nn_model_declare (model, NN_SLAB_WEIGHTS, writer, "");
  nn_model_declare (model, NN_SLAB_TEACHER, writer, "teacher.");
  g_assert_true (nn_tensor_writer_begin (writer, checkpoint, &error));
  g_assert_true (nn_model_init (model, 1, &error));
  g_assert_true (nn_model_write (model, NN_SLAB_WEIGHTS, writer, &error));
  g_assert_true (nn_model_init (model, 2, &error));
  g_assert_true (nn_model_write (model, NN_SLAB_TEACHER, writer, &error));
  g_assert_true (nn_tensor_writer_commit (writer, &error));
  g_assert_no_error (error);
}

static void
set_up (void)
{
  GError *error = NULL;
  DataImportSummary summary;

  folder = temporary_folder ();
  g_setenv ("XDG_CONFIG_HOME", folder, TRUE);
  data = in_folder ("scenes");
  checkpoint = in_folder ("weights.safetensors");
  device = gpu_device_open (&(GpuDeviceOptions){ .validate = TRUE }, &error);
  g_assert_no_error (error);
  data_import_scenes (data, &summary, &(DataScenesSettings){ .count = PICTURES, .size = 40 },
                      &(DataImportOptions){ .vocabulary_size = 700 }, &error);
  g_assert_no_error (error);
  g_assert_true (nn_config_preset (&config, "nano", &error));
  write_checkpoint ();
}

static double
number (const cJSON *object, const char *name)
{
  const cJSON *item = cJSON_GetObjectItemCaseSensitive (object, name);
  g_assert_true (cJSON_IsNumber (item));
  return item->valuedouble;
}

static const char *
text (const cJSON *object, const char *name)
{
  const char *value = cJSON_GetStringValue (cJSON_GetObjectItemCaseSensitive (object, name));
  g_assert_nonnull (value);
  return value;
}

static void
test_eval (void)
{
  static const char *const recalls[] = { "t2i_r1", "t2i_r5", "t2i_r10",
                                         "i2t_r1", "i2t_r5", "i2t_r10" };
  g_autofree char *line =
      g_strdup_printf ("eval %s --data %s --json --keep-rate 0.5 --keep-rate 1", checkpoint, data);
  g_autofree char *first = run_well (line), *again = run_well (line);
  g_auto (GStrv) lines = g_strsplit (g_strchomp (first), "\n", -1);

  g_assert_cmpstr (first, ==, g_strchomp (again));
  g_assert_cmpuint (g_strv_length (lines), ==, 3);
  for (guint i = 0; i < 3; i++)
    {
      cJSON *object = cJSON_Parse (lines[i]);
      g_assert_nonnull (object);
      g_assert_cmpstr (text (object, "task"), ==, "retrieval");
      g_assert_cmpstr (text (object, "encoder"), ==, i < 2 ? "student" : "teacher");
      g_assert_cmpfloat (number (object, "keep_rate"), ==, i == 0 ? 0.5 : 1);
      g_assert_cmpfloat (number (object, "step"), ==, 17);
      for (guint k = 0; k < G_N_ELEMENTS (recalls); k++)
        {
          g_assert_cmpfloat (number (object, recalls[k]), >=, 0);
          g_assert_cmpfloat (number (object, recalls[k]), <=, 1);
        }
      g_assert_cmpfloat (number (object, "t2i_r10"), >=, number (object, "t2i_r1"));
      g_assert_cmpfloat (number (object, "i2t_median_rank"), >=, 1);
      cJSON_Delete (object);
    }
}

/* An EvalRetrieval reads weights as they are when it runs. */
static void
test_follows_weights (void)
{
  GError *error = NULL;
  g_autoptr (NnModel) model = nn_model_new (device, &config, NN_USE_INFERENCE, &error);
  g_autoptr (DataPairs) pairs =
      data_pairs_open (&(DataPairsOptions){ .folder = data,
                                            .size = (guint) config.vision.image_size,
                                            .context = (guint) config.text.context_length,
                                            .vocab_size = (guint) config.text.vocab_size },
                       &error);
  g_assert_no_error (error);
  g_autoptr (EvalRetrieval) retrieval = eval_retrieval_new (model, pairs, DATA_SPLIT_TRAIN, &error);
  g_assert_no_error (error);
  EvalRecall recalls[3];

  for (guint i = 0; i < 3; i++)
    {
      g_assert_true (nn_model_init (model, i == 2 ? 0 : i, &error));
      g_assert_true (eval_retrieval_run (retrieval, NN_SLAB_WEIGHTS, 0, &recalls[i], &error));
    }
  g_assert_cmpmem (&recalls[0], sizeof recalls[0], &recalls[2], sizeof recalls[2]);
  g_assert_true (memcmp (&recalls[0], &recalls[1], sizeof recalls[0]) != 0);

  /* After initialisation the teacher is a copy: asked with all tokens, both answer alike. */
  const EvalEncoder both[] = { { NN_SLAB_WEIGHTS, 1 }, { NN_SLAB_TEACHER, 0 } };
  g_assert_true (eval_retrieval_run_all (retrieval, recalls, both, 2, NULL, &error));
  g_assert_cmpmem (&recalls[0], sizeof recalls[0], &recalls[1], sizeof recalls[1]);

  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_cancellable_cancel (cancellable);
  g_assert_false (eval_retrieval_run_all (retrieval, recalls, both, 2,
                                          &(EvalWatch){ .cancellable = cancellable }, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
}

static void
test_search (void)
{
  g_autoptr (DataSet) set = data_set_open (data, NULL);
  const DataItem *item = data_set_get_item (set, 3);
  g_autofree char *by_image = g_strdup_printf ("search %s --data %s --image %s --split all --json "
                                               "--encoder teacher -k 5",
                                               checkpoint, data, item->path);
  g_autofree char *by_text = g_strdup_printf (
      "search %s --data %s --text 'a red circle' -k 1000 --json", checkpoint, data);
  g_autofree char *images = run_well (by_image), *texts = run_well (by_text);
  g_auto (GStrv) hits = g_strsplit (g_strchomp (images), "\n", -1);
  g_auto (GStrv) all = g_strsplit (g_strchomp (texts), "\n", -1);
  double before = 2;
  guint held_out;

  g_assert_cmpuint (g_strv_length (hits), ==, 5);
  cJSON *best = cJSON_Parse (hits[0]);
  g_assert_cmpstr (text (best, "id"), ==, item->id);
  g_assert_cmpstr (text (best, "file"), ==, item->path);
  g_assert_cmpstr (text (best, "caption"), ==, item->captions[0]);
  g_assert_cmpfloat_with_epsilon (number (best, "score"), 1, 1e-5);
  cJSON_Delete (best);

  data_set_get_split (set, DATA_SPLIT_VAL, &held_out);
  g_assert_cmpuint (g_strv_length (all), ==, held_out);
  for (guint i = 0; all[i]; i++)
    {
      cJSON *hit = cJSON_Parse (all[i]);
      g_assert_cmpfloat (number (hit, "score"), <=, before);
      g_assert_cmpfloat (number (hit, "rank"), ==, i + 1);
      before = number (hit, "score");
      cJSON_Delete (hit);
    }
}

/* A hit is one line and moves no cursor, whatever its file is called. */
static void
test_search_prints_lines (void)
{
  g_autofree char *odd = in_folder ("odd\n\033[31mname");
  g_autofree char *link = g_strdup_printf ("search %s --data '%s' --text x -k 3", checkpoint, odd);

  g_assert_cmpint (symlink (data, odd), ==, 0);
  g_autofree char *out = run_well (link);
  g_auto (GStrv) lines = g_strsplit (g_strchomp (out), "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, 3);
  for (guint i = 0; i < 3; i++)
    g_assert_nonnull (strstr (lines[i], "odd??[31mname/pictures/"));
}

/* What encode writes is what a training step sees of the same weights. */
static void
test_encode_step (void)
{
  const guint batch = 8, context = (guint) config.text.context_length;
  const gsize size = (gsize) config.vision.image_size, row = 3 * size * size;
  const gsize n = batch * (gsize) config.embed_dim;
  GError *error = NULL;
  g_autoptr (NnModel) model = nn_model_new (device, &config, NN_USE_TRAINING, &error);
  g_assert_true (nn_model_init (model, 1, &error));
  g_autoptr (NnStep) step = nn_step_new (model, &(NnStepOptions){ .batch = batch }, &error);
  g_assert_no_error (error);
  g_autofree float *pixels = g_new (float, batch *row);
  g_autofree gint32 *ids = g_new0 (gint32, batch * context);
  gsize stride;
  float *images = nn_step_images (step, &stride);
  g_autoptr (GRand) rand = g_rand_new_with_seed (5);

  for (gsize i = 0; i < batch * row; i++)
    {
      pixels[i] = (float) g_rand_double_range (rand, -2, 2);
      images[i / row * stride + i % row] = pixels[i];
    }
  for (guint i = 0; i < batch; i++)
    for (guint t = 0; t < 2 + i; t++)
      ids[i * context + t] = t < 1 + i ? g_rand_int_range (rand, 1, 600) : 601;
  memcpy (nn_step_tokens (step), ids, batch * context * sizeof *ids);
  NnStepResult result;
  g_assert_true (nn_step_run (step, &(NnStepSchedule){ .update = 1, .lr = 0, .momentum = 1 },
                              &result, &error));

  g_autofree char *in = in_folder ("in.safetensors"), *out = in_folder ("out.safetensors");
  g_autoptr (NnTensorWriter) writer = nn_tensor_writer_new ();
  nn_tensor_writer_add (writer, "image", NN_DTYPE_F32, 4,
                        (const gint64[]){ batch, 3, (gint64) size, (gint64) size }, pixels);
  nn_tensor_writer_add (writer, "tokens", NN_DTYPE_I32, 2, (const gint64[]){ batch, context }, ids);
  g_assert_true (nn_tensor_writer_save (writer, in, &error));
  g_autofree char *line = g_strdup_printf (
      "encode %s --images-tensor %s --tokens-tensor %s --out %s", checkpoint, in, in, out);
  g_autofree char *said = run_well (line);

  static const NnStepOutput outputs[] = { NN_STEP_IMAGE_FEATURES, NN_STEP_TEXT_FEATURES };
  static const char *const names[] = { "image_features", "text_features" };
  g_autofree float *want = g_new (float, n);
  for (guint i = 0; i < 2; i++)
    {
      gsize elements;
      g_autofree float *got = read_tensor (out, names[i], &elements);
      g_assert_cmpuint (elements, ==, n);
      g_assert_true (nn_step_read (step, outputs[i], want, &error));
      assert_near (got, want, n, 1e-5);
    }
}

/* Pictures and texts from files: one at a time or together, the features are the same. */
static void
test_encode_files (void)
{
  g_autoptr (DataSet) set = data_set_open (data, NULL);
  const char *a = data_set_get_item (set, 0)->path, *b = data_set_get_item (set, 1)->path;
  g_autofree char *words = in_folder ("words.txt"), *both = in_folder ("both.safetensors");
  g_autofree char *one = in_folder ("one.safetensors");
  gsize n, m, k;

  g_assert_true (g_file_set_contents (words, "a red circle\n\ntwo stars", -1, NULL));
  g_autofree char *first =
      g_strdup_printf ("encode %s --images %s %s --texts %s --vocab %s --keep-rate 0.9 --out %s",
                       checkpoint, a, b, words, data, both);
  g_autofree char *second =
      g_strdup_printf ("encode %s --images %s --keep-rate 0.9 --out %s", checkpoint, b, one);
  g_autofree char *said = run_well (first), *also = run_well (second);
  g_autofree float *images = read_tensor (both, "image_features", &n);
  g_autofree float *texts = read_tensor (both, "text_features", &m);
  g_autofree float *image = read_tensor (one, "image_features", &k);

  g_assert_cmpuint (n, ==, 2 * (gsize) config.embed_dim);
  g_assert_cmpuint (m, ==, 3 * (gsize) config.embed_dim);
  g_assert_cmpuint (k, ==, (gsize) config.embed_dim);
  assert_near (images + k, image, k, 1e-5);
}

/* open_clip's weights with a config beside them give the reference's features. */
static void
test_fixture (gconstpointer name)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", name, NULL);
  g_autofree char *batches = g_build_filename (path, "batches.safetensors", NULL);
  g_autofree char *expected = g_build_filename (path, "expected.safetensors", NULL);
  g_autofree char *in = in_folder ("fixture.safetensors"),
                  *out = in_folder ("features.safetensors");
  g_autoptr (NnTensorFile) file = nn_tensor_file_open (batches, NULL);
  g_autoptr (NnTensorWriter) writer = nn_tensor_writer_new ();
  static const char *const from[] = { "image.0", "tokens.0" }, *const to[] = { "image", "tokens" };
  static const char *const results[] = { "image_features", "text_features" };

  for (guint i = 0; i < 2; i++)
    {
      const NnFileTensor *tensor = nn_tensor_file_find (file, from[i]);
      nn_tensor_writer_add (writer, to[i], tensor->dtype, tensor->rank, tensor->shape,
                            tensor->data);
    }
  g_assert_true (nn_tensor_writer_save (writer, in, NULL));
  g_autofree char *line =
      g_strdup_printf ("encode %s/weights.safetensors --config %s/config.json --images-tensor %s "
                       "--tokens-tensor %s --out %s",
                       path, path, in, in, out);
  g_autofree char *said = run_well (line);
  for (guint i = 0; i < 2; i++)
    {
      gsize n, m;
      g_autofree float *got = read_tensor (out, results[i], &n);
      g_autofree float *want = read_tensor (expected, results[i], &m);
      g_assert_cmpuint (n, ==, m);
      assert_near (got, want, n, 1e-4);
    }
}

static void
test_bad_arguments (void)
{
  run_badly (2, "CKPT", "eval --data %s", data);
  run_badly (2, "--task|zeroshot|retrieval", "eval %s --task zeroshot", checkpoint);
  run_badly (2, "--encoder|pupil|teacher", "eval %s --encoder pupil", checkpoint);
  run_badly (2, "--keep-rate|1.5", "eval %s --keep-rate 1.5", checkpoint);
  run_badly (2, "--keep-rate|nan", "eval %s --keep-rate nan", checkpoint);
  run_badly (2, "--data", "eval %s", checkpoint);
  run_badly (2, "--device|warp drive", "eval %s --data %s --device 'warp drive'", checkpoint, data);
  run_badly (1, "nowhere", "eval %s --data %s/nowhere", checkpoint, folder);
  run_badly (2, "--text|--image", "search %s --data %s", checkpoint, data);
  run_badly (2, "--text|--image", "search %s --text x --image y", checkpoint);
  run_badly (2, "-k", "search %s --text x -k 0", checkpoint);
  run_badly (2, "--split|test", "search %s --text x --split test", checkpoint);
  run_badly (1, "nowhere.png", "search %s --data %s --image nowhere.png", checkpoint, data);
  run_badly (2, "--images", "encode %s --out %s/x", checkpoint, folder);
  run_badly (2, "--out", "encode %s --images a.png", checkpoint);
  run_badly (2, "b.png|--images", "encode %s b.png --texts t --out x", checkpoint);
  run_badly (2, "--texts|--tokens-tensor", "encode %s --texts a --tokens-tensor b --out x",
             checkpoint);
  run_badly (2, "--vocab", "encode %s --texts %s --out x", checkpoint, checkpoint);
}

static void
test_bad_checkpoints (void)
{
  g_autofree char *fixture =
      g_test_build_filename (G_TEST_DIST, "fixtures", "tiny-full", "weights.safetensors", NULL);
  g_autofree char *other = in_folder ("other.json"), *torn = in_folder ("torn.safetensors");
  g_autofree char *student = in_folder ("student.safetensors"), *bytes = NULL;
  g_autofree char *json = nn_config_to_json (&config);
  gsize length;

  run_badly (1, "nowhere", "eval nowhere --data %s", data);
  run_badly (1, "scenes|run", "eval %s --data %s", data, data);
  run_badly (2, "tiny-full|--config", "eval %s --data %s", fixture, data);
  g_assert_true (g_file_set_contents (other, json, -1, NULL));
  run_badly (2, "positional_embedding|[12,32]|[16,32]|--config", "eval %s --config %s --data %s",
             fixture, other, data);
  run_badly (2, "nowhere.json", "eval %s --config nowhere.json --data %s", fixture, data);

  g_assert_true (g_file_get_contents (checkpoint, &bytes, &length, NULL));
  g_assert_true (g_file_set_contents (torn, bytes, (gssize) length / 2, NULL));
  run_badly (1, "torn.safetensors", "eval %s --data %s", torn, data);

  /* A file without teacher answers for the student alone. */
  g_autoptr (NnTensorWriter) writer = nn_tensor_writer_new ();
  g_autoptr (NnTensorFile) file = nn_tensor_file_open (checkpoint, NULL);
  nn_tensor_writer_add_metadata (writer, "config", json);
  for (guint i = 0; i < nn_tensor_file_count (file); i++)
    {
      const NnFileTensor *tensor = nn_tensor_file_get (file, i);
      if (!g_str_has_prefix (tensor->name, "teacher."))
        nn_tensor_writer_add (writer, tensor->name, tensor->dtype, tensor->rank, tensor->shape,
                              tensor->data);
    }
  g_assert_true (nn_tensor_writer_save (writer, student, NULL));
  run_badly (2, "teacher|--encoder student", "eval %s --data %s --encoder teacher", student, data);
  g_autofree char *eval = g_strdup_printf ("eval %s --data %s --json", student, data);
  g_autofree char *out = run_well (eval);
  g_assert_null (strstr (out, "teacher"));
}

static void
test_bad_inputs (void)
{
  g_autofree char *in = in_folder ("bad.safetensors"), *broken = in_folder ("broken.png");
  const gint64 context = config.text.context_length;
  g_autofree gint32 *ids = g_new0 (gint32, 2 * (gsize) context);
  g_autoptr (NnTensorWriter) writer = nn_tensor_writer_new ();
  const float pixel[3] = { 0 };

  ids[context + 2] = config.text.vocab_size;
  nn_tensor_writer_add (writer, "tokens", NN_DTYPE_I32, 2, (const gint64[]){ 2, context }, ids);
  nn_tensor_writer_add (writer, "image", NN_DTYPE_F32, 4, (const gint64[]){ 1, 3, 1, 1 }, pixel);
  g_assert_true (nn_tensor_writer_save (writer, in, NULL));
  run_badly (1, "tokens|1024|1023", "encode %s --tokens-tensor %s --out %s/x", checkpoint, in,
             folder);
  run_badly (1, "image|[1,3,1,1]|[1,3,32,32]", "encode %s --images-tensor %s --out %s/x",
             checkpoint, in, folder);
  run_badly (1, "image", "encode %s --images-tensor %s --out %s/x", checkpoint, checkpoint, folder);
  g_assert_true (g_file_set_contents (broken, "no picture", -1, NULL));
  run_badly (1, "broken.png", "encode %s --images %s --out %s/x", checkpoint, broken, folder);
  run_badly (1, "nowhere", "encode %s --texts %s/nowhere --vocab %s --out %s/x", checkpoint, folder,
             data, folder);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  set_up ();
  g_test_add_func ("/inference/eval", test_eval);
  g_test_add_func ("/inference/follows-weights", test_follows_weights);
  g_test_add_func ("/inference/search", test_search);
  g_test_add_func ("/inference/search-prints-lines", test_search_prints_lines);
  g_test_add_func ("/inference/encode-step", test_encode_step);
  g_test_add_func ("/inference/encode-files", test_encode_files);
  g_test_add_data_func ("/inference/fixture/tiny-evit", "tiny-evit", test_fixture);
  g_test_add_data_func ("/inference/fixture/tiny-full", "tiny-full", test_fixture);
  g_test_add_func ("/inference/bad-arguments", test_bad_arguments);
  g_test_add_func ("/inference/bad-checkpoints", test_bad_checkpoints);
  g_test_add_func ("/inference/bad-inputs", test_bad_inputs);
  status = g_test_run ();
  if (gpu_device_get_validation_count (device) > 0)
    g_error ("validation: %s", gpu_device_get_validation_text (device));
  gpu_device_unref (device);
  temporary_remove (folder);
  g_free (folder);
  g_free (data);
  g_free (checkpoint);
  return status;
}
