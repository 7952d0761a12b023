/* The optimiser in double, after compute/ops/optim.h. */
#pragma once

#include "compute/ops/optim.h"

double ref_gradient_norm (const double *gradient, gsize n);
/* One step; scalars as OPTIM_*. */
void ref_adamw (double *theta, double *m, double *v, const double *gradient, gsize n, double norm,
                const double *scalars, const GpuAdamw *options);
void ref_clamp (double *x, gsize n, double low, double high);
void ref_ema (double *teacher, const double *student, gsize n, double momentum);
