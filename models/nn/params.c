/* Declarations of all parameters, in open_clip's order; initial values as open_clip draws them. */
#include "models/nn/params.h"

#include "models/data/random.h"

#include <math.h>
#include <string.h>

typedef struct
{
  NnInit init;
  double scale;
} Start;

static Start
normal (double std)
{
  return (Start){ NN_INIT_NORMAL, std };
}

static Start
uniform (double bound)
{
  return (Start){ NN_INIT_UNIFORM, bound };
}

static Start
constant (double value)
{
  return (Start){ NN_INIT_CONSTANT, value };
}

G_GNUC_PRINTF (5, 6)
static guint
declare (NnParams *params, int rank, const gint64 *shape, Start start, const char *format, ...)
{
  NnParam param = { .rank = rank, .init = start.init, .scale = start.scale };
  va_list arguments;
  va_start (arguments, format);
  g_vsnprintf (param.name, sizeof param.name, format, arguments);
  va_end (arguments);

  guint64 elements = 1;
  for (int i = 0; i < rank; i++)
    elements *= (guint64) (param.shape[i] = shape[i]);
  param.rows = rank >= 2 ? (guint) shape[0] : 1;
  param.cols = (guint) (elements / param.rows);
  param.visual = g_str_has_prefix (param.name, "visual.");
  param.decay = rank >= 2 && !g_str_has_suffix (param.name, "positional_embedding");
  g_array_append_val (params->table, param);
  return params->table->len - 1;
}

/* clang-format off */
#define VECTOR(n) 1, (const gint64[]) { (n) }
#define MATRIX(r, c) 2, (const gint64[]) { (r), (c) }
/* clang-format on */

static NnAffine
declare_norm (NnParams *params, int width, const char *name)
{
  return (NnAffine){ declare (params, VECTOR (width), constant (1), "%s.weight", name),
                     declare (params, VECTOR (width), constant (0), "%s.bias", name) };
}

typedef struct
{
  int width, hidden;
  Start in_proj, out_proj, c_fc, c_proj;
} BlockShape;

static NnBlockParams
declare_block (NnParams *params, const BlockShape *shape, const char *prefix, int layer)
{
  const int width = shape->width, hidden = shape->hidden;
  NnBlockParams block;
  g_autofree char *at = g_strdup_printf ("%stransformer.resblocks.%d", prefix, layer);
  g_autofree char *ln_1 = g_strconcat (at, ".ln_1", NULL);
  g_autofree char *ln_2 = g_strconcat (at, ".ln_2", NULL);

  block.ln_1 = declare_norm (params, width, ln_1);
  block.in_proj.weight =
      declare (params, MATRIX (3 * width, width), shape->in_proj, "%s.attn.in_proj_weight", at);
  block.in_proj.bias =
      declare (params, VECTOR (3 * width), constant (0), "%s.attn.in_proj_bias", at);
  block.out_proj.weight =
      declare (params, MATRIX (width, width), shape->out_proj, "%s.attn.out_proj.weight", at);
  block.out_proj.bias = declare (params, VECTOR (width), constant (0), "%s.attn.out_proj.bias", at);
  block.ln_2 = declare_norm (params, width, ln_2);
  block.c_fc.weight =
      declare (params, MATRIX (hidden, width), shape->c_fc, "%s.mlp.c_fc.weight", at);
  block.c_fc.bias =
      declare (params, VECTOR (hidden), uniform (1 / sqrt (width)), "%s.mlp.c_fc.bias", at);
  block.c_proj.weight =
      declare (params, MATRIX (width, hidden), shape->c_proj, "%s.mlp.c_proj.weight", at);
  block.c_proj.bias =
      declare (params, VECTOR (width), uniform (1 / sqrt (hidden)), "%s.mlp.c_proj.bias", at);
  return block;
}

