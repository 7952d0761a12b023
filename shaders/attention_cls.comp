#version 460
// a[b,j-1] = mean over heads of exp (scale q_0 . k_j - lse_0): four keys an invocation.
#extension GL_GOOGLE_include_directive : require
#include "attention.glsl"

IN4 (0, Qkv_, qkv);
IN4 (1, Lse_, lse);
OUT4 (2, A_, a_out);

void
main ()
{
  uint columns = push.tokens - 1, columns4 = width4 (columns);
  uint item = LINEAR_INVOCATION;
  uint b = item / columns4;
  if (b * push.heads >= push.batch_heads)
    return;
  uint column4 = item % columns4;
  vec4 mean = vec4 (0);
  for (uint h = 0; h < push.heads; h++)
    {
      go_to (b, h);
      uint first_q = first_qkv (0, 0), first_k[4];
      [[unroll]] for (uint j = 0; j < 4; j++)
        first_k[j] = first_qkv (min (4 * column4 + j + 1, columns), 1);
      vec4 s = vec4 (0);
      for (uint c = 0; c < width4 (push.head_width); c++)
        {
          vec4 q, k;
          ROW4_INTO (q, qkv, first_q, c);
          [[unroll]] for (uint j = 0; j < 4; j++)
            {
              ROW4_INTO (k, qkv, first_k[j], c);
              s[j] += sum4 (q * k);
            }
        }
      float zero = LOAD1 (lse, (batch * push.heads + head) * 4 * stride4 (push.tokens));
      mean += exp2 (LOG2E * (push.scale * s - zero));
    }
  a_out[b * stride4 (columns) + column4] = mask_tail (mean / float (push.heads), column4, columns);
}
