// GEMM for devices with cheap workgroup barriers: a workgroup computes TILE_ROWS x TILE_COLS elements
// of C from slices of DEPTH k in shared memory. There are two slices: while one is multiplied, the
// next is on its way from memory into registers, and then into the other. An invocation holds
// OWN_ROWS x OWN_COLS sums; in small tiles GROUPS parties share the k of a slice and add up in the
// end, in order. Tiles and their reasons are in compute/ops/tiles.c.
//
// A slice lies with k first, so that an invocation reads vec4s of rows and of columns and multiplies
// each with each. Operands whose rows run along k are turned on the way; `swizzled` keeps both the
// turned stores and the reads free of bank conflicts without padding, which would exceed 16 KiB.
layout (constant_id = 2) const uint TILE_ROWS = 64;
layout (constant_id = 3) const uint TILE_COLS = 64;
layout (constant_id = 4) const uint DEPTH = 16;
layout (constant_id = 5) const uint OWN_ROWS = 4;
layout (constant_id = 6) const uint OWN_COLS = 4;
layout (constant_id = 7) const uint GROUPS = 1;

// vec4s in either direction
const uint ROWS4 = TILE_ROWS / 4, COLS4 = TILE_COLS / 4, DEPTH4 = DEPTH / 4;
const uint OWN_ROWS4 = OWN_ROWS / 4, OWN_COLS4 = OWN_COLS / 4;
const uint LANES_DOWN = TILE_ROWS / OWN_ROWS, LANES_ACROSS = TILE_COLS / OWN_COLS;
const uint SLICE_A = DEPTH * ROWS4, SLICE_B = DEPTH * COLS4, SLICE = SLICE_A + SLICE_B;
const uint SUMS = GROUPS > 1 ? GROUPS * TILE_ROWS * COLS4 : 1;
const uint OUTSIDE = 0xffffffffu;

shared vec4 staged[2 * SLICE > SUMS ? 2 * SLICE : SUMS];

#if LAYOUT_NT
const bool A_ALONG_K = true, B_ALONG_K = true;
#elif LAYOUT_NN
const bool A_ALONG_K = true, B_ALONG_K = false;
#else
const bool A_ALONG_K = false, B_ALONG_K = false;
#endif

uint m0, n0;              // first row and column of the tile
uint group, down, across; // the invocation's party and its place in the tile
vec4 c[OWN_ROWS * OWN_COLS4];
vec4 next_a[SLICE_A / LANES], next_b[SLICE_B / LANES];

// Where vec4 `across4` of row k of a slice lies. 32 lanes turn vec4s of DEPTH4 places along k and
// 128 / DEPTH rows: the exclusive or sends them to 32 different banks.
uint
swizzled (uint k, uint across4, uint side4)
{
  return k * side4 + (across4 ^ (k / 4 * (8 / DEPTH4)));
}

// The i-th vec4 of a slice: its k and its place across. Neighbours in memory go to neighbours.
uvec2
place (uint i, uint side4, bool along_k)
{
  return along_k ? uvec2 (i % DEPTH4 * 4, i / DEPTH4) : uvec2 (i / side4, i % side4 * 4);
}

// Its index in a tensor of `count` rows along k, or of push.k rows of `count` columns.
uint
index_of (uvec2 at, uint count, bool along_k)
{
  uint rows = along_k ? count : push.k, columns = along_k ? push.k : count;
  uint row = along_k ? at.y : at.x, column4 = (along_k ? at.x : at.y) / 4;
  return row < rows && column4 < width4 (columns) ? row * stride4 (columns) + column4 : OUTSIDE;
}

void
load (uint k0)
{
  [[unroll]] for (uint t = 0; t < SLICE_A / LANES; t++)
    {
      uvec2 at = place (t * LANES + gl_LocalInvocationID.x, ROWS4, A_ALONG_K);
      uint index = index_of (at + uvec2 (k0, m0), push.m, A_ALONG_K);
      next_a[t] = index != OUTSIDE ? LOAD4 (a_in, index) : vec4 (0);
    }
  [[unroll]] for (uint t = 0; t < SLICE_B / LANES; t++)
    {
      uvec2 at = place (t * LANES + gl_LocalInvocationID.x, COLS4, B_ALONG_K);
      uint index = index_of (at + uvec2 (k0, n0), push.n, B_ALONG_K);
      next_b[t] = index != OUTSIDE ? LOAD4 (b_in, index) : vec4 (0);
    }
}

