// The gradients of keys and values over tiles, see attention_dkv.comp for the formula: own rows are
// keys, the others queries.
#define N_SUMS 2 // dk, dv
#include "attention_tile_backward.glsl"

const uint DK = 0, DV = 4 * SLICES;

// s becomes P, dP becomes dS.
void
differentiate (inout vec4 s[4], inout vec4 dp[4], uint query0)
{
  uint token4 = query0 / 4 + across, stats = (batch * push.heads + head) * stride4 (push.tokens);
  bool inside = token4 < width4 (push.tokens);
  vec4 log_sum = inside ? LOG2E * LOAD4 (lse, stats + token4) : vec4 (0);
  vec4 mean = inside ? LOAD4 (delta, stats + token4) : vec4 (0);
  uvec4 query = 4 * token4 + uvec4 (0, 1, 2, 3);
  [[unroll]] for (uint i = 0; i < 4; i++)
    {
      uint key = row0 + 4 * down + i;
      if (CLS && token4 == 0 && key > 0 && key < push.tokens)
        dp[i].x += LOAD1 (da, batch * 4 * stride4 (push.tokens - 1) + key - 1) / float (push.heads);
      s[i] = mask_other (exp2 (s[i] - log_sum), push.tokens, query0, 0);
      if (CAUSAL)
        s[i] = mix (vec4 (0), s[i], greaterThanEqual (query, uvec4 (key)));
      dp[i] = s[i] * (dp[i] - mean);
    }
}

void
main ()
{
  if (!locate ())
    return;
  begin ();
  for (uint query0 = CAUSAL ? row0 : 0; query0 < push.tokens; query0 += TILE)
    {
      vec4 s[4] = { vec4 (0), vec4 (0), vec4 (0), vec4 (0) }, dp[4] = s;
      for (uint slice = 0; slice * TILE < push.head_width; slice++)
        {
          ADD_PRODUCT (s, load_qkv (row0 + r, 1, slice * TILE4 + c),
                       load_query (query0 + r, slice * TILE4 + c))
          ADD_PRODUCT (dp, load_qkv (row0 + r, 2, slice * TILE4 + c),
                       load_do (query0 + r, slice * TILE4 + c))
        }
      differentiate (s, dp, query0);
      put_weights (s);
      ADD_WEIGHTED (DV, query0, load_do (query0 + r, column0 + slice * TILE4 + c))
      barrier ();
      put_weights (dp);
      ADD_WEIGHTED (DK, query0, load_qkv (query0 + r, 0, column0 + slice * TILE4 + c))
    }
  PUT_ROWS (dqkv, first_qkv (token, 1), push.scale, DK)
  PUT_ROWS (dqkv, first_qkv (token, 2), 1, DV)
  uint first = row0 + 4 * down, end = across == 0 ? min (first + 4, push.tokens) : first;
  for (uint token = first; token < end; token++)
    PUT_PADDING (dqkv, token, 3 * width);
}
