/* Choosing and fusing tokens against double loops; rankings are compared exactly. */
#include "tests/ops/harness.h"
#include "tests/ref/evit.h"

typedef struct
{
  const char *name;
  GpuEvit shape;
  guint columns;
} Shape;

static const Shape shapes[] = {
  { "two", { 1, 2, 1, TRUE }, 1 },
  { "none-kept", { 2, 4, 0, TRUE }, 7 },
  { "seven", { 3, 8, 5, TRUE }, 7 },
  { "odd", { 2, 128, 89, TRUE }, 127 },
  { "picture", { 3, 65, 45, TRUE }, 128 },
  { "again", { 5, 47, 32, TRUE }, 36 },
  { "without-fusing", { 3, 47, 32, FALSE }, 30 },
  { "all-kept", { 2, 18, 17, TRUE }, 12 },
  { "gaps", { 2, 257, 180, TRUE }, 256 },
  { "largest", { 2, 1025, 700, TRUE }, 8 },
};

typedef struct
{
  const Shape *shape;
  double *x, *a, *dy;
  gint32 *order, *rank;
} Inputs;

static guint
candidates (const Shape *s)
{
  return s->shape.batch * (s->shape.tokens - 1);
}

static guint
rows_in (const Shape *s)
{
  return s->shape.batch * s->shape.tokens;
}

static guint
rows_out (const Shape *s)
{
  return s->shape.batch * (1 + s->shape.kept + (s->shape.fuse ? 1 : 0));
}

/* Attention of a few distinct values, zero among them, so that there are many ties. */
static Inputs
inputs_new (const Shape *s, gboolean ties)
{
  Inputs inputs = { .shape = s,
                    .x = test_random ((gsize) rows_in (s) * s->columns, 1, 1),
                    .a = test_random (candidates (s), 2, 1),
                    .dy = test_random ((gsize) rows_out (s) * s->columns, 3, 1),
                    .order = g_new0 (gint32, candidates (s)),
                    .rank = g_new0 (gint32, candidates (s)) };
  for (guint i = 0; i < candidates (s); i++)
    inputs.a[i] = ties ? floor (fabs (inputs.a[i]) * 5) / 8 : fabs (inputs.a[i]);
  ref_evit_select (inputs.order, inputs.rank, inputs.a, &s->shape);
  return inputs;
}

static void
inputs_clear (Inputs *inputs)
{
  g_free (inputs->x);
  g_free (inputs->a);
  g_free (inputs->dy);
  g_free (inputs->order);
  g_free (inputs->rank);
}

static void
select_tokens (TestBench *bench, gconstpointer data)
{
  const Shape *s = data;
  guint batch = s->shape.batch, n = s->shape.tokens - 1;
  for (gboolean ties = FALSE; ties <= TRUE; ties++)
    {
      Inputs inputs = inputs_new (s, ties);
      GpuTensor a = test_upload (bench, batch, n, inputs.a);
      GpuTensor order = test_tensor (bench, batch, n), rank = test_tensor (bench, batch, n);
      gpu_evit_select (bench->stream, order, rank, a, &s->shape);
      test_bench_run (bench);
      g_autofree gint32 *got_order = test_download_ints (bench, order);
      g_autofree gint32 *got_rank = test_download_ints (bench, rank);
      test_ints_equal ("order", got_order, inputs.order, batch, n);
      test_ints_equal ("rank", got_rank, inputs.rank, batch, n);
      inputs_clear (&inputs);
    }
}

/* Whatever the attention holds, each position has one rank. */
static void
select_broken (TestBench *bench, gconstpointer data)
{
  const double odd[] = { NAN, 0.5, -NAN, INFINITY, 0.5, -0.0, 0, NAN, 1e-42, -INFINITY, -1, 0.5 };
  const guint n = G_N_ELEMENTS (odd) - 1;
  const GpuEvit shape = { .batch = 1, .tokens = n + 1, .kept = 4 };
  GpuTensor a = test_upload (bench, 1, n, odd);
  GpuTensor order = test_tensor (bench, 1, n), rank = test_tensor (bench, 1, n);
  gpu_evit_select (bench->stream, order, rank, a, &shape);
  test_bench_run (bench);
  g_autofree gint32 *got_order = test_download_ints (bench, order);
  g_autofree gint32 *got_rank = test_download_ints (bench, rank);
  for (gint32 i = 0; i < (gint32) n; i++)
    {
      g_assert_cmpint (got_rank[i], >=, 0);
      g_assert_cmpint (got_rank[i], <, n);
      g_assert_cmpint (got_order[got_rank[i]], ==, i);
    }
  (void) data;
}

