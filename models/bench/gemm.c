/* Matrix products by layout and shape. */
#include "models/bench/case.h"

#include "compute/ops/gemm.h"

typedef struct
{
  GpuLayout layout;
  guint m, n, k;
} Shape;

typedef struct
{
  Shape shape;
  GpuTensor a, b, c;
} Product;

static void
place (BenchCase *c, gpointer data)
{
  Product *product = data;
  const Shape *s = &product->shape;
  const gboolean a_turned = s->layout == GPU_TN, b_turned = s->layout == GPU_NT;
  product->a = bench_case_take (c, a_turned ? s->k : s->m, a_turned ? s->m : s->k);
  product->b = bench_case_take (c, b_turned ? s->n : s->k, b_turned ? s->k : s->n);
  product->c = bench_case_take (c, s->m, s->n);
}

static void
record (BenchCase *c, gpointer data)
{
  Product *product = data;
  gpu_gemm (c->stream, product->shape.layout, product->c, product->a, product->b, NULL);
}

static gboolean
measure (const Bench *bench, const char *preset, const char *of, Shape shape, GError **error)
{
  static const char *const layouts[] = { [GPU_NT] = "NT", [GPU_NN] = "NN", [GPU_TN] = "TN" };
  const BenchCaseOps ops = { .place = place, .record = record, .calls = 1 };
  Product product = { .shape = shape };
  BenchCaseResult result;
  if (!bench_case_run (&result, bench, &ops, &product, error))
    return FALSE;
  BenchRow *row = bench_row_new ("gemm");
  bench_row_add_text (row, "preset", preset);
  bench_row_add_text (row, "of", of);
  bench_row_add_text (row, "layout", layouts[shape.layout]);
  bench_row_add_whole (row, "m", shape.m);
  bench_row_add_whole (row, "n", shape.n);
  bench_row_add_whole (row, "k", shape.k);
  bench_row_add_speed (row, result.seconds, result.flops, 0);
  bench->emit (row, bench->data);
  return TRUE;
}

gboolean
bench_gemm_fixed (const Bench *bench, GError **error)
{
  static const Shape shapes[] = {
    { GPU_NT, 1024, 1024, 1024 },
    { GPU_NN, 3152, 768, 768 }, /* dX and dW of a layer of 768, 16 pictures of 197 tokens */
    { GPU_TN, 768, 768, 3152 },
    { GPU_NT, 4160, 768, 192 },
  };
  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++)
    if (!measure (bench, NULL, NULL, shapes[i], error))
      return FALSE;
  return TRUE;
}

gboolean
bench_gemm (const Bench *bench, const BenchPreset *preset, GError **error)
{
  const NnConfig *config = preset->config;
  const guint rows = (guint) (config->schedule.batch_size * nn_config_tokens (config, 1, 0));
  const guint width = (guint) config->vision.width;
  const guint hidden = (guint) nn_config_vision_hidden (config);
  const struct
  {
    const char *of;
    guint out, in;
  } layers[] = { { "qkv", 3 * width, width },
                 { "out", width, width },
                 { "fc", hidden, width },
                 { "proj", width, hidden } };
  for (guint i = 0; i < G_N_ELEMENTS (layers); i++)
    {
      const guint out = layers[i].out, in = layers[i].in;
      const Shape shapes[] = { { GPU_NT, rows, out, in },
                               { GPU_NN, rows, in, out },
                               { GPU_TN, out, in, rows } };
      for (guint j = 0; j < G_N_ELEMENTS (shapes); j++)
        if (!measure (bench, preset->name, layers[i].of, shapes[j], error))
          return FALSE;
    }
  return TRUE;
}
