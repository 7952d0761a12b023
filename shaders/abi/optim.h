#include "abi.h"

/* Floats of the per-step scalar tensor, written by the host before each step. */
#define OPTIM_LR 0
#define OPTIM_C1 1       /* 1 / (1 - beta1^t) */
#define OPTIM_C2 2       /* 1 / (1 - beta2^t) */
#define OPTIM_MOMENTUM 3 /* of the teacher */
#define OPTIM_SCALARS 8

/* vec4s of a slab that a lane works through. */
#define OPTIM_ROUNDS 16

/* One block serves the family; each shader names the fields it reads. */
ABI_PUSH (OptimPush)
  uint n;        /* floats of the slab */
  uint partials; /* vec4s of the partial sums */
  uint rounds;   /* vec4s summed into one of them */
  float beta1;
  float beta2;
  float eps;
  float decay;
  float clip;
  float low;
  float high;
ABI_END (OptimPush)
