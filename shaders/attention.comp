#version 460
// o = softmax (scale q k^T) v,  lse = log sum exp (scale q k^T), with a running maximum:
// OWN queries an invocation, keys STEP at a time.
#extension GL_GOOGLE_include_directive : require
#include "attention.glsl"

IN4 (0, Qkv_, qkv);
OUT4 (1, O_, o_out);
OUT4 (2, Lse_, lse_out);

#if READ_TEXEL

vec4 q[OWN * HEAD4], o[OWN * HEAD4];
float s[OWN * STEP], top[OWN], total[OWN];
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
        vec4 own, other;
        ROW4_INTO (own, qkv, first_qkv (row (r), 0), c);
        own *= LOG2E * push.scale;
        [[unroll]] for (uint j = 0; j < STEP; j++)
          {
            ROW4_INTO (other, qkv, first_qkv (key[j], 1), c);
            s[r * STEP + j] += sum4 (own * other);
          }
      }
}

void
score ()
{
  SHARE (k, STEP);
  [[unroll]] for (uint j = 0; j < STEP; j++)
    {
      uint first = first_qkv (key[j], 1);
      FETCH (k, j, qkv, first);
      [[unroll]] for (uint c = 0; c < HEAD4; c++)
        {
          vec4 part;
          PART_INTO (part, k, j, qkv, first, c);
          [[unroll]] for (uint r = 0; r < OWN; r++)
            s[r * STEP + j] += sum4 (part * q[r * HEAD4 + c]);
        }
    }
}

// Scores become probabilities under the new maximum; returns what the old sums shrink by.
float
rescale (uint r, uint key0)
{
  float before = top[r];
  uint end = CAUSAL ? min (query[r] + 1, push.tokens) : push.tokens;
  [[unroll]] for (uint j = 0; j < STEP; j++)
    {
      if (key0 + j >= end)
        s[r * STEP + j] = NEVER;
      top[r] = max (top[r], s[r * STEP + j]);
    }
  float shrink = exp2 (before - top[r]), sum = 0;
  [[unroll]] for (uint j = 0; j < STEP; j++)
    {
      s[r * STEP + j] = exp2 (s[r * STEP + j] - top[r]);
      sum += s[r * STEP + j];
    }
  total[r] = total[r] * shrink + sum;
  return shrink;
}

void
blend (float shrink[OWN])
{
  SHARE (v, STEP);
  uint first[STEP];
  [[unroll]] for (uint j = 0; j < STEP; j++)
    {
      first[j] = first_qkv (key[j], 2);
      FETCH (v, j, qkv, first[j]);
    }
  [[unroll]] for (uint c = 0; c < HEAD4; c++)
    {
      vec4 part[STEP];
      [[unroll]] for (uint j = 0; j < STEP; j++)
        PART_INTO (part[j], v, j, qkv, first[j], c);
      [[unroll]] for (uint r = 0; r < OWN; r++)
        o[r * HEAD4 + c] = shrink[r] * o[r * HEAD4 + c] + COMBINE (s, r * STEP, part);
    }
}

void
begin ()
{
  [[unroll]] for (uint r = 0; r < OWN; r++)
    {
      query[r] = (block * OWN + r) * LANES + LANE;
      top[r] = NEVER;
      total[r] = 0;
      [[unroll]] for (uint c = 0; c < HEAD4; c++)
        {
          o[r * HEAD4 + c] = vec4 (0);
          if (!SLICED)
            q[r * HEAD4 + c]
                = LOG2E * push.scale * LOAD4 (qkv, first_qkv (row (r), 0) / 4 + c);
        }
    }
}

void
finish (uint r)
{
  uint at = (batch * push.heads + head) * 4 * stride4 (push.tokens) + query[r];
  if (query[r] < 4 * width4 (push.tokens) && column0 == 0)
    lse_out[at >> 2][at & 3u]
        = query[r] < push.tokens ? (top[r] + log2 (total[r])) / LOG2E : 0.0;
  if (query[r] >= push.tokens)
    return;
  uint first = first_o (query[r]);
  [[unroll]] for (uint c = 0; c < HEAD4; c++)
    PUT4 (o_out, first, column0 + c, (1 / total[r]) * o[r * HEAD4 + c]);
  PUT_PADDING (o_out, query[r], width);
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
        s[i] = 0;
      if (SLICED)
        score_sliced ();
      else
        score ();
      float shrink[OWN];
      [[unroll]] for (uint r = 0; r < OWN; r++)
        shrink[r] = rescale (r, key0);
      blend (shrink);
    }
  [[unroll]] for (uint r = 0; r < OWN; r++)
    finish (r);
}
#else
#include "attention_tile_forward.glsl"
#endif
