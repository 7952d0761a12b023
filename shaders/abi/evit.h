#include "abi.h"

/* N tokens, CLS first; the K of the largest attention are kept; with `fuse` one more row holds the
 * sum of the dropped, weighted by their attention. */
ABI_PUSH (EvitPush)
  uint batch;
  uint tokens;
  uint kept;
  uint fuse; /* 0 or 1 */
  uint columns;
ABI_END (EvitPush)
