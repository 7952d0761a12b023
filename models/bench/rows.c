/* Kernels that are bound by memory: a case a kernel, at the shapes of a preset's step. */
#include "models/bench/case.h"

#include "compute/ops/evit.h"
#include "compute/ops/layernorm.h"
#include "compute/ops/normalize.h"
#include "compute/ops/optim.h"
#include "models/nn/params.h"

/* Kernels of a millisecond: several a run, so that what a submission costs does not count. */
#define CALLS 8

typedef struct
{
  GpuEvit evit;
  guint rows, cols, hidden, joint;
  guint parameters;
  GpuTensor x, y, z, gain, stats, sum, shift, a, order, rank; /* of a case, those it places */
} Rows;

static void
place_norm (BenchCase *c, gpointer data)
{
  Rows *r = data;
  r->x = bench_case_take (c, r->rows, r->cols);
  r->y = bench_case_take (c, r->rows, r->cols);
  r->z = bench_case_take (c, r->rows, r->cols);
  r->stats = bench_case_take (c, r->rows, 2);
  r->gain = bench_case_take (c, 1, r->cols);
  r->sum = bench_case_take (c, 1, r->cols);
  r->shift = bench_case_take (c, 1, r->cols);
}

static void
record_norm (BenchCase *c, gpointer data)
{
  Rows *r = data;
  gpu_layernorm (c->stream, r->y, r->stats, r->x, r->gain, r->gain);
}

static void
record_norm_backward (BenchCase *c, gpointer data)
{
  Rows *r = data;
  gpu_layernorm_backward (c->stream, c->arena, r->z, r->sum, r->shift, r->y, r->x, r->stats,
                          r->gain, r->z);
}

static void
place_sum (BenchCase *c, gpointer data)
{
  Rows *r = data;
  r->x = bench_case_take (c, r->rows, r->hidden);
  r->sum = bench_case_take (c, 1, r->hidden);
}

static void
record_sum (BenchCase *c, gpointer data)
{
  Rows *r = data;
  gpu_column_sum (c->stream, c->arena, r->sum, r->x);
}

static void
place_unit (BenchCase *c, gpointer data)
{
  Rows *r = data;
  r->x = bench_case_take (c, r->evit.batch, r->joint);
  r->y = bench_case_take (c, r->evit.batch, r->joint);
  r->stats = bench_case_take (c, r->evit.batch, 1);
}

static void
record_unit (BenchCase *c, gpointer data)
{
  Rows *r = data;
  gpu_normalize (c->stream, r->y, r->stats, r->x);
}

static void
place_evit (BenchCase *c, gpointer data)
{
  Rows *r = data;
  const guint after = r->evit.batch * (1 + r->evit.kept + 1);
  r->a = bench_case_take (c, r->evit.batch, r->evit.tokens - 1);
  r->order = bench_case_take (c, r->evit.batch, r->evit.tokens - 1);
  r->rank = bench_case_take (c, r->evit.batch, r->evit.tokens - 1);
  r->x = bench_case_take (c, r->evit.batch * r->evit.tokens, r->cols);
  r->y = bench_case_take (c, after, r->cols);
}

static void
record_select (BenchCase *c, gpointer data)
{
  Rows *r = data;
  gpu_evit_select (c->stream, r->order, r->rank, r->a, &r->evit);
}

static void
record_gather (BenchCase *c, gpointer data)
{
  Rows *r = data;
  gpu_evit_gather (c->stream, r->y, r->x, r->a, r->order, &r->evit);
}

static void
place_slabs (BenchCase *c, gpointer data)
{
  Rows *r = data;
  r->x = bench_case_take (c, 1, r->parameters);
  r->y = bench_case_take (c, 1, r->parameters);
  r->z = bench_case_take (c, 1, r->parameters);
  r->a = bench_case_take (c, 1, r->parameters);
  r->stats = bench_case_take (c, 1, OPTIM_SCALARS);
  r->sum = bench_case_take (c, 1, 1);
}

static void
record_adamw (BenchCase *c, gpointer data)
{
  Rows *r = data;
  gpu_adamw (c->stream, r->x, r->y, r->z, r->a, r->sum, r->stats,
             &(GpuAdamw){ .beta1 = 0.9f, .beta2 = 0.98f, .eps = 1e-6f, .decay = 0.2f });
}

static void
record_ema (BenchCase *c, gpointer data)
{
  Rows *r = data;
  gpu_ema (c->stream, r->x, r->y, r->stats);
}

static void
record_gradient_norm (BenchCase *c, gpointer data)
{
  Rows *r = data;
  gpu_gradient_norm (c->stream, c->arena, r->sum, &r->x, 1);
}

static const struct
{
  const char *kernel;
  BenchCaseOps ops;
} cases[] = {
  { "layernorm", { place_norm, NULL, record_norm, CALLS } },
  { "layernorm backward", { place_norm, record_norm, record_norm_backward, CALLS } },
  { "column sum", { place_sum, NULL, record_sum, CALLS } },
  { "normalize", { place_unit, NULL, record_unit, CALLS } },
  { "evit select", { place_evit, NULL, record_select, CALLS } },
  { "evit gather", { place_evit, record_select, record_gather, CALLS } },
  { "gradient norm", { place_slabs, NULL, record_gradient_norm, CALLS } },
  { "adamw", { place_slabs, NULL, record_adamw, CALLS } },
  { "ema", { place_slabs, NULL, record_ema, CALLS } },
};

static Rows
rows_of (const NnConfig *config)
{
  g_autoptr (NnParams) params = nn_params_new (config, 0);
  const guint batch = (guint) config->schedule.batch_size;
  const guint tokens = (guint) nn_config_tokens (config, 1, 0);
  return (Rows){
    .evit = { .batch = batch, .tokens = tokens, .kept = (tokens - 1) * 7 / 10, .fuse = TRUE },
    .rows = batch * tokens,
    .cols = (guint) config->vision.width,
    .hidden = (guint) nn_config_vision_hidden (config),
    .joint = (guint) config->embed_dim,
    .parameters = (guint) (nn_params_bytes (params) / 4)
  };
}

gboolean
bench_rows (const Bench *bench, const BenchPreset *preset, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Rows rows = rows_of (preset->config);
      BenchCaseResult result;
      if (!bench_case_run (&result, bench, &cases[i].ops, &rows, error))
        return FALSE;
      BenchRow *row = bench_row_new ("rows");
      bench_row_add_text (row, "preset", preset->name);
      bench_row_add_text (row, "kernel", cases[i].kernel);
      bench_row_add_speed (row, result.seconds, 0, result.bytes);
      bench->emit (row, bench->data);
    }
  return TRUE;
}
