#version 460
// dx_0 = dy_0;  kept: dx_i = dy_(1 + rank_i), da_i = 0;
// dropped: dx_i = a_i dy_fused, da_i = x_i . dy_fused. One row of x an invocation.
#extension GL_GOOGLE_include_directive : require
#include "abi/evit.h"
#include "read.glsl"

layout (local_size_x_id = 0) in;

IN4 (0, Dy_, dy);
IN4 (1, X_, x);
IN4 (2, A_, a);
layout (std430, binding = 3) readonly buffer Rank_ { int rank[]; };
OUT4 (4, Dx_, dx);
layout (std430, binding = 5) writeonly buffer Da_ { float da[]; };

void
main ()
{
  uint stride = stride4 (push.columns), rows = 1 + push.kept + push.fuse;
  uint n = push.tokens - 1, n_stride = 4 * stride4 (n);
  uint row = LINEAR_INVOCATION, batch = row / push.tokens, token = row % push.tokens;
  if (batch >= push.batch)
    return;
  uint at = batch * n_stride + token - 1;
  uint place = token == 0 ? 0 : min (1 + uint (rank[at]), push.kept + 1);
  bool dropped = place > push.kept;
  float weight = !dropped ? 1.0 : push.fuse != 0 ? LOAD1 (a, at) : 0.0;
  uint from = (batch * rows + min (place, rows - 1)) * stride;
  float dot_fused = 0;
  for (uint c = 0; c < width4 (push.columns); c++)
    {
      vec4 gradient = LOAD4 (dy, from + c);
      vec4 product = gradient * LOAD4 (x, row * stride + c);
      dot_fused += (product.x + product.y) + (product.z + product.w);
      dx[row * stride + c] = dropped && push.fuse == 0 ? vec4 (0) : weight * gradient;
    }
  if (token > 0)
    da[at] = dropped && push.fuse != 0 ? dot_fused : 0.0;
  if (token == n)
    for (uint i = n; i < 4 * width4 (n); i++)
      da[batch * n_stride + i] = 0;
}
