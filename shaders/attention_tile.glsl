// Attention for devices with cheap workgroup barriers: what forward, dq and dkv share.
//
// A workgroup owns ROWS rows of a head (queries, or keys) and walks over those of the other side TILE
// at a time. Rows are staged in shared memory, TILE columns a slice, so that each is read from memory
// once a workgroup and heads of any width are sums over slices. An invocation holds 4 x 4 scores, and
// 4 x 4 elements of each slice of what is written; the weights (P, or dS) go from the one to the other
// through shared memory. (compute/README.md, "Attention"; sizes in compute/ops/tiles.c)

const uint TILE = ATTENTION_TILE, TILE4 = TILE / 4;
const uint ROWS = LANES / 2, ROWS4 = ROWS / 4;
const uint SLICES = (HEAD4 + TILE4 - 1) / TILE4; // of the columns that are written

shared vec4 own_rows[TILE * ROWS4];    // [column of the slice][own row]
shared vec4 other_rows[TILE * TILE4];  // [column][other row], or [other row][column]
shared vec4 weights[TILE * ROWS4];     // [other row][own row]
shared vec4 row_parts[TILE4 * ROWS4];

vec4 sums[N_SUMS * 4 * SLICES]; // what is written: of each slice four own rows

uint down, across; // the invocation's four own rows, and its four columns or other rows
uint row0;         // first own row

// Where vec4 `across4` of line k lies: the exclusive or sends what neighbours write, or four rows that
// are turned, to different banks.
uint
swizzled (uint k, uint across4, uint side4)
{
  return k * side4 + (across4 ^ (k / 4));
}

// vec4 column c of a row of q (part 0), k (1) or v (2); zeros outside.
vec4
load_qkv (uint token, uint part, uint c)
{
  vec4 value = vec4 (0);
  if (token < push.tokens && 4 * c < push.head_width)
    {
      ROW4_INTO (value, qkv, first_qkv (token, part), c);
    }
  return value;
}

// Queries as scores want them, in units of log 2. All passes do this alike, so that the backward pass
// finds the scores of the forward pass to the bit.
vec4
load_query (uint token, uint c)
{
  return LOG2E * push.scale * load_qkv (token, 0, c);
}

void
put_turned_own (uint r, uint c, vec4 value)
{
  [[unroll]] for (uint e = 0; e < 4; e++)
    own_rows[swizzled (4 * c + e, r / 4, ROWS4)][r % 4] = value[e];
}

void
put_turned_other (uint r, uint c, vec4 value)
{
  [[unroll]] for (uint e = 0; e < 4; e++)
    other_rows[swizzled (4 * c + e, r / 4, TILE4)][r % 4] = value[e];
}

void
put_other (uint r, uint c, vec4 value)
{
  other_rows[swizzled (r, c, TILE4)] = value;
}

// All invocations bring a slice of `rows` rows; neighbours bring neighbours of a row. `load` is an
// expression of the row r and the vec4 column c of the slice.
#define STAGE(put, rows, load)                                                                     \
  [[unroll]] for (uint i = 0; i < (rows) * TILE4 / LANES; i++)                                     \
    {                                                                                              \
      uint item = i * LANES + gl_LocalInvocationID.x, r = item / TILE4, c = item % TILE4;          \
      put (r, c, load);                                                                            \
    }

// Scores: own row i by other rows, four in a vec4, over the columns of a slice. Four columns are added
// up before they meet the sum: half the rounding errors, which the exponential magnifies.
void
add_scores (inout vec4 s[4], uint slice)
{
  uint end = min (push.head_width - slice * TILE, TILE);
  for (uint k = 0; k < end; k += 4)
    {
      vec4 part[4] = { vec4 (0), vec4 (0), vec4 (0), vec4 (0) };
      [[unroll]] for (uint j = 0; j < 4; j++)
        {
          vec4 a = own_rows[swizzled (k + j, down, ROWS4)];
          vec4 b = other_rows[swizzled (k + j, across, TILE4)];
          [[unroll]] for (uint i = 0; i < 4; i++)
            part[i] += a[i] * b;
        }
      [[unroll]] for (uint i = 0; i < 4; i++)
        s[i] += part[i];
    }
}

void
put_weights (vec4 w[4])
{
  [[unroll]] for (uint j = 0; j < 4; j++)
    weights[swizzled (4 * across + j, down, ROWS4)] = vec4 (w[0][j], w[1][j], w[2][j], w[3][j]);
}

// sums[at ...] += over the other rows from other0 on, weight times row: the slice that is staged.
void
add_weighted (uint at, uint other0)
{
  uint end = min (push.tokens - other0, TILE);
  for (uint k = 0; k < end; k += 4)
    [[unroll]] for (uint j = 0; j < 4; j++)
      {
        vec4 a = weights[swizzled (k + j, down, ROWS4)];
        vec4 b = other_rows[swizzled (k + j, across, TILE4)];
        [[unroll]] for (uint i = 0; i < 4; i++)
          sums[at + i] += a[i] * b;
      }
}

// The parts of four own rows, one from each invocation that shares them: in order, at `across4`.
void
put_part (vec4 part)
{
  row_parts[across * ROWS4 + down] = part;
}

vec4
get_part (uint across4)
{
  return row_parts[across4 * ROWS4 + down];
}

vec4
sum_parts (vec4 part)
{
  barrier ();
  put_part (part);
  barrier ();
  vec4 sum = get_part (0);
  [[unroll]] for (uint x = 1; x < TILE4; x++)
    sum += get_part (x);
  return sum;
}

// Other rows that own row i does not see get `never`: those behind the last, and under a causal mask
// keys beyond the query.
vec4
mask_other (vec4 value, uint end, uint other0, float never)
{
  uvec4 other = other0 + 4 * across + uvec4 (0, 1, 2, 3);
  return mix (vec4 (never), value, lessThan (other, uvec4 (end)));
}

// Writes sums[at ...] slice by slice; `first` is where the row of `token` starts.
#define PUT_ROWS(name, first, factor, at)                                                          \
  [[unroll]] for (uint slice = 0; slice < SLICES; slice++)                                         \
    [[unroll]] for (uint i = 0; i < 4; i++)                                                        \
      {                                                                                            \
        uint token = row0 + 4 * down + i, c = column0 + slice * TILE4 + across;                    \
        if (token < push.tokens && 4 * c < push.head_width)                                        \
          {                                                                                        \
            PUT4 (name, first, c, (factor) * sums[(at) + 4 * slice + i]);                          \
          }                                                                                        \
      }

void
begin ()
{
  down = gl_LocalInvocationID.x / TILE4;
  across = gl_LocalInvocationID.x % TILE4;
  row0 = block * ROWS;
  [[unroll]] for (uint i = 0; i < N_SUMS * 4 * SLICES; i++)
    sums[i] = vec4 (0);
}
