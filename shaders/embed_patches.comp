#version 460
// x[b,0] = class_embedding + positional[0], x[b,1+i] = patches[b,i] + positional[1+i]
#extension GL_GOOGLE_include_directive : require
#include "abi/embed.h"
#include "read.glsl"

layout (local_size_x_id = 0) in;

IN4 (0, Patches_, patches);
IN4 (1, Class_, class_embedding);
IN4 (2, Positional_, positional);
OUT4 (3, X_, x);

void
main ()
{
  uint row = LINEAR_INVOCATION;
  if (row >= push.rows)
    return;
  uint stride = stride4 (push.columns), b = row / push.tokens, t = row % push.tokens;
  uint from = (b * (push.tokens - 1) + max (t, 1) - 1) * stride;
  for (uint column4 = 0; column4 < width4 (push.columns); column4++)
    {
      vec4 patch_row = LOAD4 (patches, from + column4);
      vec4 token = t == 0 ? LOAD4 (class_embedding, column4) : patch_row;
      x[row * stride + column4] = token + LOAD4 (positional, t * stride + column4);
    }
}
