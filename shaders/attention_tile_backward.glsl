// What dq and dkv share: both sides' scores, and the gradient of the output beside them.
#include "attention_tile.glsl"

vec4
load_do (uint token, uint c)
{
  vec4 value = vec4 (0);
  if (token < push.tokens && 4 * c < push.head_width)
    {
      ROW4_INTO (value, d_o, first_o (token), c);
    }
  return value;
}

// s += own by other rows of q and k, dp += those of do and v; `own` and `other` are expressions of
// the row r and the vec4 column c.
#define ADD_PRODUCT(sum, own, other)                                                               \
  barrier ();                                                                                      \
  STAGE (put_turned_own, ROWS, own)                                                                \
  STAGE (put_turned_other, TILE, other)                                                            \
  barrier ();                                                                                      \
  add_scores (sum, slice);

// sums[at ...] += weights by rows of the other side, an expression of r and c.
#define ADD_WEIGHTED(at, other0, other)                                                            \
  [[unroll]] for (uint slice = 0; slice < SLICES; slice++)                                         \
    {                                                                                              \
      barrier ();                                                                                  \
      STAGE (put_other, TILE, other)                                                               \
      barrier ();                                                                                  \
      add_weighted ((at) + 4 * slice, other0);                                                     \
    }
