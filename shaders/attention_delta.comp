#version 460
// delta_i = do_i . o_i, which is rowsum (P dP) of the query; with the gradient of the CLS row
// delta_0 += sum over keys j > 0 of P_0j da_j / H. Four queries of one head an invocation; those of
// a workgroup are the same four of many heads, so that all of them or none look at query 0.
#extension GL_GOOGLE_include_directive : require
#include "attention.glsl"

IN4 (0, Do_, d_o);
IN4 (1, O_, o);
IN4 (2, Qkv_, qkv);
IN4 (3, Lse_, lse);
IN4 (4, Da_, da);
OUT4 (5, Delta_, delta);

float
dot_token (uint token)
{
  uint first = first_o (token);
  float sum = 0;
  for (uint c = 0; c < width4 (push.head_width); c++)
    {
      vec4 x, y;
      ROW4_INTO (x, d_o, first, c);
      ROW4_INTO (y, o, first, c);
      sum += sum4 (x * y);
    }
  return sum;
}

float
from_cls (float zero)
{
  uint first_q = first_qkv (0, 0), row = batch * 4 * stride4 (push.tokens - 1);
  float sum = 0;
  for (uint j = 1; j < push.tokens; j++)
    {
      uint first_k = first_qkv (j, 1);
      float s = 0;
      for (uint c = 0; c < width4 (push.head_width); c++)
        {
          vec4 q, k;
          ROW4_INTO (q, qkv, first_q, c);
          ROW4_INTO (k, qkv, first_k, c);
          s += sum4 (q * k);
        }
      sum += exp2 (LOG2E * (push.scale * s - zero)) * LOAD1 (da, row + j - 1);
    }
  return sum / float (push.heads);
}

void
main ()
{
  uint tokens4 = width4 (push.tokens), t4 = LINEAR_GROUP % tokens4;
  uint bh = LINEAR_GROUP / tokens4 * LANES + gl_LocalInvocationID.x;
  if (bh >= push.batch_heads)
    return;
  go_to (bh / push.heads, bh % push.heads);
  vec4 sum;
  [[unroll]] for (uint i = 0; i < 4; i++)
    sum[i] = dot_token (min (4 * t4 + i, push.tokens - 1));
  if (CLS && t4 == 0)
    sum[0] += from_cls (LOAD4 (lse, bh * stride4 (push.tokens)).x);
  delta[bh * stride4 (push.tokens) + t4] = mask_tail (sum, t4, push.tokens);
}
