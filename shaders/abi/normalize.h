#include "abi.h"

ABI_PUSH (NormalizePush)
  uint rows;
  uint cols;
ABI_END (NormalizePush)
