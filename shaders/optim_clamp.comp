#version 460
// x into [low, high]
#extension GL_GOOGLE_include_directive : require
#include "abi/optim.h"
#include "read.glsl"

layout (local_size_x_id = 0) in;

UPDATE4 (0, X_, x);

void
main ()
{
  uint at = LINEAR_INVOCATION;
  if (at < width4 (push.n))
    x[at] = mask_tail (clamp (x[at], push.low, push.high), at, push.n);
}
