/* Attention against double loops: plain and causal, with and without the CLS row's gradient, heads
 * that fill vec4s and heads that do not. */
#include "tests/ops/harness.h"
#include "tests/ref/attention.h"

#define TOLERANCE 1e-5

typedef struct
{
  const char *name;
  GpuAttention shape;
  guint head_width;
  gboolean cls; /* the CLS row, and its gradient */
  double size;  /* of q, k and v; 0 means 1 */
} Shape;

static const Shape shapes[] = {
  { "one", { 1, 1, 1, FALSE }, 4, FALSE, 0 },
  { "two", { 1, 2, 1, FALSE }, 4, TRUE, 0 },
  { "seven", { 3, 7, 2, FALSE }, 8, TRUE, 0 },
  { "odd", { 2, 127, 3, FALSE }, 20, TRUE, 0 },
  { "picture", { 2, 65, 4, FALSE }, 32, TRUE, 0 },
  { "shrunk", { 3, 34, 4, FALSE }, 32, FALSE, 0 },
  { "vit", { 1, 197, 2, FALSE }, 64, TRUE, 0 },
  { "broad", { 1, 9, 1, FALSE }, 128, TRUE, 0 },
  { "sharp", { 2, 33, 2, FALSE }, 16, TRUE, 12 },
  { "text", { 2, 32, 4, TRUE }, 32, FALSE, 0 },
  { "gaps", { 2, 257, 8, FALSE }, 32, TRUE, 0 },
  { "causal-one", { 2, 1, 2, TRUE }, 8, FALSE, 0 },
  { "causal-odd", { 1, 127, 2, TRUE }, 12, FALSE, 0 },
  { "causal-vit", { 1, 77, 1, TRUE }, 64, FALSE, 0 },
  { "causal-three", { 2, 72, 2, TRUE }, 32, FALSE, 0 }, /* three queries a lane */
  { "unaligned-one", { 1, 1, 1, FALSE }, 1, FALSE, 0 },
  { "unaligned-seven", { 2, 7, 3, FALSE }, 7, TRUE, 0 },
  { "unaligned-odd", { 2, 37, 5, FALSE }, 10, TRUE, 0 },
  { "unaligned-causal", { 2, 19, 3, TRUE }, 5, FALSE, 0 },
  { "folded-grid", { 16400, 1, 4, FALSE }, 4, FALSE, 0 },
  { "wide", { 1, 11, 2, FALSE }, 132, TRUE, 0 },
  { "wide-unaligned", { 1, 10, 1, TRUE }, 131, FALSE, 0 },
};

/* Those that every tile has to do, whatever it would be chosen for. */
static const char *const tiled[] = { "one",        "seven",         "odd",  "picture", "vit",
                                     "causal-odd", "unaligned-odd", "wide", NULL };

typedef struct
{
  const Shape *shape;
  double *qkv, *d_o, *da; /* da NULL without the CLS row */
} Inputs;

static gsize
tokens (const Shape *s)
{
  return (gsize) s->shape.batch * s->shape.tokens;
}

static guint
width (const Shape *s)
{
  return s->shape.heads * s->head_width;
}

static Inputs
inputs_new (const Shape *s)
{
  double size = s->size > 0 ? s->size : 1;
  return (Inputs){
    .shape = s,
    .qkv = test_random (tokens (s) * 3 * width (s), 1, size),
    .d_o = test_random (tokens (s) * width (s), 2, 1),
    .da = s->cls ? test_random (s->shape.batch * (s->shape.tokens - 1), 3, 30) : NULL,
  };
}

static void
inputs_clear (Inputs *inputs)
{
  g_free (inputs->qkv);
  g_free (inputs->d_o);
  g_free (inputs->da);
}

typedef struct
{
  GpuTensor qkv, o, lse;
} Tensors;

static Tensors
record_forward (TestBench *bench, const Inputs *inputs)
{
  const Shape *s = inputs->shape;
  guint rows = (guint) tokens (s);
  Tensors t = { .qkv = test_upload (bench, rows, 3 * width (s), inputs->qkv),
                .o = test_tensor (bench, rows, width (s)),
                .lse = test_tensor (bench, s->shape.batch * s->shape.heads, s->shape.tokens) };
  gpu_attention (bench->stream, t.o, t.lse, t.qkv, &s->shape);
  return t;
}

