#version 460
// norm = sqrt (sum of the partial sums). One workgroup.
#extension GL_GOOGLE_include_directive : require
#include "abi/optim.h"
#include "read.glsl"

layout (local_size_x_id = 0) in;

IN4 (0, Partial_, partial);
OUT4 (1, Norm_, norm);

shared vec4 sums[64];

void
main ()
{
  uint lane = gl_LocalInvocationID.x;
  vec4 sum = vec4 (0);
  for (uint p = lane; p < push.partials; p += gl_WorkGroupSize.x)
    sum += LOAD4 (partial, p);
  sums[lane] = sum;
  barrier ();
  if (lane > 0)
    return;
  for (uint i = 1; i < gl_WorkGroupSize.x; i++)
    sum += sums[i];
  norm[0] = vec4 (sqrt ((sum.x + sum.y) + (sum.z + sum.w)), 0, 0, 0);
}
