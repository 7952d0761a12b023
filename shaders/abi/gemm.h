#include "abi.h"

/* C[M,N] = epilogue (alpha A B) in three layouts:
 *   NT: A[M,K] B[N,K]^T   the forward pass of a linear layer, y = x W^T
 *   NN: A[M,K] B[K,N]     its input gradient, dx = dy W
 *   TN: A[K,M]^T B[K,N]   its weight gradient, dW = dy^T x
 * Row strides are the column counts rounded up to 4. */
ABI_PUSH (GemmPush)
  uint m;
  uint n;
  uint k;
  float alpha;
ABI_END (GemmPush)

/* Specialisation constant 1, a set of: */
#define GEMM_BIAS 1          /* + bias[n] */
#define GEMM_GELU 2          /* gelu (x) = x (1 + erf (x / sqrt 2)) / 2 */
#define GEMM_QUICK_GELU 4    /* quick_gelu (x) = x / (1 + exp (-1.702 x)) */
#define GEMM_SLOPE 8         /* the activation's derivative goes to `slope` [M,N] */
#define GEMM_RESIDUAL 16     /* + residual[M,N] */
#define GEMM_TIMES 32        /* times [M,N]: a slope that was saved */
#define GEMM_ACCUMULATE 64   /* + C */

/* The tile of the texel form: a lane owns so many vec4s of each of these rows. The two vec4s are stored
 * as one where specialisation constant 2 says that rows of C begin on 32 bytes. */
#define GEMM_ROWS 32
#define GEMM_VECS 2
