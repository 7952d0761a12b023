/* Matrix products in double, after compute/ops/gemm.h. */
#pragma once

#include "compute/ops/gemm.h"

typedef struct
{
  const double *bias; /* [N] or NULL, as are the others */
  GpuActivation activation;
  double *slope;          /* [M,N], written */
  const double *residual; /* [M,N] */
  const double *times;    /* [M,N] */
  gboolean accumulate;
  double alpha; /* 0 means 1 */
} RefGemmOptions;

double ref_activation (GpuActivation activation, double x);
double ref_activation_gradient (GpuActivation activation, double x);

void ref_gemm (GpuLayout layout, double *c, const double *a, const double *b, guint m, guint n,
               guint k, const RefGemmOptions *options);
