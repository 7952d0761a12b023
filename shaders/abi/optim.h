#include "abi.h"

/* Floats of the per-step scalar tensor, written by the host before each step. */
#define OPTIM_LR 0
#define OPTIM_C1 1       /* 1 / (1 - beta1^t) */
#define OPTIM_C2 2       /* 1 / (1 - beta2^t) */
#define OPTIM_MOMENTUM 3 /* of the teacher */
#define OPTIM_SCALARS 8
