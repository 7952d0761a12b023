#version 460
// P = exp (scale q k^T - lse),  dS = P (do v^T [+ da/H] - delta),  dk = scale dS^T q,  dv = P^T do:
// OWN keys an invocation, queries STEP at a time.
#extension GL_GOOGLE_include_directive : require
#include "attention.glsl"

IN4 (0, Qkv_, qkv);
IN4 (1, Do_, d_o);
IN4 (2, Lse_, lse);
IN4 (3, Delta_, delta);
IN4 (4, Da_, da);
OUT4 (5, Dqkv_, dqkv);

#if READ_TEXEL

vec4 k[OWN * HEAD4], v[OWN * HEAD4], dk[OWN * HEAD4], dv[OWN * HEAD4];
float s[OWN * STEP], dp[OWN * STEP], of_cls[OWN]; // s becomes dS, dp becomes P
uint key[OWN], query[STEP];

uint
row (uint r)
{
  return min (key[r], push.tokens - 1);
}

void
score_sliced ()
{
  for (uint c = 0; c < width4 (push.head_width); c++)
    [[unroll]] for (uint r = 0; r < OWN; r++)
      {
        vec4 own_k, own_v, other;
        ROW4_INTO (own_k, qkv, first_qkv (row (r), 1), c);
        ROW4_INTO (own_v, qkv, first_qkv (row (r), 2), c);
        own_k *= LOG2E * push.scale;
        [[unroll]] for (uint i = 0; i < STEP; i++)
          {
            ROW4_INTO (other, qkv, first_qkv (query[i], 0), c);
            s[r * STEP + i] += sum4 (own_k * other);
            ROW4_INTO (other, d_o, first_o (query[i]), c);
            dp[r * STEP + i] += sum4 (own_v * other);
          }
      }
}

void
differentiate (uint r, uint query0, vec4 log_sum, vec4 mean)
{
  if (CLS && query0 == 0)
    dp[r * STEP] += of_cls[r];
  [[unroll]] for (uint i = 0; i < STEP; i++)
    {
      uint lane4 = (query0 + i) & 3u;
      bool seen = query0 + i < push.tokens && (!CAUSAL || query0 + i >= key[r]);
      float p = seen ? exp2 (s[r * STEP + i] - log_sum[lane4]) : 0.0;
      s[r * STEP + i] = p * (dp[r * STEP + i] - mean[lane4]);
      dp[r * STEP + i] = p;
    }
}

void
step (uint query0)
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
    }
  [[unroll]] for (uint i = 0; i < OWN * STEP; i++)
    s[i] = dp[i] = 0;
  if (SLICED)
    score_sliced ();
  else
    [[unroll]] for (uint i = 0; i < STEP; i++)
      [[unroll]] for (uint c = 0; c < HEAD4; c++)
        {
          vec4 part_q, part_g;
          PART_INTO (part_q, q, i, qkv, first_q[i], c);
          PART_INTO (part_g, g, i, d_o, first_g[i], c);
          [[unroll]] for (uint r = 0; r < OWN; r++)
            {
              s[r * STEP + i] += sum4 (part_q * k[r * HEAD4 + c]);
              dp[r * STEP + i] += sum4 (part_g * v[r * HEAD4 + c]);
            }
        }
  uint stats = (batch * push.heads + head) * stride4 (push.tokens) + query0 / 4;
  vec4 log_sum = LOG2E * LOAD4 (lse, stats), mean = LOAD4 (delta, stats);
  [[unroll]] for (uint r = 0; r < OWN; r++)
    differentiate (r, query0, log_sum, mean);
  [[unroll]] for (uint c = 0; c < HEAD4; c++)
    {
      vec4 part_q[STEP], part_g[STEP];
      [[unroll]] for (uint i = 0; i < STEP; i++)
        {
          PART_INTO (part_q[i], q, i, qkv, first_q[i], c);
          PART_INTO (part_g[i], g, i, d_o, first_g[i], c);
        }
      [[unroll]] for (uint r = 0; r < OWN; r++)
        {
          dk[r * HEAD4 + c] += COMBINE (s, r * STEP, part_q);
          dv[r * HEAD4 + c] += COMBINE (dp, r * STEP, part_g);
        }
    }
}

void
begin ()
{
  uint da_row = batch * 4 * stride4 (push.tokens - 1);
  [[unroll]] for (uint r = 0; r < OWN; r++)
    {
      key[r] = (block * OWN + r) * LANES + LANE;
      of_cls[r] = 0;
      if (CLS && key[r] > 0)
        of_cls[r] = LOAD1 (da, da_row + row (r) - 1) / float (push.heads);
      [[unroll]] for (uint c = 0; c < HEAD4; c++)
        {
          dk[r * HEAD4 + c] = dv[r * HEAD4 + c] = vec4 (0);
          if (SLICED)
            continue;
          k[r * HEAD4 + c] = LOG2E * push.scale * LOAD4 (qkv, first_qkv (row (r), 1) / 4 + c);
          v[r * HEAD4 + c] = LOAD4 (qkv, first_qkv (row (r), 2) / 4 + c);
        }
    }
}

void
finish (uint r)
{
  uint first_k = first_qkv (row (r), 1), first_v = first_qkv (row (r), 2);
  if (key[r] >= push.tokens)
    return;
  [[unroll]] for (uint c = 0; c < HEAD4; c++)
    {
      PUT4 (dqkv, first_k, column0 + c, push.scale * dk[r * HEAD4 + c]);
      PUT4 (dqkv, first_v, column0 + c, dv[r * HEAD4 + c]);
    }
  PUT_PADDING (dqkv, key[r], 3 * width);
}

void
main ()
{
  if (!locate ())
    return;
  begin ();
  uint start = CAUSAL ? block * OWN * LANES / 4 * 4 : 0;
  for (uint query0 = start; query0 < push.tokens; query0 += STEP)
    step (query0);
  [[unroll]] for (uint r = 0; r < OWN; r++)
    finish (r);
}
#else
#include "attention_tile_dkv.glsl"
#endif
