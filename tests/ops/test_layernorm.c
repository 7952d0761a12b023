/* Layer normalisation and column sums against double loops, and those against differences. */
#include "tests/ops/harness.h"

#include "compute/ops/layernorm.h"
#include "tests/ref/layernorm.h"

typedef struct
{
  const char *name;
  guint rows, cols;
} Shape;

static const Shape shapes[] = {
  { "1x1", 1, 1 },       { "7x7", 7, 7 },       { "127x127", 127, 127 }, { "1x130", 1, 130 },
  { "130x3", 130, 3 },   { "64x128", 64, 128 }, { "1000x36", 1000, 36 }, { "4160x128", 4160, 128 },
  { "65x769", 65, 769 }, { "70x256", 70, 256 }, { "3x1022", 3, 1022 },
};

/* Inputs with a mean far from zero, on which a one-pass variance would fail. */
static double *
random_rows (const Shape *s, guint32 seed)
{
  double *x = test_random ((gsize) s->rows * s->cols, seed, 2);
  for (gsize i = 0; i < (gsize) s->rows * s->cols; i++)
    x[i] = (float) (x[i] + 10 + (double) (i / s->cols % 5));
  return x;
}

static void
forward (TestBench *bench, gconstpointer data)
{
  const Shape *s = data;
  gsize n = (gsize) s->rows * s->cols;
  g_autofree double *x = random_rows (s, 1), *gamma = test_random (s->cols, 2, 1);
  g_autofree double *beta = test_random (s->cols, 3, 1), *y = test_zeros (n);
  g_autofree double *stats = test_zeros (2 * s->rows);
  GpuTensor tx = test_upload (bench, s->rows, s->cols, x);
  GpuTensor tgamma = test_upload (bench, 1, s->cols, gamma);
  GpuTensor tbeta = test_upload (bench, 1, s->cols, beta);
  GpuTensor ty = test_tensor (bench, s->rows, s->cols), tstats = test_tensor (bench, s->rows, 2);
  gpu_layernorm (bench->stream, ty, tstats, tx, tgamma, tbeta);
  test_bench_run (bench);

  g_autofree double *got = test_download (bench, ty), *got_stats = test_download (bench, tstats);
  ref_layernorm (y, stats, x, gamma, beta, s->rows, s->cols);
  test_near ("y", got, y, s->rows, s->cols, 1e-5);
  test_near ("stats", got_stats, stats, s->rows, 2, 1e-5);
}

static void
check_backward (TestBench *bench, const Shape *s, gboolean residual, gboolean in_place)
{
  gsize n = (gsize) s->rows * s->cols;
  g_autofree double *x = random_rows (s, 1), *gamma = test_random (s->cols, 2, 1);
  g_autofree double *dy = test_random (n, 3, 1), *dresidual = test_random (n, 4, 1);
  g_autofree double *dgamma = test_random (s->cols, 5, 1), *dbeta = test_random (s->cols, 6, 1);
  g_autofree double *y = test_zeros (n), *stats = test_zeros (2 * s->rows), *dx = test_zeros (n);
  ref_layernorm (y, stats, x, gamma, gamma, s->rows, s->cols);
  GpuTensor tx = test_upload (bench, s->rows, s->cols, x);
  GpuTensor tdy = test_upload (bench, s->rows, s->cols, dy);
  GpuTensor tstats = test_upload (bench, s->rows, 2, stats);
  GpuTensor tgamma = test_upload (bench, 1, s->cols, gamma);
  GpuTensor tresidual = test_upload (bench, s->rows, s->cols, dresidual);
  GpuTensor tdx = in_place ? tresidual : test_tensor (bench, s->rows, s->cols);
  GpuTensor tdgamma = test_upload (bench, 1, s->cols, dgamma);
  GpuTensor tdbeta = test_upload (bench, 1, s->cols, dbeta);
  gpu_layernorm_backward (bench->stream, bench->arena, tdx, tdgamma, tdbeta, tdy, tx, tstats,
                          tgamma, residual ? tresidual : (GpuTensor){ 0 });
  test_bench_run (bench);

  ref_layernorm_backward (dx, dgamma, dbeta, dy, x, gamma, residual ? dresidual : NULL, s->rows,
                          s->cols);
  g_autofree double *got = test_download (bench, tdx);
  g_autofree double *got_gamma = test_download (bench, tdgamma);
  g_autofree double *got_beta = test_download (bench, tdbeta);
  /* The statistics pass through float, and 1 x 1 has nothing but cancellation: allow for it. */
  test_near ("dx", got, dx, s->rows, s->cols, s->cols == 1 ? 1e-3 : 1e-5);
  test_near ("dgamma", got_gamma, dgamma, 1, s->cols, 1e-5);
  test_near ("dbeta", got_beta, dbeta, 1, s->cols, 1e-5);
}

