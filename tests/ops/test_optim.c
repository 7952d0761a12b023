/* The optimiser against double loops, on whole slabs and on slabs that no binding holds. */
#include "tests/ops/harness.h"

#include "compute/ops/optim.h"
#include "tests/ref/optim.h"

typedef struct
{
  const char *name;
  guint n;
  guint64 binding_bytes; /* pretend that the device binds no more; 0: the truth */
  GpuAdamw options;
} Case;

#define CLIP_ADAMW(value)                                                                          \
  {                                                                                                \
    .9f, .98f, 1e-6f, .2f, value                                                                   \
  }

static const Case cases[] = {
  { "1", 1, 0, CLIP_ADAMW (0) },
  { "7", 7, 0, CLIP_ADAMW (1) },
  { "127", 127, 0, { .9f, .999f, 1e-8f, 0, 0.5f } },
  { "300001", 300001, 0, CLIP_ADAMW (1) },
  { "in-pieces", 300001, 262144 + 100, CLIP_ADAMW (1e9f) },
  { "just-a-piece", 65536, 262144, CLIP_ADAMW (1) },
};

static guint64
limit_bindings (TestBench *bench, guint64 bytes)
{
  GpuDeviceInfo *info = (GpuDeviceInfo *) gpu_device_get_info (bench->device);
  guint64 before = info->max_binding_bytes;
  info->max_binding_bytes = bytes ? bytes : before;
  return before;
}

static void
make_scalars (double *scalars, guint step)
{
  scalars[OPTIM_LR] = (float) (1e-3 / step);
  scalars[OPTIM_C1] = (float) (1 / (1 - pow (.9, step)));
  scalars[OPTIM_C2] = (float) (1 / (1 - pow (.98, step)));
  scalars[OPTIM_MOMENTUM] = (float) (1 - .1 / step);
}

/* Three steps with other gradients each, the norm taken on the device, the teacher following. */
static void
steps (TestBench *bench, gconstpointer data)
{
  const Case *c = data;
  guint n = c->n;
  double scalars[OPTIM_SCALARS] = { 0 };
  g_autofree double *theta = test_random (n, 1, 1), *m = test_zeros (n), *v = test_zeros (n);
  g_autofree double *teacher = test_random (n, 2, 1);
  GpuTensor ttheta = test_upload (bench, 1, n, theta), tm = test_upload (bench, 1, n, m);
  GpuTensor tv = test_upload (bench, 1, n, v), tteacher = test_upload (bench, 1, n, teacher);
  GpuTensor tnorm = test_tensor (bench, 1, 1);
  guint64 limit = limit_bindings (bench, c->binding_bytes);
  for (guint step = 1; step <= 3; step++)
    {
      g_autofree double *gradient = test_random (n, 10 + step, step);
      GpuTensor tgradient = test_upload (bench, 1, n, gradient);
      make_scalars (scalars, step);
      GpuTensor tscalars = test_upload (bench, 1, OPTIM_SCALARS, scalars);
      gpu_gradient_norm (bench->stream, bench->arena, tnorm, &tgradient, 1);
      gpu_adamw (bench->stream, ttheta, tm, tv, tgradient, tnorm, tscalars, &c->options);
      gpu_ema (bench->stream, tteacher, ttheta, tscalars);
      test_bench_run (bench);

      double norm = ref_gradient_norm (gradient, n);
      g_autofree double *got_norm = test_download (bench, tnorm);
      test_near ("norm", got_norm, &norm, 1, 1, 1e-6);
      ref_adamw (theta, m, v, gradient, n, norm, scalars, &c->options);
      ref_ema (teacher, theta, n, scalars[OPTIM_MOMENTUM]);
    }
  limit_bindings (bench, limit);
  g_autofree double *got_theta = test_download (bench, ttheta), *got_m = test_download (bench, tm);
  g_autofree double *got_v = test_download (bench, tv);
  g_autofree double *got_teacher = test_download (bench, tteacher);
  test_near ("theta", got_theta, theta, 1, n, 1e-6);
  test_near ("m", got_m, m, 1, n, 1e-6);
  test_near ("v", got_v, v, 1, n, 2e-6);
  test_near ("teacher", got_teacher, teacher, 1, n, 1e-6);
}

/* A norm below the threshold leaves gradients alone; no gradient at all moves nothing but by decay.
 */
static void
no_gradient (TestBench *bench, gconstpointer data)
{
  enum
  {
    N = 9
  };
  const GpuAdamw options = { .9f, .98f, 0, .2f, 1 };
  double scalars[OPTIM_SCALARS], zero[N] = { 0 };
  (void) data;
  make_scalars (scalars, 1);
  g_autofree double *theta = test_random (N, 1, 1);
  GpuTensor ttheta = test_upload (bench, 1, N, theta), tnorm = test_tensor (bench, 1, 1);
  GpuTensor tgradient = test_upload (bench, 1, N, zero);
  gpu_gradient_norm (bench->stream, bench->arena, tnorm, &tgradient, 1);
  gpu_adamw (bench->stream, ttheta, test_upload (bench, 1, N, zero),
             test_upload (bench, 1, N, zero), tgradient, tnorm,
             test_upload (bench, 1, OPTIM_SCALARS, scalars), &options);
  test_bench_run (bench);
  for (guint i = 0; i < N; i++)
    theta[i] *= 1 - scalars[OPTIM_LR] * .2;
  g_autofree double *got = test_download (bench, ttheta), *norm = test_download (bench, tnorm);
  test_near ("theta", got, theta, 1, N, 1e-6);
  g_assert_cmpfloat (norm[0], ==, 0);
}

static void
clamps (TestBench *bench, gconstpointer data)
{
  const guint sizes[] = { 1, 7, 127, 1000 };
  (void) data;
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree double *x = test_random (sizes[i], i, 4);
      GpuTensor tx = test_upload (bench, 1, sizes[i], x);
      guint64 limit = limit_bindings (bench, 1024);
      gpu_clamp (bench->stream, tx, 0.5f, 2);
      limit_bindings (bench, limit);
      test_bench_run (bench);
      ref_clamp (x, sizes[i], 0.5, 2);
      g_autofree double *got = test_download (bench, tx);
      test_each_near ("x", got, x, 1, sizes[i], 0);
    }
}

int
main (int argc, char **argv)
{
  test_init (&argc, &argv);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    test_add ("optim", cases[i].name, steps, &cases[i]);
  test_add ("optim", "no-gradient", no_gradient, NULL);
  test_add ("optim", "clamp", clamps, NULL);
  return test_run ();
}
