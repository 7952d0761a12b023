/* The parameter table: open_clip's names and shapes, decay, places in a slab, initial values. */
#include "models/nn/model.h"

#include <math.h>
#include <string.h>

static void
load_config (NnConfig *config, const char *name)
{
  g_autofree char *path =
      g_test_build_filename (G_TEST_DIST, "fixtures", name, "config.json", NULL);
  g_autoptr (GError) error = NULL;

  nn_config_load (config, path, &error);
  g_assert_no_error (error);
}

static const NnParam *
find (const NnParams *params, const char *name, guint *index)
{
  for (guint i = 0; i < params->table->len; i++)
    if (strcmp (nn_params_get (params, i)->name, name) == 0)
      {
        if (index)
          *index = i;
        return nn_params_get (params, i);
      }
  return NULL;
}

/* A state dict of open_clip's holds the table's names and shapes and no others. */
static void
test_names (gconstpointer name)
{
  g_autofree char *path =
      g_test_build_filename (G_TEST_DIST, "fixtures", name, "weights.safetensors", NULL);
  g_autoptr (NnTensorFile) file = nn_tensor_file_open (path, NULL);
  NnConfig config;
  guint64 count = 0;

  load_config (&config, name);
  g_autoptr (NnParams) params = nn_params_new (&config, 0);
  g_assert_cmpuint (nn_tensor_file_count (file), ==, params->table->len);
  for (guint i = 0; i < nn_tensor_file_count (file); i++)
    {
      const NnFileTensor *tensor = nn_tensor_file_get (file, i);
      const NnParam *param = find (params, tensor->name, NULL);
      g_assert_nonnull (param);
      g_assert_cmpint (param->rank, ==, tensor->rank);
      for (int d = 0; d < param->rank; d++)
        g_assert_cmpint (param->shape[d], ==, tensor->shape[d]);
      g_assert_cmpuint ((gsize) param->rows * param->cols, ==, tensor->elements);
      count += tensor->elements;
    }
  g_assert_cmpuint (nn_params_count (params), ==, count);
}

static void
test_decay (void)
{
  static const char *const never[] = { "positional_embedding",
                                       "logit_scale",
                                       "visual.class_embedding",
                                       "visual.positional_embedding",
                                       "visual.ln_pre.weight",
                                       "visual.ln_post.bias",
                                       "ln_final.weight",
                                       "visual.transformer.resblocks.0.ln_1.weight",
                                       "visual.transformer.resblocks.1.attn.in_proj_bias",
                                       "transformer.resblocks.1.mlp.c_fc.bias" };
  static const char *const always[] = { "text_projection",
                                        "token_embedding.weight",
                                        "visual.proj",
                                        "visual.conv1.weight",
                                        "visual.transformer.resblocks.0.attn.in_proj_weight",
                                        "visual.transformer.resblocks.1.mlp.c_proj.weight",
                                        "transformer.resblocks.0.attn.out_proj.weight" };
  NnConfig config;

  load_config (&config, "tiny-full");
  g_autoptr (NnParams) params = nn_params_new (&config, 0);
  for (guint i = 0; i < G_N_ELEMENTS (never); i++)
    g_assert_false (find (params, never[i], NULL)->decay);
  for (guint i = 0; i < G_N_ELEMENTS (always); i++)
    g_assert_true (find (params, always[i], NULL)->decay);
}

/* Parameters tile the slab without overlap, each in the region of its kind, visual ones first. */
static const NnSpan *
find_span (const NnParams *params, const NnParam *param)
{
  const guint64 end = param->offset + gpu_tensor_footprint (param->rows, param->cols);
  for (guint i = 0; i < params->spans->len; i++)
    {
      const NnSpan *span = &g_array_index (params->spans, NnSpan, i);
      if (span->block == param->block && span->begin <= param->offset && end <= span->end)
        return span;
    }
  g_error ("%s is in no span", param->name);
}

static gboolean
apart (const NnParam *a, const NnParam *b)
{
  return a->block != b->block || b->offset >= a->offset + gpu_tensor_footprint (a->rows, a->cols)
         || b->offset + gpu_tensor_footprint (b->rows, b->cols) <= a->offset;
}

