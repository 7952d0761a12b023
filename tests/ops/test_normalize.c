/* Rows of length one against double loops, and those against differences. */
#include "tests/ops/harness.h"

#include "compute/ops/normalize.h"
#include "tests/ref/normalize.h"

typedef struct
{
  const char *name;
  guint rows, cols;
} Shape;

static const Shape shapes[] = {
  { "1x1", 1, 1 },       { "7x7", 7, 7 },       { "127x127", 127, 127 },
  { "64x128", 64, 128 }, { "300x33", 300, 33 }, { "9x512", 9, 512 },
};

static void
both_ways (TestBench *bench, gconstpointer data)
{
  const Shape *s = data;
  gsize n = (gsize) s->rows * s->cols;
  g_autofree double *x = test_random (n, 1, 3), *dz = test_random (n, 2, 1);
  g_autofree double *z = test_zeros (n), *inverse = test_zeros (s->rows), *dx = test_zeros (n);
  GpuTensor tx = test_upload (bench, s->rows, s->cols, x);
  GpuTensor tdz = test_upload (bench, s->rows, s->cols, dz);
  GpuTensor tz = test_tensor (bench, s->rows, s->cols), tinverse = test_tensor (bench, s->rows, 1);
  GpuTensor tdx = test_tensor (bench, s->rows, s->cols);
  gpu_normalize (bench->stream, tz, tinverse, tx);
  gpu_normalize_backward (bench->stream, tdx, tdz, tz, tinverse);
  test_bench_run (bench);

  ref_normalize (z, inverse, x, s->rows, s->cols);
  ref_normalize_backward (dx, dz, x, s->rows, s->cols);
  g_autofree double *got_z = test_download (bench, tz);
  g_autofree double *got_inverse = test_download (bench, tinverse);
  g_autofree double *got_dx = test_download (bench, tdx);
  test_near ("z", got_z, z, s->rows, s->cols, 1e-6);
  test_near ("inverse", got_inverse, inverse, s->rows, 1, 1e-6);
  test_near ("dx", got_dx, dx, s->rows, s->cols, 1e-5);
}

/* A row of zeros stays one, without a NaN. */
static void
zero_row (TestBench *bench, gconstpointer data)
{
  const double x[] = { 0, 0, 0, 0, 0, 3, 0, 0, 0, -4 }, z[] = { 0, 0, 0, 0, 0, .6, 0, 0, 0, -.8 };
  GpuTensor tx = test_upload (bench, 2, 5, x), tz = test_tensor (bench, 2, 5);
  GpuTensor tinverse = test_tensor (bench, 2, 1);
  (void) data;
  gpu_normalize (bench->stream, tz, tinverse, tx);
  test_bench_run (bench);
  g_autofree double *got = test_download (bench, tz);
  test_each_near ("z", got, z, 2, 5, 1e-7);
}

typedef struct
{
  double *x, *weights;
  guint rows, cols;
} Problem;

static double
loss (gpointer data)
{
  const Problem *p = data;
  gsize n = (gsize) p->rows * p->cols;
  g_autofree double *z = test_zeros (n);
  double sum = 0;
  ref_normalize (z, NULL, p->x, p->rows, p->cols);
  for (gsize i = 0; i < n; i++)
    sum += p->weights[i] * z[i];
  return sum;
}

static void
reference (void)
{
  enum
  {
    ROWS = 4,
    COLS = 7,
    N = ROWS * COLS
  };
  g_autofree double *x = test_random (N, 1, 1), *weights = test_random (N, 2, 1);
  g_autofree double *dx = test_zeros (N);
  Problem p = { x, weights, ROWS, COLS };
  ref_normalize_backward (dx, weights, x, ROWS, COLS);
  test_gradient ("dx", loss, &p, x, N, dx, 1e-6);
}

int
main (int argc, char **argv)
{
  test_init (&argc, &argv);
  g_test_add_func ("/normalize/reference", reference);
  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++)
    test_add ("normalize", shapes[i].name, both_ways, &shapes[i]);
  test_add ("normalize", "zero-row", zero_row, NULL);
  return test_run ();
}
