#include "tests/ref/optim.h"

#include <math.h>

double
ref_gradient_norm (const double *gradient, gsize n)
{
  double sum = 0;
  for (gsize i = 0; i < n; i++)
    sum += gradient[i] * gradient[i];
  return sqrt (sum);
}

void
ref_adamw (double *theta, double *m, double *v, const double *gradient, gsize n, double norm,
           const double *scalars, const GpuAdamw *options)
{
  double lr = scalars[OPTIM_LR], b1 = options->beta1, b2 = options->beta2;
  double shrink = options->clip > 0 ? fmin (1, options->clip / norm) : 1;
  for (gsize i = 0; i < n; i++)
    {
      double g = shrink * gradient[i];
      theta[i] *= 1 - lr * options->decay;
      m[i] = b1 * m[i] + (1 - b1) * g;
      v[i] = b2 * v[i] + (1 - b2) * g * g;
      theta[i] -=
          lr * (m[i] * scalars[OPTIM_C1]) / (sqrt (v[i] * scalars[OPTIM_C2]) + options->eps);
    }
}

void
ref_clamp (double *x, gsize n, double low, double high)
{
  for (gsize i = 0; i < n; i++)
    x[i] = fmin (fmax (x[i], low), high);
}

void
ref_ema (double *teacher, const double *student, gsize n, double momentum)
{
  for (gsize i = 0; i < n; i++)
    teacher[i] = momentum * teacher[i] + (1 - momentum) * student[i];
}