static void
gather (TestBench *bench, gconstpointer data)
{
  const Shape *s = data;
  guint batch = s->shape.batch, n = s->shape.tokens - 1;
  Inputs inputs = inputs_new (s, FALSE);
  GpuTensor x = test_upload (bench, rows_in (s), s->columns, inputs.x);
  GpuTensor a = test_upload (bench, batch, n, inputs.a);
  GpuTensor order = test_upload_ints (bench, batch, n, inputs.order);
  GpuTensor y = test_tensor (bench, rows_out (s), s->columns);
  gpu_evit_gather (bench->stream, y, x, a, order, &s->shape);
  test_bench_run (bench);
  g_autofree double *want = test_zeros ((gsize) y.rows * y.cols), *got = test_download (bench, y);
  ref_evit_gather (want, inputs.x, inputs.a, inputs.order, &s->shape, s->columns);
  test_near ("y", got, want, y.rows, y.cols, 1e-6);
  inputs_clear (&inputs);
}

static void
backward (TestBench *bench, gconstpointer data)
{
  const Shape *s = data;
  guint batch = s->shape.batch, n = s->shape.tokens - 1;
  Inputs inputs = inputs_new (s, FALSE);
  GpuTensor dy = test_upload (bench, rows_out (s), s->columns, inputs.dy);
  GpuTensor x = test_upload (bench, rows_in (s), s->columns, inputs.x);
  GpuTensor a = test_upload (bench, batch, n, inputs.a);
  GpuTensor rank = test_upload_ints (bench, batch, n, inputs.rank);
  GpuTensor dx = test_tensor (bench, x.rows, x.cols), da = test_tensor (bench, batch, n);
  gpu_evit_gather_backward (bench->stream, dx, da, dy, x, a, rank, &s->shape);
  test_bench_run (bench);
  g_autofree double *want_dx = test_zeros ((gsize) x.rows * x.cols);
  g_autofree double *want_da = test_zeros (candidates (s));
  ref_evit_gather_backward (want_dx, want_da, inputs.dy, inputs.x, inputs.a, inputs.order,
                            &s->shape, s->columns);
  g_autofree double *got_dx = test_download (bench, dx), *got_da = test_download (bench, da);
  test_near ("dx", got_dx, want_dx, x.rows, x.cols, 1e-6);
  test_near ("da", got_da, want_da, batch, n, 1e-5);
  inputs_clear (&inputs);
}

static double
loss (gpointer data)
{
  const Inputs *inputs = data;
  const Shape *s = inputs->shape;
  gsize n = (gsize) rows_out (s) * s->columns;
  g_autofree double *y = test_zeros (n);
  double sum = 0;
  ref_evit_gather (y, inputs->x, inputs->a, inputs->order, &s->shape, s->columns);
  for (gsize i = 0; i < n; i++)
    sum += inputs->dy[i] * y[i];
  return sum;
}

static void
reference_gradient (void)
{
  const Shape some[] = { { "fused", { 2, 8, 4, TRUE }, 5 }, { "dropped", { 2, 6, 3, FALSE }, 4 } };
  for (guint i = 0; i < G_N_ELEMENTS (some); i++)
    {
      const Shape *s = &some[i];
      Inputs inputs = inputs_new (s, FALSE);
      gsize n = (gsize) rows_in (s) * s->columns;
      g_autofree double *dx = test_zeros (n), *da = test_zeros (candidates (s));
      ref_evit_gather_backward (dx, da, inputs.dy, inputs.x, inputs.a, inputs.order, &s->shape,
                                s->columns);
      test_gradient ("dx", loss, &inputs, inputs.x, n, dx, 1e-8);
      test_gradient ("da", loss, &inputs, inputs.a, candidates (s), da, 1e-8);
      inputs_clear (&inputs);
    }
}

int
main (int argc, char **argv)
{
  test_init (&argc, &argv);
  g_test_add_func ("/evit/reference", reference_gradient);
  test_add ("evit", "select/broken", select_broken, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++)
    {
      g_autofree char *name = g_strconcat ("select/", shapes[i].name, NULL);
      g_autofree char *gather_name = g_strconcat ("gather/", shapes[i].name, NULL);
      g_autofree char *backward_name = g_strconcat ("backward/", shapes[i].name, NULL);
      test_add ("evit", name, select_tokens, &shapes[i]);
      test_add ("evit", gather_name, gather, &shapes[i]);
      test_add ("evit", backward_name, backward, &shapes[i]);
    }
  return test_run ();
}
