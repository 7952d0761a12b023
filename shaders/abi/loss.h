#include "abi.h"

ABI_PUSH (LossPush)
  uint batch;
  float weight; /* of the distillation term */
ABI_END (LossPush)

/* Rows of the statistics [4,B] of a matrix of cosines G at scale s: of each row and each column the
 * largest cosine and log sum exp (s (G - largest)), so that with s (G - largest) - log nothing large
 * is ever subtracted from something large. */
#define LOSS_ROW_MAX 0
#define LOSS_ROW_LOG 1
#define LOSS_COLUMN_MAX 2
#define LOSS_COLUMN_LOG 3
#define LOSS_STATS 4
