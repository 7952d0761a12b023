// The gradient of the queries over tiles, see attention_dq.comp for the formula.
#define N_SUMS 1 // dq
#include "attention_tile_backward.glsl"

vec4 log_sum, mean, rest;

// dP becomes dS.
void
differentiate (vec4 s[4], inout vec4 dp[4], uint key0)
{
  uvec4 key = key0 + 4 * across + uvec4 (0, 1, 2, 3);
  if (CLS && row0 + down == 0)
    {
      uint da_row = batch * 4 * stride4 (push.tokens - 1);
      [[unroll]] for (uint j = 0; j < 4; j++)
        if (key[j] > 0 && key[j] < push.tokens)
          dp[0][j] += LOAD1 (da, da_row + key[j] - 1) / float (push.heads);
    }
  [[unroll]] for (uint i = 0; i < 4; i++)
    {
      uint end = CAUSAL ? min (row0 + 4 * down + i + 1, push.tokens) : push.tokens;
      vec4 p = mask_other (exp2 (s[i] - log_sum[i]), end, key0, 0);
      dp[i] = p * (dp[i] - mean[i]);
      rest[i] += sum4 (dp[i]);
    }
}

void
main ()
{
  if (!locate ())
    return;
  begin ();
  uint token4 = row0 / 4 + down, stats = (batch * push.heads + head) * stride4 (push.tokens);
  bool inside = token4 < width4 (push.tokens);
  log_sum = inside ? LOG2E * LOAD4 (lse, stats + token4) : vec4 (0);
  mean = inside ? LOAD4 (delta, stats + token4) : vec4 (0);
  rest = vec4 (0);
  uint end = CAUSAL ? min (push.tokens, row0 + ROWS) : push.tokens;
  for (uint key0 = 0; key0 < end; key0 += TILE)
    {
      vec4 s[4] = { vec4 (0), vec4 (0), vec4 (0), vec4 (0) }, dp[4] = s;
      for (uint slice = 0; slice * TILE < push.head_width; slice++)
        {
          ADD_PRODUCT (s, load_query (row0 + r, slice * TILE4 + c),
                       load_qkv (key0 + r, 1, slice * TILE4 + c))
          ADD_PRODUCT (dp, load_do (row0 + r, slice * TILE4 + c),
                       load_qkv (key0 + r, 2, slice * TILE4 + c))
        }
      differentiate (s, dp, key0);
      put_weights (dp);
      ADD_WEIGHTED (0, key0, load_qkv (key0 + r, 1, column0 + slice * TILE4 + c))
    }
  rest = sum_parts (rest);
  if (across == 0 && column0 == 0 && inside)
    refined[stats + token4] = mask_tail (mean + rest, token4, push.tokens);
  PUT_ROWS (dqkv, first_qkv (token, 0), push.scale, 0)
}
