#include "abi.h"

/* qkv [B*T,3C] holds q, k and v of H heads side by side, C = H D. A row of head h starts at column
 * part C + h D. Scores are in units of log 2, so that the exponential is a bare exp2:
 *   s = (scale log2 e) q . k,  p = exp2 (s - lse log2 e)
 * A workgroup is one block of queries (or keys) of one head and, where heads are wide, one slice of
 * its output columns: group = ((b H + h) blocks + block) slices + slice. */
ABI_PUSH (AttentionPush)
  uint tokens;
  uint heads;
  uint head_width;
  uint batch_heads; /* B H */
  uint blocks;
  uint slices;
  float scale;
ABI_END (AttentionPush)

/* Specialisation constant 1: vec4s of a head's row (or of a slice of it) in registers.
 * Specialisation constant 2, a set of: */
#define ATTENTION_CAUSAL 1    /* keys beyond the query are out */
#define ATTENTION_CLS 2       /* da [B,T-1] enters dP of query 0 */
#define ATTENTION_SLICED 4    /* registers hold a slice of the columns that are written; scores are
                               * sums over loads of whole rows */
#define ATTENTION_UNALIGNED 8 /* D is no multiple of 4: rows are read and written by elements */
/* Specialisation constant 3: rows (queries, or keys) an invocation. */

/* The tiled form computes scores in squares of so many rows and columns, and heads in slices of as
 * many columns. */
#define ATTENTION_TILE 32
