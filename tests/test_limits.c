/* Devices smaller than this one: slabs in several blocks, tables and slabs in several bindings, no
 * more pictures at once than a binding holds. The numbers stay the same, to the bit. */
#include "models/nn/encoder.h"
#include "models/nn/step.h"

#include <math.h>
#include <string.h>

/* A vocabulary that makes the token table the largest tensor by far. */
static const char json[] =
    "{\"embed_dim\": 24, \"vision_cfg\": {\"image_size\": 16, \"layers\": 2, \"width\": 24, "
    "\"head_width\": 12, \"patch_size\": 4}, \"text_cfg\": {\"context_length\": 8, "
    "\"vocab_size\": 12000, \"width\": 64, \"heads\": 2, \"layers\": 1}, "
    "\"expedition_cfg\": {\"method\": \"evit\", \"keep_rate\": 0.7, \"layers\": [1]}, "
    "\"distill_cfg\": {\"teacher\": \"momentum\"}}";

enum
{
  BATCH = 4,
  STEPS = 3,
};

#define TABLE_BYTES (12000 * 64 * 4)
#define SMALL_BINDING (TABLE_BYTES / 8)
/* The token table must fit, and takes a block of its own. */
#define SMALL_ALLOCATION TABLE_BYTES

typedef struct
{
  double losses[STEPS], norms[STEPS];
  guint blocks;
  gsize n;
  float *weights;
} Outcome;

static void
fill (const NnConfig *config, NnStep *step, guint seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  const guint row = 3 * (guint) (config->vision.image_size * config->vision.image_size);
  const guint ids = BATCH * (guint) config->text.context_length;
  gint32 *tokens = nn_step_tokens (step);
  gsize stride;
  float *images = nn_step_images (step, &stride);

  for (guint b = 0; b < BATCH; b++)
    for (guint i = 0; i < row; i++)
      images[b * stride + i] = (float) g_rand_double_range (rand, -2, 2);
  for (guint i = 0; i < ids; i++)
    tokens[i] = g_rand_int_range (rand, 0, config->text.vocab_size);
}

static void
read_weights (Outcome *outcome, const NnModel *model)
{
  gsize at = 0;

  outcome->n = nn_params_count (model->params);
  outcome->weights = g_new (float, outcome->n);
  for (guint i = 0; i < model->params->table->len; i++)
    {
      const NnParam *param = nn_params_get (model->params, i);
      g_assert_true (nn_model_download (model, NN_SLAB_WEIGHTS, i, outcome->weights + at, NULL));
      at += (gsize) param->rows * param->cols;
    }
}

static void
train (Outcome *outcome, const GpuDeviceOptions *options)
{
  g_autoptr (GError) error = NULL;
  NnConfig config;

  g_assert_true (nn_config_from_json (&config, json, NULL));
  g_autoptr (GpuDevice) device = gpu_device_open (options, &error);
  g_assert_no_error (error);
  g_autoptr (NnModel) model = nn_model_new (device, &config, NN_USE_TRAINING, &error);
  g_assert_no_error (error);
  g_assert_true (nn_model_init (model, 5, NULL));
  g_autoptr (NnStep) step = nn_step_new (model, &(NnStepOptions){ .batch = BATCH }, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < STEPS; i++)
    {
      const NnStepSchedule schedule = { .update = i + 1, .lr = 1e-3, .momentum = .9 };
      NnStepResult result;
      fill (&config, step, i);
      nn_step_run (step, &schedule, &result, &error);
      g_assert_no_error (error);
      outcome->losses[i] = result.loss;
      outcome->norms[i] = result.grad_norm;
    }
  outcome->blocks = model->params->n_blocks;
  read_weights (outcome, model);
  g_assert_cmpstr (gpu_device_get_validation_text (device), ==, NULL);
}

static void
test_small (gconstpointer data)
{
  GpuDeviceOptions options = { .read = GPOINTER_TO_INT (data), .validate = TRUE };
  Outcome large, small;

  train (&large, &options);
  options.max_allocation_bytes = SMALL_ALLOCATION;
  options.max_binding_bytes = SMALL_BINDING;
  train (&small, &options);

  g_assert_cmpuint (large.blocks, ==, 1);
  g_assert_cmpuint (small.blocks, >=, 2);
  for (guint i = 0; i < STEPS; i++)
    {
      g_assert_cmpfloat (small.losses[i], ==, large.losses[i]);
      /* Its terms are added in another order. */
      g_assert_cmpfloat_with_epsilon (small.norms[i], large.norms[i], 1e-5 * large.norms[i]);
    }
  g_assert_cmpmem (small.weights, small.n * sizeof (float), large.weights,
                   large.n * sizeof (float));
  g_free (large.weights);
  g_free (small.weights);
}

/* What does not fit is refused with its size and the remedy; what can be done in turns is. */
static void
test_refused (void)
{
  const GpuDeviceOptions options = { .max_binding_bytes = SMALL_BINDING };
  g_autoptr (GpuDevice) device = gpu_device_open (&options, NULL);
  g_autoptr (GError) error = NULL;
  NnConfig config;

  g_assert_true (nn_config_from_json (&config, json, NULL));
  g_autoptr (NnModel) model = nn_model_new (device, &config, NN_USE_TRAINING, NULL);
  const guint most = nn_encoder_fit (model, 1000);
  g_assert_cmpuint (most, >=, 1);
  g_assert_cmpuint (most, <, 1000);
  g_assert_cmpuint (nn_encoder_fit (model, 1), ==, 1);

  /* Of this model a text is the larger of the two. */
  g_autoptr (NnEncoder) fits = nn_encoder_new_text (model, most, NULL);
  g_assert_true (nn_encoder_run (fits, NULL, NULL, most, &error));
  g_assert_no_error (error);
  g_autoptr (NnEncoder) too_many = nn_encoder_new_text (model, 2 * most, NULL);
  g_assert_false (nn_encoder_run (too_many, NULL, NULL, 1, &error));
  g_assert_error (error, GPU_ERROR, GPU_ERROR_LIMIT);
  g_assert_nonnull (strstr (error->message, "smaller batch"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/limits/texel", GINT_TO_POINTER (GPU_READ_TEXEL), test_small);
  g_test_add_data_func ("/limits/storage", GINT_TO_POINTER (GPU_READ_STORAGE), test_small);
  g_test_add_func ("/limits/refused", test_refused);
  return g_test_run ();
}