static void
forward (TestBench *bench, gconstpointer data)
{
  const Shape *s = data;
  guint bh = s->shape.batch * s->shape.heads, others = s->shape.tokens - 1;
  Inputs inputs = inputs_new (s);
  Tensors t = record_forward (bench, &inputs);
  GpuTensor a = { 0 };
  if (s->cls)
    {
      a = test_tensor (bench, s->shape.batch, others);
      gpu_attention_cls (bench->stream, a, t.qkv, t.lse, &s->shape);
    }
  test_bench_run (bench);

  g_autofree double *o = test_zeros (tokens (s) * width (s));
  g_autofree double *lse = test_zeros ((gsize) bh * s->shape.tokens);
  g_autofree double *row = test_zeros ((gsize) s->shape.batch * others + 1);
  ref_attention (o, lse, row, inputs.qkv, &s->shape, s->head_width);
  g_autofree double *got_o = test_download (bench, t.o), *got_lse = test_download (bench, t.lse);
  test_near ("o", got_o, o, t.o.rows, t.o.cols, TOLERANCE);
  test_near ("lse", got_lse, lse, bh, s->shape.tokens, TOLERANCE);
  if (s->cls)
    {
      g_autofree double *got = test_download (bench, a);
      test_near ("a", got, row, a.rows, a.cols, TOLERANCE);
    }
  inputs_clear (&inputs);
}

static void
backward (TestBench *bench, gconstpointer data)
{
  const Shape *s = data;
  Inputs inputs = inputs_new (s);
  Tensors t = record_forward (bench, &inputs);
  GpuTensor d_o = test_upload (bench, t.o.rows, t.o.cols, inputs.d_o);
  GpuTensor dqkv = test_tensor (bench, t.qkv.rows, t.qkv.cols), da = { 0 };
  if (s->cls)
    da = test_upload (bench, s->shape.batch, s->shape.tokens - 1, inputs.da);
  gpu_attention_backward (bench->stream, bench->arena, dqkv, d_o, t.qkv, t.o, t.lse, da, &s->shape);
  test_bench_run (bench);

  g_autofree double *want = test_zeros ((gsize) dqkv.rows * dqkv.cols);
  g_autofree double *got = test_download (bench, dqkv);
  ref_attention_backward (want, inputs.d_o, inputs.da, inputs.qkv, &s->shape, s->head_width);
  test_near ("dqkv", got, want, dqkv.rows, dqkv.cols, TOLERANCE);
  inputs_clear (&inputs);
}

static double
loss (gpointer data)
{
  const Inputs *inputs = data;
  const Shape *s = inputs->shape;
  gsize n = tokens (s) * width (s), others = (gsize) s->shape.batch * (s->shape.tokens - 1);
  g_autofree double *o = test_zeros (n), *a = test_zeros (others + 1);
  double sum = 0;
  ref_attention (o, NULL, a, inputs->qkv, &s->shape, s->head_width);
  for (gsize i = 0; i < n; i++)
    sum += inputs->d_o[i] * o[i];
  for (gsize i = 0; inputs->da && i < others; i++)
    sum += inputs->da[i] * a[i];
  return sum;
}

static void
reference_gradient (void)
{
  const Shape some[] = { { "plain", { 2, 5, 2, FALSE }, 3, FALSE, 0 },
                         { "cls", { 1, 6, 3, FALSE }, 2, TRUE, 0 },
                         { "causal", { 1, 7, 1, TRUE }, 4, FALSE, 0 } };
  for (guint i = 0; i < G_N_ELEMENTS (some); i++)
    {
      Inputs inputs = inputs_new (&some[i]);
      gsize n = tokens (&some[i]) * 3 * width (&some[i]);
      g_autofree double *dqkv = test_zeros (n);
      ref_attention_backward (dqkv, inputs.d_o, inputs.da, inputs.qkv, &some[i].shape,
                              some[i].head_width);
      test_gradient (some[i].name, loss, &inputs, inputs.qkv, n, dqkv, 1e-7);
      inputs_clear (&inputs);
    }
}

int
main (int argc, char **argv)
{
  test_init (&argc, &argv);
  g_test_add_func ("/attention/reference", reference_gradient);
  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++)
    {
      g_autofree char *forward_name = g_strconcat ("forward/", shapes[i].name, NULL);
      g_autofree char *backward_name = g_strconcat ("backward/", shapes[i].name, NULL);
      test_add ("attention", forward_name, forward, &shapes[i]);
      test_add ("attention", backward_name, backward, &shapes[i]);
      if (g_strv_contains (tiled, shapes[i].name))
        {
          test_add_attention_tiles ("attention", forward_name, forward, &shapes[i]);
          test_add_attention_tiles ("attention", backward_name, backward, &shapes[i]);
        }
    }
  return test_run ();
}