static void
declare_text (NnParams *params, const NnConfig *config)
{
  const NnTextConfig *text = &config->text;
  const double w = text->width, deep = pow (w, -.5) * pow (2.0 * text->layers, -.5);
  const BlockShape shape = { .width = text->width,
                             .hidden = nn_config_text_hidden (config),
                             .in_proj = normal (pow (w, -.5)),
                             .out_proj = normal (deep),
                             .c_fc = normal (pow (2 * w, -.5)),
                             .c_proj = normal (deep) };
  params->text.positional_embedding = declare (params, MATRIX (text->context_length, text->width),
                                               normal (.01), "positional_embedding");
  params->text.text_projection = declare (params, MATRIX (text->width, config->embed_dim),
                                          normal (pow (w, -.5)), "text_projection");
  params->logit_scale =
      declare (params, 0, NULL, constant (config->init_logit_scale), "logit_scale");
  for (int i = 0; i < text->layers; i++)
    params->text.blocks[i] = declare_block (params, &shape, "", i);
  params->text.token_embedding = declare (params, MATRIX (text->vocab_size, text->width),
                                          normal (.02), "token_embedding.weight");
  params->text.ln_final = declare_norm (params, text->width, "ln_final");
}

static void
declare_vision (NnParams *params, const NnConfig *config)
{
  const NnVisionConfig *vision = &config->vision;
  const int w = vision->width, hidden = nn_config_vision_hidden (config), p = vision->patch_size;
  const double scale = pow (w, -.5);
  const BlockShape shape = { .width = w,
                             .hidden = hidden,
                             .in_proj = uniform (sqrt (6.0 / (3.0 * w + w))), /* Xavier */
                             .out_proj = uniform (scale),
                             .c_fc = uniform (scale),
                             .c_proj = uniform (1 / sqrt (hidden)) };
  params->vision.class_embedding =
      declare (params, VECTOR (w), normal (scale), "visual.class_embedding");
  params->vision.positional_embedding = declare (params, MATRIX (nn_config_patches (config) + 1, w),
                                                 normal (scale), "visual.positional_embedding");
  params->vision.proj =
      declare (params, MATRIX (w, config->embed_dim), normal (scale), "visual.proj");
  params->vision.conv1 = declare (params, 4, (const gint64[]){ w, 3, p, p },
                                  uniform (1 / sqrt (3.0 * p * p)), "visual.conv1.weight");
  params->vision.ln_pre = declare_norm (params, w, "visual.ln_pre");
  for (int i = 0; i < vision->layers; i++)
    params->vision.blocks[i] = declare_block (params, &shape, "visual.", i);
  params->vision.ln_post = declare_norm (params, w, "visual.ln_post");
}

static NnRegion
region_of (const NnParam *param)
{
  if (param->visual)
    return param->decay ? NN_REGION_VISUAL_DECAY : NN_REGION_VISUAL;
  return param->decay ? NN_REGION_TEXT_DECAY : NN_REGION_TEXT;
}

static void
close_span (NnParams *params, const NnSpan *span)
{
  if (span->begin < span->end)
    g_array_append_vals (params->spans, span, 1);
  params->n_blocks = MAX (params->n_blocks, span->block + 1);
}

/* Appends a region to what lies in the blocks so far. */
static NnSpan
place_region (NnParams *params, NnRegion region, NnSpan last, guint64 block_bytes)
{
  NnSpan span = { region, last.block, last.end, last.end };
  for (guint i = 0; i < params->table->len; i++)
    {
      NnParam *param = &g_array_index (params->table, NnParam, i);
      const guint64 bytes = gpu_tensor_footprint (param->rows, param->cols);
      if (region_of (param) != region)
        continue;
      if (span.end > 0 && span.end + bytes > block_bytes)
        {
          close_span (params, &span);
          span = (NnSpan){ .region = region, .block = span.block + 1 };
        }
      param->block = span.block;
      param->offset = span.end;
      span.end += bytes;
    }
  close_span (params, &span);
  return span;
}

NnParams *
nn_params_new (const NnConfig *config, guint64 block_bytes)
{
  NnParams *params = g_new0 (NnParams, 1);
  NnSpan last = { 0 };
  params->table = g_array_new (FALSE, TRUE, sizeof (NnParam));
  params->spans = g_array_new (FALSE, FALSE, sizeof (NnSpan));
  declare_text (params, config);
  declare_vision (params, config);
  for (NnRegion region = 0; region < NN_N_REGIONS; region++)
    last = place_region (params, region, last, block_bytes ? block_bytes : G_MAXUINT64);
  return params;
}

void
nn_params_free (NnParams *params)
{
  if (!params)
    return;
  g_array_unref (params->table);
  g_array_unref (params->spans);
  g_free (params);
}

const NnParam *
nn_params_get (const NnParams *params, guint index)
{
  g_assert (index < params->table->len);
  return &g_array_index (params->table, NnParam, index);
}