/* Each parameter lies alone in a span of its region, in blocks of at most `limit` bytes. */
static void
check_places (const NnParams *params, guint64 limit)
{
  guint64 bytes = 0, visual = 0;
  for (guint i = 0; i < params->table->len; i++)
    {
      const NnParam *a = nn_params_get (params, i);
      const NnRegion region = a->visual ? (a->decay ? NN_REGION_VISUAL_DECAY : NN_REGION_VISUAL)
                                        : (a->decay ? NN_REGION_TEXT_DECAY : NN_REGION_TEXT);
      g_assert_cmpuint (a->offset % GPU_TENSOR_ALIGN, ==, 0);
      g_assert_cmpint (find_span (params, a)->region, ==, region);
      bytes += gpu_tensor_footprint (a->rows, a->cols);
      visual += a->visual ? gpu_tensor_footprint (a->rows, a->cols) : 0;
      for (guint j = 0; j < i; j++)
        g_assert_true (apart (a, nn_params_get (params, j)));
    }
  for (guint i = 0; i < params->n_blocks; i++)
    g_assert_cmpuint (nn_params_block_bytes (params, i, FALSE), <=, limit);
  g_assert_cmpuint (bytes, ==, nn_params_bytes (params));
  g_assert_cmpuint (visual, ==, nn_params_visual_bytes (params));
}

static void
test_regions (void)
{
  NnConfig config;
  guint64 largest = 0;

  load_config (&config, "odd-patch");
  g_autoptr (NnParams) whole = nn_params_new (&config, 0);
  g_assert_cmpuint (whole->n_blocks, ==, 1);
  g_assert_cmpuint (whole->spans->len, ==, NN_N_REGIONS);
  check_places (whole, nn_params_bytes (whole));
  for (guint i = 0; i < whole->table->len; i++)
    {
      const NnParam *param = nn_params_get (whole, i);
      largest = MAX (largest, gpu_tensor_footprint (param->rows, param->cols));
    }
  for (guint64 limit = largest; limit < nn_params_bytes (whole); limit += largest / 2)
    {
      g_autoptr (NnParams) blocks = nn_params_new (&config, limit);
      g_assert_cmpuint (blocks->n_blocks, >=, 2);
      check_places (blocks, limit);
    }
}

typedef struct
{
  const char *name;
  double std, bound; /* bound of a uniform, else 0 */
} Start;

static void
check_start (const NnParams *params, const Start *start)
{
  guint index;
  const NnParam *param = find (params, start->name, &index);
  const gsize n = (gsize) param->rows * param->cols;
  g_autofree float *values = g_new (float, n);
  double mean = 0, square = 0, most = 0;

  nn_param_fill (param, index, 42, values);
  for (gsize i = 0; i < n; i++)
    {
      mean += (double) values[i] / (double) n;
      square += (double) values[i] * (double) values[i] / (double) n;
      most = MAX (most, fabs ((double) values[i]));
    }
  const double std = start->bound > 0 ? start->bound / sqrt (3) : start->std;
  /* Five standard errors. */
  if (fabs (mean) > 5 * std / sqrt (n) || fabs (sqrt (square) - std) > 5 * std / sqrt (2.0 * n))
    g_error ("%s: mean %g, deviation %g, expected 0 and %g", start->name, mean, sqrt (square), std);
  if (start->bound > 0)
    g_assert_cmpfloat (most, <=, start->bound * (1 + 1e-6));
  if (start->bound > 0)
    g_assert_cmpfloat (most, >=, start->bound * 0.95);
}

