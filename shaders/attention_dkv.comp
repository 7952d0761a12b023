#version 460
// P = exp (scale q k^T - lse),  dS = P (do v^T [+ da/H] - delta),  dk = scale dS^T q,  dv = P^T do:
// one key an invocation, queries STEP at a time.
#extension GL_GOOGLE_include_directive : require
#include "attention.glsl"

IN4 (0, Qkv_, qkv);
IN4 (1, Do_, d_o);
IN4 (2, Lse_, lse);
IN4 (3, Delta_, delta);
IN4 (4, Da_, da);
OUT4 (5, Dqkv_, dqkv);

#if READ_TEXEL

vec4 k[HEAD4], v[HEAD4], dk[HEAD4], dv[HEAD4];
float s[STEP], dp[STEP]; // s becomes dS, dp becomes P
uint key, query[STEP];

uint
row ()
{
  return min (key, push.tokens - 1);
}

void
score_sliced ()
{
  for (uint c = 0; c < width4 (push.head_width); c++)
    {
      vec4 own_k, own_v, other;
      ROW4_INTO (own_k, qkv, first_qkv (row (), 1), c);
      ROW4_INTO (own_v, qkv, first_qkv (row (), 2), c);
      own_k *= LOG2E * push.scale;
      [[unroll]] for (uint i = 0; i < STEP; i++)
        {
          ROW4_INTO (other, qkv, first_qkv (query[i], 0), c);
          s[i] += sum4 (own_k * other);
          ROW4_INTO (other, d_o, first_o (query[i]), c);
          dp[i] += sum4 (own_v * other);
        }
    }
}

void
differentiate (uint query0, float of_cls)
{
  uint at = (batch * push.heads + head) * stride4 (push.tokens) + query0 / 4;
  vec4 log_sum = LOG2E * LOAD4 (lse, at), mean = LOAD4 (delta, at);
  if (CLS && query0 == 0)
    dp[0] += of_cls;
  [[unroll]] for (uint i = 0; i < STEP; i++)
    {
      uint lane4 = (query0 + i) & 3u;
      bool seen = query0 + i < push.tokens && (!CAUSAL || query0 + i >= key);
      float p = seen ? exp2 (s[i] - log_sum[lane4]) : 0.0;
      s[i] = p * (dp[i] - mean[lane4]);
      dp[i] = p;
    }
}

void
step (uint query0, float of_cls)
{
  SHARE (q, STEP);
  SHARE (g, STEP);
  uint first_q[STEP], first_g[STEP];
  [[unroll]] for (uint i = 0; i < STEP; i++)
    {
      query[i] = min (query0 + i, push.tokens - 1);
      first_q[i] = first_qkv (query[i], 0);
      first_g[i] = first_o (query[i]);
      FETCH (q, i, qkv, first_q[i]);
      FETCH (g, i, d_o, first_g[i]);
      s[i] = dp[i] = 0;
    }
  if (SLICED)
    score_sliced ();
  else
    [[unroll]] for (uint i = 0; i < STEP; i++)
      [[unroll]] for (uint c = 0; c < HEAD4; c++)
        {
          vec4 part_q, part_g;
          PART_INTO (part_q, q, i, qkv, first_q[i], c);
          PART_INTO (part_g, g, i, d_o, first_g[i], c);
          s[i] += sum4 (part_q * k[c]);
          dp[i] += sum4 (part_g * v[c]);
        }
  differentiate (query0, of_cls);
  [[unroll]] for (uint c = 0; c < HEAD4; c++)
    {
      vec4 part_q[STEP], part_g[STEP];
      [[unroll]] for (uint i = 0; i < STEP; i++)
        {
          PART_INTO (part_q[i], q, i, qkv, first_q[i], c);
          PART_INTO (part_g[i], g, i, d_o, first_g[i], c);
        }
      dk[c] += COMBINE (s, 0, part_q);
      dv[c] += COMBINE (dp, 0, part_g);
    }
}

void
main ()
{
  if (!locate ())
    return;
  key = block * LANES + LANE;
  uint first_k = first_qkv (row (), 1), first_v = first_qkv (row (), 2);
  [[unroll]] for (uint c = 0; c < HEAD4; c++)
    {
      dk[c] = dv[c] = vec4 (0);
      if (SLICED)
        continue;
      k[c] = LOG2E * push.scale * LOAD4 (qkv, first_k / 4 + c);
      v[c] = LOAD4 (qkv, first_v / 4 + c);
    }
  float of_cls = 0;
  if (CLS && key > 0)
    of_cls = LOAD1 (da, batch * 4 * stride4 (push.tokens - 1) + row () - 1) / float (push.heads);
  uint start = CAUSAL ? block * LANES / 4 * 4 : 0;
  for (uint query0 = start; query0 < push.tokens; query0 += STEP)
    step (query0, of_cls);
  if (key >= push.tokens)
    return;
  [[unroll]] for (uint c = 0; c < HEAD4; c++)
    {
      PUT4 (dqkv, first_k, column0 + c, push.scale * dk[c]);
      PUT4 (dqkv, first_v, column0 + c, dv[c]);
    }
  PUT_PADDING (dqkv, key, 3 * width);
}
#else
#include "attention_tile_dkv.glsl"
#endif
