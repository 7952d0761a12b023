#version 460
// Partial sums of squares: vec4 p of `partial` is, or is increased by, the sum over its part of the
// slab, component by component.
#extension GL_GOOGLE_include_directive : require
#include "abi/optim.h"
#include "read.glsl"

layout (local_size_x_id = 0) in;
layout (constant_id = 1) const bool FIRST = true;

IN4 (0, Gradient_, gradient);
UPDATE4 (1, Partial_, partial);

void
main ()
{
  uint p = LINEAR_INVOCATION, n4 = width4 (push.n);
  if (p >= push.partials)
    return;
  uint begin = LINEAR_GROUP * gl_WorkGroupSize.x * push.rounds + gl_LocalInvocationID.x;
  vec4 sum = vec4 (0);
  for (uint round = 0; round < push.rounds; round++)
    {
      uint at = begin + round * gl_WorkGroupSize.x;
      vec4 g = LOAD4 (gradient, min (at, n4 - 1));
      sum += at < n4 ? g * g : vec4 (0);
    }
  if (FIRST)
    partial[p] = sum;
  else
    partial[p] += sum;
}
