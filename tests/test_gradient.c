/* The gradient of a whole step along random directions, against differences of its loss.
 *
 * What the objective detaches has a gradient that is not the loss's slope: directions leave out what
 * reaches the teacher's logits (the texts and the logit scale) where there is a teacher.
 */
#include "models/nn/step.h"

#include <math.h>
#include <string.h>

typedef struct
{
  const char *name, *json;
  guint batch;
} Case;

#define TEXT                                                                                       \
  "\"text_cfg\": {\"context_length\": 7, \"vocab_size\": 30, \"width\": 15, \"heads\": 3, "        \
  "\"layers\": 2}"
#define TEACHER "\"distill_cfg\": {\"teacher\": \"momentum\", \"weight\": 1.5}"

static const Case cases[] = {
  { "all-blocks-shrink",
    "{\"embed_dim\": 13, \"init_logit_scale\": 1, \"vision_cfg\": {\"image_size\": 15, \"layers\": "
    "3, "
    "\"width\": 20, \"head_width\": 10, \"patch_size\": 5, \"mlp_ratio\": 2.3}, " TEXT ", "
    "\"expedition_cfg\": {\"method\": \"evit\", \"keep_rate\": 0.7, \"layers\": [0, 1, 2]}}",
    4 },
  { "one-kept-not-fused",
    "{\"embed_dim\": 6, \"init_logit_scale\": 1, \"quick_gelu\": true, \"vision_cfg\": "
    "{\"image_size\": "
    "21, \"layers\": 2, \"width\": 21, \"head_width\": 7, \"patch_size\": 7}, " TEXT ", "
    "\"expedition_cfg\": {\"method\": \"evit\", \"keep_rate\": 0.05, \"layers\": [1], \"fuse\": "
    "false}}",
    4 },
  { "full-one-head",
    "{\"embed_dim\": 9, \"init_logit_scale\": 1, \"vision_cfg\": {\"image_size\": 6, \"layers\": "
    "1, "
    "\"width\": 33, \"head_width\": 33, \"patch_size\": 2}, " TEXT "}",
    7 },
  { "teacher",
    "{\"embed_dim\": 13, \"init_logit_scale\": 1, \"vision_cfg\": {\"image_size\": 27, \"layers\": "
    "2, "
    "\"width\": 24, \"head_width\": 12, \"patch_size\": 9}, " TEXT ", " TEACHER ", "
    "\"expedition_cfg\": {\"method\": \"evit\", \"keep_rate\": 0.5, \"layers\": [0]}}",
    6 },
};

static GpuDevice *device;

typedef struct
{
  NnModel *model;
  NnStep *step;
  float **theta; /* of each parameter */
  double **direction;
  guint n;
} Problem;

static gsize
size_of (const Problem *problem, guint i)
{
  const NnParam *param = nn_params_get (problem->model->params, i);
  return (gsize) param->rows * param->cols;
}

/* theta + h direction on the device; the loss there. */
static double
loss_at (const Problem *problem, double h)
{
  g_autoptr (GError) error = NULL;
  NnStepResult result;

  for (guint i = 0; i < problem->n; i++)
    {
      const gsize size = size_of (problem, i);
      g_autofree float *values = g_new (float, size);
      for (gsize j = 0; j < size; j++)
        values[j] = (float) ((double) problem->theta[i][j] + h * problem->direction[i][j]);
      gpu_tensor_upload (
          nn_params_tensor (problem->model->params, i, problem->model->slabs[NN_SLAB_WEIGHTS]),
          values, &error);
      g_assert_no_error (error);
    }
  nn_step_run (problem->step, &(NnStepSchedule){ .update = 1, .momentum = 1 }, &result, &error);
  g_assert_no_error (error);
  return result.loss;
}

/* The sets of tokens that the shrinking blocks keep, to be compared: their choice has no gradient,
 * so that a difference across a change of it means nothing. */
static guint
kept_hash (const Problem *problem)
{
  const NnWatch *watch = nn_step_get_watch (problem->step);
  NnWatchTokens tokens[NN_MAX_LAYERS];
  guint hash = 0;

  g_assert_true (nn_watch_read (watch, tokens, NULL));
  for (guint i = 0; i < watch->n_blocks; i++)
    {
      for (guint k = 0; k < watch->batch * tokens[i].kept; k++)
        hash += ((guint) tokens[i].kept_patches[k] + 2) * 2654435761u
                ^ (k / tokens[i].kept * 64 + i) * 40503u;
      nn_watch_tokens_clear (&tokens[i]);
    }
  return hash;
}

/* A direction that changes each parameter in proportion to its size, and the slope along it; *size
 * is what such slopes typically are. */
