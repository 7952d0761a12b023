#include "tests/ref/gemm.h"

#include <math.h>

double
ref_activation (GpuActivation activation, double x)
{
  switch (activation)
    {
    case GPU_GELU:
      return x * (1 + erf (x / sqrt (2))) / 2;
    case GPU_QUICK_GELU:
      return x / (1 + exp (-1.702 * x));
    default:
      return x;
    }
}

double
ref_activation_gradient (GpuActivation activation, double x)
{
  double s = 1 / (1 + exp (-1.702 * x));
  switch (activation)
    {
    case GPU_GELU:
      return (1 + erf (x / sqrt (2))) / 2 + x * exp (-x * x / 2) / sqrt (2 * G_PI);
    case GPU_QUICK_GELU:
      return s + 1.702 * x * s * (1 - s);
    default:
      return 1;
    }
}

static double
product (GpuLayout layout, const double *a, const double *b, guint i, guint j, guint m, guint n,
         guint k)
{
  double sum = 0;
  for (guint l = 0; l < k; l++)
    sum += (layout == GPU_TN ? a[l * m + i] : a[i * k + l])
           * (layout == GPU_NT ? b[j * k + l] : b[l * n + j]);
  return sum;
}

void
ref_gemm (GpuLayout layout, double *c, const double *a, const double *b, guint m, guint n, guint k,
          const RefGemmOptions *options)
{
  const RefGemmOptions none = { 0 };
  if (!options)
    options = &none;
  for (guint i = 0; i < m; i++)
    for (guint j = 0; j < n; j++)
      {
        guint at = i * n + j;
        double value = product (layout, a, b, i, j, m, n, k);
        value *= options->alpha != 0 ? options->alpha : 1;
        value += options->bias ? options->bias[j] : 0;
        if (options->slope)
          options->slope[at] = ref_activation_gradient (options->activation, value);
        value = ref_activation (options->activation, value);
        value += options->residual ? options->residual[at] : 0;
        value *= options->times ? options->times[at] : 1;
        c[at] = value + (options->accumulate ? c[at] : 0);
      }
}