guint64
nn_params_block_bytes (const NnParams *params, guint block, gboolean visual)
{
  guint64 bytes = 0;
  for (guint i = 0; i < params->spans->len; i++)
    {
      const NnSpan *span = &g_array_index (params->spans, NnSpan, i);
      if (span->block == block && !(visual && span->region > NN_REGION_VISUAL))
        bytes = span->end;
    }
  return bytes;
}

guint64
nn_params_bytes (const NnParams *params)
{
  guint64 bytes = 0;
  for (guint i = 0; i < params->n_blocks; i++)
    bytes += nn_params_block_bytes (params, i, FALSE);
  return bytes;
}

guint64
nn_params_visual_bytes (const NnParams *params)
{
  guint64 bytes = 0;
  for (guint i = 0; i < params->n_blocks; i++)
    bytes += nn_params_block_bytes (params, i, TRUE);
  return bytes;
}

guint64
nn_params_count (const NnParams *params)
{
  guint64 count = 0;
  for (guint i = 0; i < params->table->len; i++)
    {
      const NnParam *param = nn_params_get (params, i);
      count += (guint64) param->rows * param->cols;
    }
  return count;
}

static GpuBuffer *
block_of (GPtrArray *slab, guint block)
{
  return slab ? g_ptr_array_index (slab, block) : NULL;
}

GpuTensor
nn_params_tensor (const NnParams *params, guint index, GPtrArray *slab)
{
  const NnParam *param = nn_params_get (params, index);
  return (GpuTensor){ block_of (slab, param->block), param->offset, param->rows, param->cols };
}

GpuTensor
nn_params_span (const NnSpan *span, GPtrArray *slab)
{
  return (GpuTensor){ block_of (slab, span->block), span->begin, 1,
                      (guint) ((span->end - span->begin) / 4) };
}

GpuTensor
nn_params_block (const NnParams *params, guint block, GPtrArray *slab)
{
  return (GpuTensor){ block_of (slab, block), 0, 1,
                      (guint) (nn_params_block_bytes (params, block, FALSE) / 4) };
}

/* A part of a parameter's values: any part may be drawn by itself, since draws are counted. */
typedef struct
{
  const NnParam *param;
  guint index;
  guint64 seed;
  float *values;
  gsize begin, end; /* begin is a multiple of 4 */
} Part;

/* Four values that begin at i. */
static void
draw (float out[4], const Part *part, gsize i)
{
  const NnParam *param = part->param;
  guint32 words[4];
  double draws[4];
  data_random_words (words, part->seed, DATA_RANDOM_INIT, part->index, (guint32) (i / 4));
  if (param->init == NN_INIT_NORMAL)
    {
      data_random_normal (draws, words[0], words[1]);
      data_random_normal (draws + 2, words[2], words[3]);
    }
  for (guint j = 0; j < 4; j++)
    out[j] = (float) (param->init == NN_INIT_NORMAL
                          ? param->scale * draws[j]
                          : param->scale * (2 * data_random_unit (words[j]) - 1));
}

static gpointer
fill_part (gpointer data)
{
  const Part *part = data;
  for (gsize i = part->begin; i < part->end; i += 4)
    {
      float four[4];
      if (part->param->init == NN_INIT_CONSTANT)
        four[0] = four[1] = four[2] = four[3] = (float) part->param->scale;
      else
        draw (four, part, i);
      for (guint j = 0; j < 4 && i + j < part->end; j++)
        part->values[i + j] = four[j];
    }
  return NULL;
}

void
nn_param_fill (const NnParam *param, guint index, guint64 seed, float *values)
{
  enum
  {
    MOST_PARTS = 16,
    WORTH_A_THREAD = 1 << 17 /* values: some 5 ms */
  };
  const gsize n = (gsize) param->rows * param->cols;
  const gsize parts = CLAMP (n / WORTH_A_THREAD, 1, MIN (g_get_num_processors (), MOST_PARTS));
  const gsize size = ((n + parts - 1) / parts + 3) & ~(gsize) 3;
  Part part[MOST_PARTS];
  GThread *threads[MOST_PARTS];
  for (gsize i = 0; i < parts; i++)
    part[i] = (Part){ param, index, seed, values, MIN (i * size, n), MIN ((i + 1) * size, n) };
  for (gsize i = 1; i < parts; i++)
    threads[i] = g_thread_new ("draw", fill_part, &part[i]);
  fill_part (&part[0]);
  for (gsize i = 1; i < parts; i++)
    g_thread_join (threads[i]);
}