/* As open_clip draws them; w and L are the tower's own. */
static void
test_start (void)
{
  NnConfig config;

  load_config (&config, "tiny-evit");
  const double v = pow (config.vision.width, -.5), t = pow (config.text.width, -.5);
  const double deep = t * pow (2.0 * config.text.layers, -.5);
  const double pixels = 3.0 * config.vision.patch_size * config.vision.patch_size;
  const Start starts[] = {
    { "token_embedding.weight", 0.02, 0 },
    { "positional_embedding", 0.01, 0 },
    { "text_projection", t, 0 },
    { "transformer.resblocks.1.attn.in_proj_weight", t, 0 },
    { "transformer.resblocks.0.attn.out_proj.weight", deep, 0 },
    { "transformer.resblocks.0.mlp.c_proj.weight", deep, 0 },
    { "transformer.resblocks.0.mlp.c_fc.weight", t / sqrt (2), 0 },
    { "transformer.resblocks.0.mlp.c_fc.bias", 0, t },
    { "transformer.resblocks.0.mlp.c_proj.bias", 0, t / 2 },
    { "visual.class_embedding", v, 0 },
    { "visual.positional_embedding", v, 0 },
    { "visual.proj", v, 0 },
    { "visual.conv1.weight", 0, 1 / sqrt (pixels) },
    { "visual.transformer.resblocks.2.attn.in_proj_weight", 0, v * sqrt (1.5) },
    { "visual.transformer.resblocks.0.attn.out_proj.weight", 0, v },
    { "visual.transformer.resblocks.0.mlp.c_fc.weight", 0, v },
    { "visual.transformer.resblocks.0.mlp.c_fc.bias", 0, v },
    { "visual.transformer.resblocks.0.mlp.c_proj.weight", 0, v / 2 },
    { "visual.transformer.resblocks.0.mlp.c_proj.bias", 0, v / 2 },
  };
  g_autoptr (NnParams) params = nn_params_new (&config, 0);
  for (guint i = 0; i < G_N_ELEMENTS (starts); i++)
    check_start (params, &starts[i]);
}

static void
test_constants (void)
{
  NnConfig config;

  load_config (&config, "tiny-evit");
  g_autoptr (NnParams) params = nn_params_new (&config, 0);
  for (guint i = 0; i < params->table->len; i++)
    {
      const NnParam *param = nn_params_get (params, i);
      const gboolean norm = strstr (param->name, "ln_") != NULL;
      const gboolean bias = g_str_has_suffix (param->name, "bias");
      const gboolean attention = strstr (param->name, ".attn.") && bias;
      const gboolean scale = strcmp (param->name, "logit_scale") == 0;
      g_autofree float *values = g_new (float, (gsize) param->rows * param->cols);

      nn_param_fill (param, i, 1, values);
      g_assert_cmpint (param->init == NN_INIT_CONSTANT, ==, norm || attention || scale);
      for (gsize j = 0; param->init == NN_INIT_CONSTANT && j < (gsize) param->rows * param->cols;
           j++)
        g_assert_cmpfloat (values[j], ==, scale ? (float) log (1 / 0.07) : norm && !bias ? 1 : 0);
    }
}

/* The same seed gives the same numbers, another seed or another parameter gives others. */
static void
test_seeds (void)
{
  NnConfig config;

  load_config (&config, "tiny-full");
  g_autoptr (NnParams) params = nn_params_new (&config, 0);
  guint first = 0, second = 0;
  find (params, "transformer.resblocks.0.attn.out_proj.weight", &first);
  find (params, "transformer.resblocks.1.attn.out_proj.weight", &second);
  const NnParam *param = nn_params_get (params, first), *twin = nn_params_get (params, second);
  const gsize n = (gsize) param->rows * param->cols;
  g_autofree float *a = g_new (float, n), *b = g_new (float, n), *c = g_new (float, n),
                   *d = g_new (float, n);
  nn_param_fill (param, first, 5, a);
  nn_param_fill (param, first, 5, b);
  nn_param_fill (param, first, 6, c);
  nn_param_fill (twin, second, 5, d);
  g_assert_cmpmem (a, n * sizeof *a, b, n * sizeof *b);
  gsize same = 0;
  for (gsize i = 0; i < n; i++)
    same += (a[i] == c[i]) + (a[i] == d[i]);
  g_assert_cmpuint (same, <, n / 100);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/params/names/tiny-full", "tiny-full", test_names);
  g_test_add_data_func ("/params/names/tiny-evit", "tiny-evit", test_names);
  g_test_add_data_func ("/params/names/odd-patch", "odd-patch", test_names);
  g_test_add_func ("/params/decay", test_decay);
  g_test_add_func ("/params/regions", test_regions);
  g_test_add_func ("/params/start", test_start);
  g_test_add_func ("/params/constants", test_constants);
  g_test_add_func ("/params/seeds", test_seeds);
  return g_test_run ();
}
