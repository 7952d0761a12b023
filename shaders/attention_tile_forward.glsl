// The forward pass over tiles, see attention.comp for the formula.
#define N_SUMS 1 // o
#include "attention_tile.glsl"

vec4 top, total; // total: of the invocation's own keys

void
score (inout vec4 s[4], uint key0)
{
  for (uint slice = 0; slice * TILE < push.head_width; slice++)
    {
      barrier ();
      if (key0 == 0 || push.head_width > TILE) // a single slice of queries stays
        STAGE (put_turned_own, ROWS, load_query (row0 + r, slice * TILE4 + c))
      STAGE (put_turned_other, TILE, load_qkv (key0 + r, 1, slice * TILE4 + c))
      barrier ();
      add_scores (s, slice);
    }
}

// Scores become probabilities under the new maximum; returns what the old sums shrink by.
vec4
rescale (inout vec4 s[4], uint key0)
{
  vec4 before = top;
  [[unroll]] for (uint i = 0; i < 4; i++)
    {
      uint end = CAUSAL ? min (row0 + 4 * down + i + 1, push.tokens) : push.tokens;
      s[i] = mask_other (s[i], end, key0, NEVER);
      top[i] = max (top[i], max (max (s[i].x, s[i].y), max (s[i].z, s[i].w)));
    }
  put_part (top);
  barrier ();
  [[unroll]] for (uint x = 0; x < TILE4; x++)
    top = max (top, get_part (x));
  vec4 shrink = exp2 (before - top);
  total *= shrink;
  [[unroll]] for (uint i = 0; i < 4; i++)
    {
      s[i] = exp2 (s[i] - top[i]);
      total[i] += sum4 (s[i]);
    }
  return shrink;
}

void
blend (vec4 shrink, uint key0)
{
  [[unroll]] for (uint slice = 0; slice < SLICES; slice++)
    {
      [[unroll]] for (uint i = 0; i < 4; i++)
        sums[4 * slice + i] *= shrink[i];
      barrier ();
      STAGE (put_other, TILE, load_qkv (key0 + r, 2, column0 + slice * TILE4 + c))
      barrier ();
      add_weighted (4 * slice, key0);
    }
}

void
finish ()
{
  total = sum_parts (total);
  uint token4 = row0 / 4 + down, stats = (batch * push.heads + head) * stride4 (push.tokens);
  if (across == 0 && column0 == 0 && token4 < width4 (push.tokens))
    lse_out[stats + token4] = mask_tail ((top + log2 (total)) / LOG2E, token4, push.tokens);
  PUT_ROWS (o_out, first_o (token), 1 / total[i], 0)
  uint first = row0 + 4 * down, end = across == 0 ? min (first + 4, push.tokens) : first;
  for (uint token = first; token < end; token++)
    PUT_PADDING (o_out, token, width);
}

void
main ()
{
  if (!locate ())
    return;
  begin ();
  top = vec4 (NEVER);
  total = vec4 (0);
  uint end = CAUSAL ? min (push.tokens, row0 + ROWS) : push.tokens;
  for (uint key0 = 0; key0 < end; key0 += TILE)
    {
      vec4 s[4] = { vec4 (0), vec4 (0), vec4 (0), vec4 (0) };
      score (s, key0);
      vec4 shrink = rescale (s, key0);
      put_weights (s);
      blend (shrink, key0);
    }
  finish ();
}
