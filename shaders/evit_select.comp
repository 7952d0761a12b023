#version 460
// rank[i] = tokens j that come before i: a_j > a_i, or a_j = a_i and j < i;  order[rank[i]] = i.
// The bits of floats that are not negative order as the floats do, and any bits at all have a strict
// order with their positions, so the ranks are a permutation whatever a holds. Four tokens an
// invocation. Padding is zeros at positions beyond every token: it comes before none.
#extension GL_GOOGLE_include_directive : require
#include "abi/evit.h"
#include "read.glsl"

layout (local_size_x_id = 0) in;

IN4 (0, A_, a);
layout (std430, binding = 1) writeonly buffer Order_ { int order[]; };
layout (std430, binding = 2) writeonly buffer Rank_ { ivec4 rank[]; };

void
main ()
{
  uint n = push.tokens - 1, n4 = width4 (n), stride = stride4 (n);
  uint batch = LINEAR_INVOCATION / n4, i4 = LINEAR_INVOCATION % n4;
  if (batch >= push.batch)
    return;
  uvec4 own = floatBitsToUint (LOAD4 (a, batch * stride + i4));
  uvec4 place = 4 * i4 + uvec4 (0, 1, 2, 3);
  uvec4 before = uvec4 (0);
  for (uint j4 = 0; j4 < n4; j4++)
    {
      uvec4 other = floatBitsToUint (LOAD4 (a, batch * stride + j4));
      [[unroll]] for (uint k = 0; k < 4; k++)
        {
          uint j = 4 * j4 + k;
          uvec4 ties = uvec4 (equal (uvec4 (other[k]), own)) * uvec4 (lessThan (uvec4 (j), place));
          uvec4 wins = uvec4 (greaterThan (uvec4 (other[k]), own)) + ties;
          before += j < n ? wins : uvec4 (0);
        }
    }
  bvec4 real = lessThan (place, uvec4 (n));
  rank[batch * stride + i4] = mix (ivec4 (0), ivec4 (before), real);
  [[unroll]] for (uint k = 0; k < 4; k++)
    {
      uint at = real[k] ? before[k] : place[k];
      order[batch * 4 * stride + at] = real[k] ? int (place[k]) : 0;
    }
}
