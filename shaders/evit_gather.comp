#version 460
// y = [x_0, x_order[0], .., x_order[K-1], sum over dropped of a_i x_i]: one vec4 an invocation.
#extension GL_GOOGLE_include_directive : require
#include "abi/evit.h"
#include "read.glsl"

layout (local_size_x_id = 0) in;

IN4 (0, X_, x);
IN4 (1, A_, a);
layout (std430, binding = 2) readonly buffer Order_ { int order[]; };
OUT4 (3, Y_, y);

void
main ()
{
  uint c4 = stride4 (push.columns), rows = 1 + push.kept + push.fuse;
  uint n = push.tokens - 1, n_stride = 4 * stride4 (n);
  uint row = LINEAR_INVOCATION / c4, column4 = LINEAR_INVOCATION % c4;
  uint batch = row / rows, r = row % rows;
  if (batch >= push.batch)
    return;
  uint first = batch * push.tokens;
  vec4 value = vec4 (0);
  if (r <= push.kept)
    {
      uint token = r == 0 ? 0 : 1 + order[batch * n_stride + r - 1];
      value = LOAD4 (x, (first + token) * c4 + column4);
    }
  else
    for (uint rank = push.kept; rank < n; rank++)
      {
        uint i = order[batch * n_stride + rank];
        value += LOAD1 (a, batch * n_stride + i) * LOAD4 (x, (first + 1 + i) * c4 + column4);
      }
  y[row * c4 + column4] = value;
}
