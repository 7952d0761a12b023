#version 460
// P = exp (scale q k^T - lse),  dS = P (do v^T [+ da/H] - delta),  dq = scale dS k:
// OWN queries an invocation, keys STEP at a time.
// A row of dS adds up to 0; what rounding leaves is added to delta for the gradient of the keys,
// whose sum, the gradient of a bias of all keys, is nothing but that rounding.
#extension GL_GOOGLE_include_directive : require
#include "attention.glsl"

IN4 (0, Qkv_, qkv);
IN4 (1, Do_, d_o);
IN4 (2, Lse_, lse);
IN4 (3, Delta_, delta);
IN4 (4, Da_, da);
OUT4 (5, Dqkv_, dqkv);
#if READ_TEXEL
layout (std430, binding = 6) writeonly buffer Refined_ { float refined[]; };

vec4 q[OWN * HEAD4], g[OWN * HEAD4], dq[OWN * HEAD4]; // g: the query's row of do
float s[OWN * STEP], dp[OWN * STEP], log_sum[OWN], mean[OWN], rest[OWN];
uint query[OWN], key[STEP];

uint
row (uint r)
{
  return min (query[r], push.tokens - 1);
}

void
score_sliced ()
{
  for (uint c = 0; c < width4 (push.head_width); c++)
    [[unroll]] for (uint r = 0; r < OWN; r++)
      {
        vec4 own_q, own_g, other;
        ROW4_INTO (own_q, qkv, first_qkv (row (r), 0), c);
        ROW4_INTO (own_g, d_o, first_o (row (r)), c);
        own_q *= LOG2E * push.scale;
        [[unroll]] for (uint j = 0; j < STEP; j++)
          {
            ROW4_INTO (other, qkv, first_qkv (key[j], 1), c);
            s[r * STEP + j] += sum4 (own_q * other);
            ROW4_INTO (other, qkv, first_qkv (key[j], 2), c);
            dp[r * STEP + j] += sum4 (own_g * other);
          }
      }
}

void
score ()
{
  SHARE (k, STEP);
  SHARE (v, STEP);
  [[unroll]] for (uint j = 0; j < STEP; j++)
    {
      uint first_k = first_qkv (key[j], 1), first_v = first_qkv (key[j], 2);
      FETCH (k, j, qkv, first_k);
      FETCH (v, j, qkv, first_v);
      [[unroll]] for (uint c = 0; c < HEAD4; c++)
        {
          vec4 part_k, part_v;
          PART_INTO (part_k, k, j, qkv, first_k, c);
          PART_INTO (part_v, v, j, qkv, first_v, c);
          [[unroll]] for (uint r = 0; r < OWN; r++)
            {
              s[r * STEP + j] += sum4 (part_k * q[r * HEAD4 + c]);
              dp[r * STEP + j] += sum4 (part_v * g[r * HEAD4 + c]);
            }
        }
    }
}

// s becomes dS.
void
differentiate (uint r, uint key0)
{
  uint end = CAUSAL ? min (query[r] + 1, push.tokens) : push.tokens;
  [[unroll]] for (uint j = 0; j < STEP; j++)
    {
      float p = key0 + j < end ? exp2 (s[r * STEP + j] - log_sum[r]) : 0.0;
      s[r * STEP + j] = p * (dp[r * STEP + j] - mean[r]);
      rest[r] += s[r * STEP + j];
    }
}

// The gradient of the CLS row, for query 0 alone: the first lane of a head's first workgroup.
void
add_cls ()
{
  uint row = batch * 4 * stride4 (push.tokens - 1);
  [[unroll]] for (uint j = 0; j < STEP; j++)
    if (query[0] == 0 && key[j] > 0)
      dp[j] += LOAD1 (da, row + key[j] - 1) / float (push.heads);
}

void
accumulate ()
{
  SHARE (k, STEP);
  uint first[STEP];
  [[unroll]] for (uint j = 0; j < STEP; j++)
    {
      first[j] = first_qkv (key[j], 1);
      FETCH (k, j, qkv, first[j]);
    }
  [[unroll]] for (uint c = 0; c < HEAD4; c++)
    {
      vec4 part[STEP];
      [[unroll]] for (uint j = 0; j < STEP; j++)
        PART_INTO (part[j], k, j, qkv, first[j], c);
      [[unroll]] for (uint r = 0; r < OWN; r++)
        dq[r * HEAD4 + c] += COMBINE (s, r * STEP, part);
    }
}

void
begin ()
{
  uint stats = (batch * push.heads + head) * 4 * stride4 (push.tokens);
  [[unroll]] for (uint r = 0; r < OWN; r++)
    {
      query[r] = (block * OWN + r) * LANES + LANE;
      log_sum[r] = LOG2E * LOAD1 (lse, stats + row (r));
      mean[r] = LOAD1 (delta, stats + row (r));
      rest[r] = 0;
      [[unroll]] for (uint c = 0; c < HEAD4; c++)
        {
          dq[r * HEAD4 + c] = vec4 (0);
          if (SLICED)
            continue;
          q[r * HEAD4 + c] = LOG2E * push.scale * LOAD4 (qkv, first_qkv (row (r), 0) / 4 + c);
          g[r * HEAD4 + c] = LOAD4 (d_o, first_o (row (r)) / 4 + c);
        }
    }
}

void
main ()
{
  if (!locate ())
    return;
  begin ();
  uint end = CAUSAL ? min (push.tokens, (block + 1) * OWN * LANES) : push.tokens;
  for (uint key0 = 0; key0 < end; key0 += STEP)
    {
      [[unroll]] for (uint j = 0; j < STEP; j++)
        key[j] = min (key0 + j, push.tokens - 1);
      [[unroll]] for (uint i = 0; i < OWN * STEP; i++)
        s[i] = dp[i] = 0;
      if (SLICED)
        score_sliced ();
      else
        score ();
      if (CLS && block == 0)
        add_cls ();
      [[unroll]] for (uint r = 0; r < OWN; r++)
        differentiate (r, key0);
      accumulate ();
    }
  uint stats = (batch * push.heads + head) * 4 * stride4 (push.tokens);
  [[unroll]] for (uint r = 0; r < OWN; r++)
    if (column0 == 0 && query[r] < 4 * width4 (push.tokens))
      refined[stats + query[r]] = query[r] < push.tokens ? mean[r] + rest[r] : 0;
  [[unroll]] for (uint r = 0; r < OWN; r++)
    if (query[r] < push.tokens)
      {
        uint first = first_qkv (query[r], 0);
        [[unroll]] for (uint c = 0; c < HEAD4; c++)
          PUT4 (dqkv, first, column0 + c, push.scale * dq[r * HEAD4 + c]);
      }
}
#else
OUT4 (6, Refined_, refined);
#include "attention_tile_dq.glsl"
#endif
