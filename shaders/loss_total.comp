#version 460
// losses = (contrastive + w distillation, contrastive, distillation, s) and dscale from the parts of
// the rows. One workgroup.
#extension GL_GOOGLE_include_directive : require
#include "abi/loss.h"
#include "read.glsl"

layout (local_size_x_id = 0) in;

IN4 (0, Partial_, partial);
IN4 (1, Scale_, logit_scale);
OUT4 (2, Losses_, losses);
UPDATE4 (3, Dscale_, dscale);

shared vec4 sums[64];

void
main ()
{
  uint lane = gl_LocalInvocationID.x;
  vec4 sum = vec4 (0);
  for (uint row = lane; row < push.batch; row += gl_WorkGroupSize.x)
    sum += LOAD4 (partial, row);
  sums[lane] = sum;
  barrier ();
  if (lane > 0)
    return;
  for (uint i = 1; i < gl_WorkGroupSize.x; i++)
    sum += sums[i];
  sum /= 2.0 * float (push.batch);
  losses[0] = vec4 (sum.x + push.weight * sum.y, sum.x, sum.y, exp (LOAD4 (logit_scale, 0).x));
  dscale[0] += vec4 (sum.z, 0, 0, 0);
}
