/* Every layout, epilogue and tail of the matrix product against double loops. */
#include "tests/ops/harness.h"
#include "tests/ref/gemm.h"

#define TOLERANCE 1e-5

typedef struct
{
  guint m, n, k;
} Size;

static const Size sizes[] = {
  { 1, 1, 1 },    { 7, 7, 7 },    { 127, 127, 127 }, { 33, 31, 65 },
  { 1, 129, 3 },  { 65, 1, 130 }, { 17, 136, 11 },   { 4, 260, 12 },
  { 130, 36, 9 }, { 2, 3, 1000 }, { 256, 256, 256 },
};

typedef struct
{
  const char *name;
  gboolean everywhere; /* in all layouts and both ways of storing: each costs a compile */
  gboolean bias, slope, residual, times, accumulate;
  GpuActivation activation;
  float alpha;
} Epilogue;

static const Epilogue epilogues[] = {
  { .name = "bias", .bias = TRUE },
  { .name = "gelu", .bias = TRUE, .slope = TRUE, .activation = GPU_GELU },
  { .name = "gelu-plain", .activation = GPU_GELU },
  { .name = "quick-gelu", .bias = TRUE, .slope = TRUE, .activation = GPU_QUICK_GELU },
  { .name = "residual", .bias = TRUE, .residual = TRUE },
  { .name = "gelu-residual", .bias = TRUE, .residual = TRUE, .activation = GPU_GELU },
  { .name = "times", .everywhere = TRUE, .times = TRUE },
  { .name = "accumulate", .everywhere = TRUE, .accumulate = TRUE },
  { .name = "alpha", .bias = TRUE, .alpha = -0.375f },
  { .name = "all",
    .everywhere = TRUE,
    .bias = TRUE,
    .slope = TRUE,
    .residual = TRUE,
    .accumulate = TRUE,
    .activation = GPU_QUICK_GELU,
    .alpha = 1.5f },
};

static void
check (TestBench *bench, GpuLayout layout, Size s, const Epilogue *epilogue)
{
  gsize mn = (gsize) s.m * s.n, at_most = mn + s.n;
  g_autofree double *a = test_random ((gsize) s.m * s.k, 1, 1);
  g_autofree double *b = test_random ((gsize) s.n * s.k, 2, 1);
  g_autofree double *c = test_random (mn, 3, 1), *bias = test_random (at_most, 4, 1);
  g_autofree double *other = test_random (mn, 5, 3), *slope = test_zeros (mn);

  GpuTensor ta =
      layout == GPU_TN ? test_upload (bench, s.k, s.m, a) : test_upload (bench, s.m, s.k, a);
  GpuTensor tb =
      layout == GPU_NT ? test_upload (bench, s.n, s.k, b) : test_upload (bench, s.k, s.n, b);
  GpuTensor tc =
      epilogue->accumulate ? test_upload (bench, s.m, s.n, c) : test_tensor (bench, s.m, s.n);
  GpuTensor tother = test_upload (bench, s.m, s.n, other), tslope = test_tensor (bench, s.m, s.n);
  GpuGemmOptions options = { .activation = epilogue->activation,
                             .accumulate = epilogue->accumulate,
                             .alpha = epilogue->alpha };
  if (epilogue->bias)
    options.bias = test_upload (bench, 1, s.n, bias);
  if (epilogue->slope)
    options.slope = tslope;
  if (epilogue->residual)
    options.residual = tother;
  if (epilogue->times)
    options.times = tother;
  gpu_gemm (bench->stream, layout, tc, ta, tb, &options);
  g_assert_cmpuint (gpu_stream_get_flops (bench->stream), ==, 2ull * s.m * s.n * s.k);
  test_bench_run (bench);

  ref_gemm (layout, c, a, b, s.m, s.n, s.k,
            &(RefGemmOptions){ .bias = epilogue->bias ? bias : NULL,
                               .activation = epilogue->activation,
                               .slope = slope,
                               .residual = epilogue->residual ? other : NULL,
                               .times = epilogue->times ? other : NULL,
                               .accumulate = epilogue->accumulate,
                               .alpha = epilogue->alpha });
  g_autofree double *got = test_download (bench, tc);
  g_autofree char *what =
      g_strdup_printf ("C of %u x %u x %u, layout %d, %s", s.m, s.n, s.k, layout, epilogue->name);
  test_near (what, got, c, s.m, s.n, TOLERANCE);
  if (epilogue->slope)
    {
      g_autofree double *saved = test_download (bench, tslope);
      test_near ("slope", saved, slope, s.m, s.n, TOLERANCE);
    }
}

static void
all_sizes (TestBench *bench, gconstpointer data)
{
  const Epilogue plain = { .name = "plain" };
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    check (bench, GPOINTER_TO_INT (data), sizes[i], &plain);
}

static void
every_layout (TestBench *bench, gconstpointer data)
{
  (void) data;
  for (GpuLayout layout = GPU_NT; layout <= GPU_TN; layout++)
    all_sizes (bench, GINT_TO_POINTER (layout));
}

