#version 460
// dpositional[t] += sum over b of dx[b,t]
// and, for pictures, dclass += sum over b of dx[b,0], dpatches[b,i] = dx[b,1+i].
// A lane is four columns of one position and goes through the batch in order.
#extension GL_GOOGLE_include_directive : require
#include "abi/embed.h"
#include "read.glsl"

layout (local_size_x_id = 0) in;
layout (constant_id = 1) const bool PATCHES = true;

IN4 (0, Dx_, dx);
UPDATE4 (1, Dpositional_, dpositional);
UPDATE4 (2, Dclass_, dclass);
OUT4 (3, Dpatches_, dpatches);

void
main ()
{
  uint columns4 = width4 (push.columns), stride = stride4 (push.columns);
  uint t = LINEAR_INVOCATION / columns4, column4 = LINEAR_INVOCATION % columns4;
  if (t >= push.tokens)
    return;
  vec4 sum = vec4 (0);
  for (uint b = 0; b < push.batch; b++)
    {
      vec4 value = LOAD4 (dx, (b * push.tokens + t) * stride + column4);
      sum += value;
      if (PATCHES && t > 0)
        dpatches[(b * (push.tokens - 1) + t - 1) * stride + column4] = value;
    }
  dpositional[t * stride + column4] += sum;
  if (PATCHES && t == 0)
    dclass[column4] += sum;
}
