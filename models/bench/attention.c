/* Attention of both towers, forward and backward. */
#include "models/bench/case.h"

#include "compute/ops/attention.h"

typedef struct
{
  GpuAttention shape;
  guint width;
  gboolean backward;
  GpuTensor o, lse, qkv, d_o, dqkv;
} Attention;

static void
place (BenchCase *c, gpointer data)
{
  Attention *attention = data;
  const GpuAttention *s = &attention->shape;
  const guint rows = s->batch * s->tokens, width = attention->width;
  attention->qkv = bench_case_take (c, rows, 3 * width);
  attention->o = bench_case_take (c, rows, width);
  attention->lse = bench_case_take (c, s->batch * s->heads, s->tokens);
  if (!attention->backward)
    return;
  attention->d_o = bench_case_take (c, rows, width);
  attention->dqkv = bench_case_take (c, rows, 3 * width);
}

static void
record_forward (BenchCase *c, gpointer data)
{
  Attention *attention = data;
  gpu_attention (c->stream, attention->o, attention->lse, attention->qkv, &attention->shape);
}

static void
record_backward (BenchCase *c, gpointer data)
{
  Attention *attention = data;
  const GpuTensor no_cls = { 0 };
  gpu_attention_backward (c->stream, c->arena, attention->dqkv, attention->d_o, attention->qkv,
                          attention->o, attention->lse, no_cls, &attention->shape);
}

static gboolean
measure (const Bench *bench, const BenchPreset *preset, const char *of, const Attention *which,
         GError **error)
{
  const GpuAttention *shape = &which->shape;
  const BenchCaseOps forward = { .place = place, .record = record_forward, .calls = 1 };
  const BenchCaseOps backward = {
    .place = place, .prepare = record_forward, .record = record_backward, .calls = 1
  };
  Attention attention = *which;
  BenchCaseResult result;
  if (!bench_case_run (&result, bench, attention.backward ? &backward : &forward, &attention,
                       error))
    return FALSE;
  BenchRow *row = bench_row_new ("attention");
  bench_row_add_text (row, "preset", preset->name);
  bench_row_add_text (row, "of", of);
  bench_row_add_text (row, "pass", attention.backward ? "backward" : "forward");
  bench_row_add_whole (row, "batch", shape->batch);
  bench_row_add_whole (row, "tokens", shape->tokens);
  bench_row_add_whole (row, "heads", shape->heads);
  bench_row_add_whole (row, "head_width", attention.width / shape->heads);
  bench_row_add_speed (row, result.seconds, result.flops, 0);
  bench->emit (row, bench->data);
  return TRUE;
}

gboolean
bench_attention (const Bench *bench, const BenchPreset *preset, GError **error)
{
  const NnConfig *config = preset->config;
  const guint batch = (guint) config->schedule.batch_size;
  const Attention image = { .shape = { .batch = batch,
                                       .tokens = (guint) nn_config_tokens (config, 1, 0),
                                       .heads = (guint) nn_config_vision_heads (config) },
                            .width = (guint) config->vision.width };
  const Attention text = { .shape = { .batch = batch,
                                      .tokens = (guint) config->text.context_length,
                                      .heads = (guint) config->text.heads,
                                      .causal = TRUE },
                           .width = (guint) config->text.width };
  for (guint backward = 0; backward <= 1; backward++)
    {
      Attention seen = image, read = text;
      seen.backward = read.backward = backward != 0;
      if (!measure (bench, preset, "image", &seen, error)
          || !measure (bench, preset, "text", &read, error))
        return FALSE;
    }
  return TRUE;
}
