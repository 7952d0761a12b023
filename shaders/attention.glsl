// What the attention kernels share: where a head's rows are, and how they reach the lanes.
//
// In the texel form a workgroup is one subgroup. An invocation owns whole rows (queries, or keys) in
// registers and walks over the rows of the other side, which all share: lane l loads vec4 columns l,
// LANES + l, ... of such a row and shuffles with literal indices spread them. Elsewhere both sides go
// through shared memory: attention_tile.glsl. (compute/README.md, "Attention")
#include "abi/attention.h"
#include "read.glsl"

layout (local_size_x_id = 0) in;
layout (constant_id = 0) const uint LANES = 8;
layout (constant_id = 1) const uint HEAD4 = 8;
layout (constant_id = 2) const uint FLAGS = 0;
layout (constant_id = 3) const uint OWN = 1;

const bool CAUSAL = (FLAGS & ATTENTION_CAUSAL) != 0;
const bool SLICED = (FLAGS & ATTENTION_SLICED) != 0;
const bool UNALIGNED = (FLAGS & ATTENTION_UNALIGNED) != 0;
const bool CLS = (FLAGS & ATTENTION_CLS) != 0;

const uint STEP = 4; // rows of the other side at a time

const float LOG2E = 1.44269504088896;
const float NEVER = -3.0e38; // the score of a masked key

// The workgroup's place, and what rows of its head start from: computed once, outside of all loops.
uint batch, head, block, column0;
uint width, row1, row3, base1, base3;

void
go_to (uint b, uint h)
{
  batch = b;
  head = h;
  width = push.heads * push.head_width;
  row1 = 4 * stride4 (width);
  row3 = 4 * stride4 (3 * width);
  base1 = batch * push.tokens * row1 + head * push.head_width;
  base3 = batch * push.tokens * row3 + head * push.head_width;
}

bool
locate ()
{
  uint group = LINEAR_GROUP;
  column0 = group % push.slices * HEAD4;
  block = group / push.slices % push.blocks;
  uint bh = group / push.slices / push.blocks;
  go_to (bh / push.heads, bh % push.heads);
  return bh < push.batch_heads;
}

// First element of the head's row in o (or do), and in qkv: part 0 is q, 1 is k, 2 is v.
uint
first_o (uint token)
{
  return base1 + token * row1;
}

uint
first_qkv (uint token, uint part)
{
  return base3 + token * row3 + part * width;
}

uint
column_of (uint column4, uint i)
{
  return min (4 * column4 + i, push.head_width - 1);
}

// vec4 column c of a head's row. Of an unaligned head zeros stand behind its last column; the last
// slice of a wide one may reach beyond it, where nothing is written.
#define ROW4_ANY(name, first, c)                                                                   \
  mask_tail (                                                                                      \
      vec4 (LOAD1 (name, (first) + column_of (c, 0)), LOAD1 (name, (first) + column_of (c, 1)),    \
            LOAD1 (name, (first) + column_of (c, 2)), LOAD1 (name, (first) + column_of (c, 3))),   \
      c, push.head_width)
#define ROW4_INTO(value, name, first, c)                                                           \
  if (UNALIGNED)                                                                                   \
    value = ROW4_ANY (name, first, c);                                                             \
  else if (SLICED)                                                                                 \
    value = LOAD4 (name, (first) / 4 + min (c, push.head_width / 4 - 1));                          \
  else                                                                                             \
    value = LOAD4 (name, (first) / 4 + (c))

#if READ_TEXEL
// A row of this head that the whole workgroup reads: SHARE declares it, FETCH loads it, PART yields
// vec4 column c of the slice. `rows` rows at a time; r and c are literal after unrolling.
const uint LOADS = (HEAD4 + LANES - 1) / LANES;
#define SHARE(name, rows) vec4 name[(rows) * LOADS]
#define FETCH(name, r, tensor, first)                                                              \
  [[unroll]] for (uint load = 0; load < LOADS; load++)                                             \
    ROW4_INTO (name[(r) * LOADS + load], tensor, first,                                            \
               column0 + min (load * LANES + gl_SubgroupInvocationID, HEAD4 - 1))
#define PART_INTO(value, name, r, tensor, first, c)                                                \
  value = subgroupShuffle (name[(r) * LOADS + (c) / LANES], (c) % LANES)
#define LANE gl_SubgroupInvocationID

// Sum over the STEP rows of weight times part, as a tree.
#define COMBINE(w, at, part)                                                                       \
  ((w[at] * part[0] + w[(at) + 1] * part[1]) + (w[(at) + 2] * part[2] + w[(at) + 3] * part[3]))
#endif

float
sum4 (vec4 v)
{
  return (v.x + v.y) + (v.z + v.w);
}

// Writes vec4 column c of a head's row. Unaligned heads share vec4s, so elements are written
// one by one, and the last head writes the zeros behind the row.
#define PUT4(name, first, c, value)                                                                \
  if (UNALIGNED)                                                                                   \
    {                                                                                              \
      vec4 put = value;                                                                            \
      [[unroll]] for (uint i = 0; i < 4; i++)                                                      \
        if (4 * (c) + i < push.head_width)                                                         \
          name[((first) + 4 * (c) + i) >> 2][((first) + 4 * (c) + i) & 3u] = put[i];               \
    }                                                                                              \
  else if (!SLICED || 4 * (c) < push.head_width)                                                   \
    name[(first) / 4 + (c)] = value
#define PUT_PADDING(name, token, columns)                                                          \
  if (UNALIGNED && head == push.heads - 1 && column0 == 0)                                         \
    for (uint i = columns; i < 4 * width4 (columns); i++)                                          \
      name[(batch * push.tokens + (token)) * stride4 (columns) + (i >> 2)][i & 3u] = 0
