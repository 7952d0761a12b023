/* Matrix products with everything that can ride in their epilogue.
 *
 * C[M,N] = accumulate C + times (residual + act (bias + alpha A B)), in that order of binding: see
 * shaders/abi/gemm.h. Shapes are taken from the tensors and asserted. Unused fields are zero.
 */
#pragma once

#include "compute/stream.h"

G_BEGIN_DECLS

typedef enum
{
  GPU_NT, /* A[M,K] B[N,K]^T */
  GPU_NN, /* A[M,K] B[K,N] */
  GPU_TN, /* A[K,M]^T B[K,N] */
} GpuLayout;

typedef enum
{
  GPU_IDENTITY,
  GPU_GELU,       /* x (1 + erf (x / sqrt 2)) / 2 */
  GPU_QUICK_GELU, /* x sigmoid (1.702 x) */
} GpuActivation;

typedef struct
{
  GpuTensor bias; /* [1,N] */
  GpuActivation activation;
  GpuTensor slope;     /* [M,N], written: the activation's derivative, for the backward pass */
  GpuTensor residual;  /* [M,N], added last */
  GpuTensor times;     /* instead of a residual [M,N], multiplied last: a slope, going backward */
  gboolean accumulate; /* C += */
  float alpha;         /* 0 means 1 */
} GpuGemmOptions;

/* options may be NULL. C must not overlap A or B. */
void gpu_gemm (GpuStream *stream, GpuLayout layout, GpuTensor c, GpuTensor a, GpuTensor b,
               const GpuGemmOptions *options);

G_END_DECLS