static double
draw_direction (const Problem *problem, double *size, GRand *rand)
{
  const gboolean teacher = nn_model_has_teacher (problem->model);
  double slope = 0, squares = 0;

  for (guint i = 0; i < problem->n; i++)
    {
      const NnParam *param = nn_params_get (problem->model->params, i);
      const gsize n = size_of (problem, i);
      const gboolean still = teacher && !param->visual;
      g_autofree float *gradient = g_new (float, n);
      double rms = 0;

      g_assert_true (nn_model_download (problem->model, NN_SLAB_GRADIENT, i, gradient, NULL));
      for (gsize j = 0; j < n; j++)
        rms += (double) problem->theta[i][j] * (double) problem->theta[i][j] / (double) n;
      for (gsize j = 0; j < n; j++)
        {
          const double unit = MAX (sqrt (rms), 0.05), draw = g_rand_double_range (rand, -1.7, 1.7);
          problem->direction[i][j] = still ? 0 : unit * draw;
          slope += (double) gradient[j] * problem->direction[i][j];
          squares += still ? 0 : pow ((double) gradient[j] * unit, 2);
        }
    }
  *size = sqrt (squares);
  return slope;
}

static void
fill_batch (const Problem *problem, guint batch, GRand *rand)
{
  const NnConfig *config = &problem->model->config;
  const guint row = 3 * (guint) (config->vision.image_size * config->vision.image_size);
  const guint context = (guint) config->text.context_length;
  gint32 *tokens = nn_step_tokens (problem->step);
  gsize stride;
  float *images = nn_step_images (problem->step, &stride);

  for (guint b = 0; b < batch; b++)
    {
      for (guint i = 0; i < row; i++)
        images[b * stride + i] = (float) g_rand_double_range (rand, -2, 2);
      for (guint t = 0; t < context; t++)
        tokens[b * context + t] = g_rand_int_range (rand, 0, config->text.vocab_size);
    }
}

/* Weights drawn as for training, but vectors too, and attention far from even. */
static void
draw_weights (Problem *problem, GRand *rand)
{
  for (guint i = 0; i < problem->n; i++)
    {
      const NnParam *param = nn_params_get (problem->model->params, i);
      const double wider = strstr (param->name, "in_proj_weight") ? 2 : 1;

      problem->theta[i] = g_new (float, size_of (problem, i));
      problem->direction[i] = g_new0 (double, size_of (problem, i));
      nn_param_fill (param, i, 3, problem->theta[i]);
      for (gsize j = 0; j < size_of (problem, i); j++)
        problem->theta[i][j] =
            (float) (wider * (double) problem->theta[i][j]
                     + (param->rank == 1 ? g_rand_double_range (rand, -.1, .1) : 0));
    }
}

/* (8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12h, which is right up to h^4. FALSE: another direction is
 * needed, for along this one the choice of tokens changes. */
static gboolean
check_direction (const Problem *problem, GRand *rand)
{
  const double h = 1e-3;
  double f[5], size;

  loss_at (problem, 0);
  const guint kept = kept_hash (problem);
  const double slope = draw_direction (problem, &size, rand);
  for (int k = -2; k <= 2; k++)
    {
      f[k + 2] = loss_at (problem, k * h);
      if (kept_hash (problem) != kept)
        return FALSE;
    }
  const double difference = (8 * (f[3] - f[1]) - (f[4] - f[0])) / (12 * h);
  g_test_message ("slope %g, by differences %g; typically %g", slope, difference, size);
  if (!(fabs (difference - slope) <= 5e-4 * size + 2e-4))
    g_error ("slope is %g, by differences %g; slopes are typically %g", slope, difference, size);
  return TRUE;
}

static void
test_directions (gconstpointer data)
{
  const Case *c = data;
  g_autoptr (GRand) rand = g_rand_new_with_seed (11);
  g_autoptr (GError) error = NULL;
  NnConfig config;

  nn_config_from_json (&config, c->json, &error);
  g_assert_no_error (error);
  g_autoptr (NnModel) model = nn_model_new (device, &config, NN_USE_TRAINING, &error);
  g_autoptr (NnStep) step =
      nn_step_new (model, &(NnStepOptions){ .batch = c->batch, .watch = TRUE }, &error);
  g_assert_no_error (error);
  g_assert_true (nn_model_init (model, 9, &error)); /* the teacher: other weights */
  Problem problem = { .model = model, .step = step, .n = model->params->table->len };
  problem.theta = g_new0 (float *, problem.n);
  problem.direction = g_new0 (double *, problem.n);
  draw_weights (&problem, rand);
  fill_batch (&problem, c->batch, rand);
  guint checked = 0;
  for (guint i = 0; i < 20 && checked < 3; i++)
    checked += check_direction (&problem, rand);
  g_assert_cmpuint (checked, ==, 3);
  for (guint i = 0; i < problem.n; i++)
    {
      g_free (problem.theta[i]);
      g_free (problem.direction[i]);
    }
  g_free (problem.theta);
  g_free (problem.direction);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  device = gpu_device_open (NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/gradient/", cases[i].name, NULL);
      g_test_add_data_func (path, &cases[i], test_directions);
    }
  status = g_test_run ();
  gpu_device_unref (device);
  return status;
}
