#include "abi.h"

/* Layer normalisation and sums over rows. Sums over rows go in chunks of CHUNK_ROWS rows, one
 * partial row each, then over the chunks; a chunk is a multiple of every workgroup size that
 * compute/ops/grid.h hands out. */
#define CHUNK_ROWS 64

ABI_PUSH (LayernormPush)
  uint rows; /* of x; in column_finish the chunks */
  uint cols;
  uint sums; /* in column_finish: how many sums of this width there are, 1 or 2 */
ABI_END (LayernormPush)