static void
backward (TestBench *bench, gconstpointer data)
{
  check_backward (bench, data, FALSE, FALSE);
  check_backward (bench, data, TRUE, FALSE);
  check_backward (bench, data, TRUE, TRUE);
}

static void
column_sum (TestBench *bench, gconstpointer data)
{
  const Shape *s = data;
  g_autofree double *x = test_random ((gsize) s->rows * s->cols, 1, 1);
  g_autofree double *sum = test_random (s->cols, 2, 1);
  GpuTensor tx = test_upload (bench, s->rows, s->cols, x);
  GpuTensor tsum = test_upload (bench, 1, s->cols, sum);
  gpu_column_sum (bench->stream, bench->arena, tsum, tx);
  test_bench_run (bench);
  g_autofree double *got = test_download (bench, tsum);
  ref_column_sum (sum, x, s->rows, s->cols);
  test_near ("sum", got, sum, 1, s->cols, 1e-5);
}

/* What the forecast asks of an arena is what recording takes. */
static void
scratch (TestBench *bench, gconstpointer data)
{
  g_autoptr (GpuArena) dry = gpu_arena_new (0);
  g_autoptr (GpuStream) stream = gpu_stream_new (NULL);
  GpuTensor x = { .rows = 130, .cols = 33 }, v = { .rows = 1, .cols = 33 };
  GpuTensor stats = { .rows = 130, .cols = 2 };
  (void) data;
  gpu_layernorm_backward (stream, dry, x, v, v, x, x, stats, v, (GpuTensor){ 0 });
  gpu_column_sum (stream, dry, v, x);
  g_assert_cmpuint (gpu_stream_get_dispatches (stream), ==, 4);
  g_assert_cmpuint (gpu_stream_get_flops (stream), >, 0);
  g_assert_cmpuint (gpu_arena_get_bytes (dry), ==, gpu_tensor_footprint (2 * 3, 33));
  g_assert_true (gpu_stream_get_device (bench->stream) == bench->device);
}

typedef struct
{
  double *x, *gamma, *beta, *weights, *residual;
  guint rows, cols;
} Problem;

/* The loss weighs every output, and lets x out by the other way, too. */
static double
loss (gpointer data)
{
  const Problem *p = data;
  gsize n = (gsize) p->rows * p->cols;
  g_autofree double *y = test_zeros (n);
  double sum = 0;
  ref_layernorm (y, NULL, p->x, p->gamma, p->beta, p->rows, p->cols);
  for (gsize i = 0; i < n; i++)
    sum += p->weights[i] * y[i] + p->residual[i] * p->x[i];
  return sum;
}

static void
reference (void)
{
  enum
  {
    ROWS = 5,
    COLS = 7,
    N = ROWS * COLS
  };
  g_autofree double *x = test_random (N, 1, 1), *weights = test_random (N, 2, 1);
  g_autofree double *residual = test_random (N, 3, 1), *gamma = test_random (COLS, 4, 1);
  g_autofree double *beta = test_random (COLS, 5, 1), *dx = test_zeros (N);
  g_autofree double *dgamma = test_zeros (COLS), *dbeta = test_zeros (COLS);
  Problem p = { x, gamma, beta, weights, residual, ROWS, COLS };
  ref_layernorm_backward (dx, dgamma, dbeta, weights, x, gamma, residual, ROWS, COLS);
  test_gradient ("dx", loss, &p, x, N, dx, 1e-6);
  test_gradient ("dgamma", loss, &p, gamma, COLS, dgamma, 1e-6);
  test_gradient ("dbeta", loss, &p, beta, COLS, dbeta, 1e-6);
}

int
main (int argc, char **argv)
{
  test_init (&argc, &argv);
  g_test_add_func ("/layernorm/reference", reference);
  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++)
    {
      test_add ("layernorm", shapes[i].name, forward, &shapes[i]);
      test_add ("layernorm-backward", shapes[i].name, backward, &shapes[i]);
      test_add ("column-sum", shapes[i].name, column_sum, &shapes[i]);
    }
  test_add ("layernorm", "scratch", scratch, NULL);
  return test_run ();
}
