#version 460
// y = [x_0, x_order[0], .., x_order[K-1], sum over dropped of a_i x_i]. The first invocations fuse, a
// vec4 each; the others copy a row each: a division costs as much as a row's vec4 or two.
#extension GL_GOOGLE_include_directive : require
#include "abi/evit.h"
#include "read.glsl"

layout (local_size_x_id = 0) in;

IN4 (0, X_, x);
IN4 (1, A_, a);
layout (std430, binding = 2) readonly buffer Order_ { int order[]; };
OUT4 (3, Y_, y);

void
fuse (uint batch, uint column4)
{
  uint stride = stride4 (push.columns), n = push.tokens - 1, n_stride = 4 * stride4 (n);
  vec4 sum = vec4 (0);
  for (uint rank = push.kept; rank < n; rank++)
    {
      uint i = order[batch * n_stride + rank];
      uint row = batch * push.tokens + 1 + i;
      sum += LOAD1 (a, batch * n_stride + i) * LOAD4 (x, row * stride + column4);
    }
  y[((batch + 1) * (2 + push.kept) - 1) * stride + column4] = sum;
}

void
copy (uint batch, uint r)
{
  uint stride = stride4 (push.columns), n_stride = 4 * stride4 (push.tokens - 1);
  uint token = r == 0 ? 0 : 1 + order[batch * n_stride + r - 1];
  uint from = (batch * push.tokens + token) * stride;
  uint to = (batch * (1 + push.kept + push.fuse) + r) * stride;
  for (uint column4 = 0; column4 < width4 (push.columns); column4++)
    y[to + column4] = LOAD4 (x, from + column4);
}

void
main ()
{
  uint c4 = width4 (push.columns), fused = push.fuse * push.batch * c4;
  uint item = LINEAR_INVOCATION, row = item - fused;
  if (item < fused)
    fuse (item / c4, item % c4);
  else if (row < push.batch * (1 + push.kept))
    copy (row / (1 + push.kept), row % (1 + push.kept));
}