void
put (uint base, uint i, vec4 value, uint side4, bool along_k)
{
  uvec2 at = place (i, side4, along_k);
  if (along_k)
    [[unroll]] for (uint e = 0; e < 4; e++)
      staged[base + swizzled (at.x + e, at.y / 4, side4)][at.y % 4] = value[e];
  else
    staged[base + swizzled (at.x, at.y / 4, side4)] = value;
}

void
store (uint base)
{
  [[unroll]] for (uint t = 0; t < SLICE_A / LANES; t++)
    put (base, t * LANES + gl_LocalInvocationID.x, next_a[t], ROWS4, A_ALONG_K);
  [[unroll]] for (uint t = 0; t < SLICE_B / LANES; t++)
    put (base + SLICE_A, t * LANES + gl_LocalInvocationID.x, next_b[t], COLS4, B_ALONG_K);
}

// The vec4s of an invocation lie LANES_DOWN or LANES_ACROSS apart, so that neighbours read neighbours.
void
multiply_one (uint base, uint k)
{
  vec4 a[OWN_ROWS4], b[OWN_COLS4];
  [[unroll]] for (uint r = 0; r < OWN_ROWS4; r++)
    a[r] = staged[base + swizzled (k, down + r * LANES_DOWN, ROWS4)];
  [[unroll]] for (uint n = 0; n < OWN_COLS4; n++)
    b[n] = staged[base + SLICE_A + swizzled (k, across + n * LANES_ACROSS, COLS4)];
  [[unroll]] for (uint r = 0; r < OWN_ROWS; r++)
    [[unroll]] for (uint n = 0; n < OWN_COLS4; n++)
      c[r * OWN_COLS4 + n] += a[r / 4][r % 4] * b[n];
}

void
multiply (uint base)
{
  uint first = group * (DEPTH / GROUPS);
  for (uint k = first; k < first + DEPTH / GROUPS; k += 4)
    [[unroll]] for (uint i = 0; i < 4; i++)
      multiply_one (base, k + i);
}

uint
row_of (uint r)
{
  return 4 * (down + r / 4 * LANES_DOWN) + r % 4;
}

// Each party leaves its sums; then each invocation adds up and finishes some vec4s of the tile.
void
finish_together ()
{
  barrier ();
  [[unroll]] for (uint r = 0; r < OWN_ROWS; r++)
    [[unroll]] for (uint n = 0; n < OWN_COLS4; n++)
      staged[(group * TILE_ROWS + row_of (r)) * COLS4 + across + n * LANES_ACROSS]
          = c[r * OWN_COLS4 + n];
  barrier ();
  for (uint i = gl_LocalInvocationID.x; i < TILE_ROWS * COLS4; i += LANES)
    {
      vec4 sum = staged[i];
      [[unroll]] for (uint g = 1; g < GROUPS; g++)
        sum += staged[g * TILE_ROWS * COLS4 + i];
      uint row = m0 + i / COLS4, column4 = n0 / 4 + i % COLS4;
      if (row < push.m && column4 < width4 (push.n))
        finish (row, column4, sum);
    }
}

void
finish_own ()
{
  [[unroll]] for (uint r = 0; r < OWN_ROWS; r++)
    [[unroll]] for (uint n = 0; n < OWN_COLS4; n++)
      {
        uint row = m0 + row_of (r), column4 = n0 / 4 + across + n * LANES_ACROSS;
        if (row < push.m && column4 < width4 (push.n))
          finish (row, column4, c[r * OWN_COLS4 + n]);
      }
}

void
main ()
{
  uint member = gl_LocalInvocationID.x % (LANES_DOWN * LANES_ACROSS);
  group = gl_LocalInvocationID.x / (LANES_DOWN * LANES_ACROSS);
  down = member / LANES_ACROSS;
  across = member % LANES_ACROSS;
  m0 = gl_WorkGroupID.y * TILE_ROWS;
  n0 = gl_WorkGroupID.x * TILE_COLS;
  [[unroll]] for (uint i = 0; i < OWN_ROWS * OWN_COLS4; i++)
    c[i] = vec4 (0);
  load (0);
  store (0);
  uint base = 0;
  for (uint k0 = 0; k0 < push.k; k0 += DEPTH, base = SLICE - base)
    {
      bool more = k0 + DEPTH < push.k;
      barrier ();
      if (more)
        load (k0 + DEPTH);
      multiply (base);
      if (more)
        store (SLICE - base);
    }
  if (GROUPS > 1)
    finish_together ();
  else
    finish_own ();
}