/* Rows of 72 columns begin on 32 bytes, those of 31 do not. */
static void
one_epilogue (TestBench *bench, gconstpointer data)
{
  const Epilogue *epilogue = data;
  for (GpuLayout layout = GPU_NT; layout <= (epilogue->everywhere ? GPU_TN : GPU_NT); layout++)
    {
      check (bench, layout, (Size){ 70, 72, 20 }, epilogue);
      if (epilogue->everywhere)
        check (bench, layout, (Size){ 33, 31, 65 }, epilogue);
    }
}

static void
tile_epilogue (TestBench *bench, gconstpointer data)
{
  check (bench, GPU_NT, (Size){ 133, 131, 20 }, data);
}

/* Phi is an approximation on the device: look at it over its whole range. */
static void
gelu_range (TestBench *bench, gconstpointer data)
{
  enum
  {
    N = 401
  };
  GpuActivation activation = GPOINTER_TO_INT (data);
  double one = 1, x[N], gelu[N], gradient[N];
  for (guint i = 0; i < N; i++)
    {
      x[i] = (float) ((double) i / 20 - 10);
      gelu[i] = ref_activation (activation, x[i]);
      gradient[i] = ref_activation_gradient (activation, x[i]);
    }
  GpuTensor ones = test_upload (bench, 1, 1, &one), tx = test_upload (bench, N, 1, x);
  GpuTensor forward = test_tensor (bench, 1, N), slope = test_tensor (bench, 1, N);
  gpu_gemm (bench->stream, GPU_NT, forward, ones, tx,
            &(GpuGemmOptions){ .activation = activation, .slope = slope });
  test_bench_run (bench);
  g_autofree double *got = test_download (bench, forward);
  g_autofree double *got_gradient = test_download (bench, slope);
  test_each_near ("activation", got, gelu, 1, N, 2e-6);
  test_each_near ("gradient", got_gradient, gradient, 1, N, 2e-6);
}

static double *
new_ones (guint n)
{
  double *ones = test_zeros (n);
  for (guint i = 0; i < n; i++)
    ones[i] = 1;
  return ones;
}

/* Sums of more terms than a CPU driver's loop has rounds are never cut: along rows they are right or
 * refused, down columns they are made in turns. */
static void
long_sums (TestBench *bench, gconstpointer data)
{
  static const guint lengths[] = { 194999, 259999, 530001 };
  (void) data;
  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      const guint k = lengths[i];
      const double want = k, more = 3.0 * k;
      g_autoptr (GError) error = NULL;
      g_autofree double *ones = new_ones (k);
      GpuTensor row = test_upload (bench, 1, k, ones), column = test_upload (bench, k, 1, ones);
      GpuTensor nt = test_tensor (bench, 1, 1), tn = test_tensor (bench, 1, 1);
      gpu_gemm (bench->stream, GPU_TN, tn, column, column, NULL);
      gpu_gemm (bench->stream, GPU_TN, tn, column, column,
                &(GpuGemmOptions){ .accumulate = TRUE, .alpha = 2 });
      test_bench_run (bench);
      g_autofree double *of_columns = test_download (bench, tn);
      test_each_near ("column by column", of_columns, &more, 1, 1, 1);

      gpu_gemm (bench->stream, GPU_NT, nt, row, row, NULL);
      gboolean ran = gpu_stream_run (bench->stream, &error);
      gpu_stream_reset (bench->stream);
      if (!ran)
        {
          g_assert_error (error, GPU_ERROR, GPU_ERROR_LIMIT);
          g_assert_cmpuint (k, >, bench->read == GPU_READ_TEXEL ? 260000 : 195000);
          continue;
        }
      g_autofree double *of_rows = test_download (bench, nt);
      test_each_near ("row by row", of_rows, &want, 1, 1, 1);
    }
}

int
main (int argc, char **argv)
{
  test_init (&argc, &argv);
  test_add ("gemm", "nt", all_sizes, GINT_TO_POINTER (GPU_NT));
  test_add ("gemm", "nn", all_sizes, GINT_TO_POINTER (GPU_NN));
  test_add ("gemm", "tn", all_sizes, GINT_TO_POINTER (GPU_TN));
  test_add_gemm_tiles ("gemm", "sizes", every_layout, NULL);
  test_add_gemm_tiles ("gemm", "epilogue", tile_epilogue, &epilogues[G_N_ELEMENTS (epilogues) - 1]);
  for (guint i = 0; i < G_N_ELEMENTS (epilogues); i++)
    test_add ("gemm", epilogues[i].name, one_epilogue, &epilogues[i]);
  test_add ("gemm", "range-gelu", gelu_range, GINT_TO_POINTER (GPU_GELU));
  test_add ("gemm", "range-quick-gelu", gelu_range, GINT_TO_POINTER (GPU_QUICK_GELU));
  test_add ("gemm", "long-sums", long_sums, NULL);
  return test_run ();
}
