// GEMM for devices whose invocations are SIMD lanes: one subgroup computes 32 rows x 8 LANES columns
// of C in registers, without shared memory or barriers. A lane owns 8 consecutive columns. A is
// loaded once per subgroup, spread over the lanes, and broadcast by shuffles with literal indices;
// arrays live in registers because every loop over them has constant bounds.
// k advances by 4, and the four products are summed in a tree before they touch the accumulator. More
// rows or more k a step would share more loads, but the loop has to stay in the first-level cache of
// instructions; why these sizes is told in compute/README.md, "GEMM".

layout (constant_id = 2) const uint WIDE = 0;
const uint ROWS = GEMM_ROWS;
const uint COLS = 4 * GEMM_VECS; // of a lane
const uint BLOCK = 4;            // rows whose A stays in registers while B passes by
const uint A_LOADS = ROWS / LANES;

float c[ROWS][COLS];
uint m0, n4[GEMM_VECS];

// Operands that run along k: where the rows begin that a lane loads. Not left to the loop, where
// compilers would leave the multiplications.
uint a_row[A_LOADS], b_row[COLS];

void
place_rows ()
{
  [[unroll]] for (uint t = 0; t < A_LOADS; t++)
    a_row[t] = min (m0 + t * LANES + gl_SubgroupInvocationID, push.m - 1) * stride4 (push.k);
  [[unroll]] for (uint j = 0; j < COLS; j++)
    b_row[j] = min (4 * n4[j / 4] + j % 4, push.n - 1) * stride4 (push.k);
}

#if LAYOUT_TN

// Lane l of load t holds A[k][4 g .. 4 g + 3], slot t LANES + l = 8 k + g: 8 groups of 4 rows a k.
vec4
load_a (uint t, uint k4)
{
  uint slot = t * LANES + gl_SubgroupInvocationID;
  uint k = 4 * k4 + slot / (ROWS / 4);
  uint group = min (m0 / 4 + slot % (ROWS / 4), width4 (push.m) - 1);
  vec4 a = LOAD4 (a_in, min (k, push.k - 1) * stride4 (push.m) + group);
  return k < push.k ? a : vec4 (0);
}

// A[4 k4 .. 4 k4 + 3][m0 + i] in all lanes.
vec4
spread (vec4 a[A_LOADS], uint i)
{
  vec4 all;
  [[unroll]] for (uint q = 0; q < 4; q++)
    {
      uint slot = q * (ROWS / 4) + i / 4;
      all[q] = subgroupShuffle (a[slot / LANES][i % 4], slot % LANES);
    }
  return all;
}

#else

// Lane l of load t holds A[row t LANES + l][k .. k + 3]. Columns behind K are zeros, so whole vec4s
// are right for any K.
vec4
load_a (uint t, uint k4)
{
  return LOAD4 (a_in, a_row[t] + k4);
}

vec4
spread (vec4 a[A_LOADS], uint i)
{
  return subgroupShuffle (a[i / LANES], i % LANES);
}

#endif

#if LAYOUT_NT

// b[j] are four k of the lane's column j.
vec4
load_b (uint j, uint k4)
{
  return LOAD4 (b_in, b_row[j] + k4);
}

vec4
column_of (vec4 b[COLS], uint j)
{
  return b[j];
}

#else

// b[VECS q + v] are four of the lane's columns at one k.
vec4
load_b (uint j, uint k4)
{
  uint k = min (4 * k4 + j / GEMM_VECS, push.k - 1);
  return LOAD4 (b_in, k * stride4 (push.n) + n4[j % GEMM_VECS]);
}

vec4
column_of (vec4 b[COLS], uint j)
{
  vec4 column;
  [[unroll]] for (uint q = 0; q < 4; q++)
    column[q] = b[q * GEMM_VECS + j / 4][j % 4];
  return column;
}

#endif

void
step4 (uint k4)
{
  vec4 a[A_LOADS], b[COLS];
  [[unroll]] for (uint t = 0; t < A_LOADS; t++)
    a[t] = load_a (t, k4);
  [[unroll]] for (uint j = 0; j < COLS; j++)
    b[j] = load_b (j, k4);
  [[unroll]] for (uint i0 = 0; i0 < ROWS; i0 += BLOCK)
    {
      vec4 r[BLOCK];
      [[unroll]] for (uint i = 0; i < BLOCK; i++)
        r[i] = spread (a, i0 + i);
      [[unroll]] for (uint j = 0; j < COLS; j++)
        [[unroll]] for (uint i = 0; i < BLOCK; i++)
          {
            vec4 p = r[i] * column_of (b, j);
            c[i0 + i][j] += (p.x + p.y) + (p.z + p.w);
          }
    }
}

vec4
sums (uint i, uint v)
{
  return vec4 (c[i][4 * v], c[i][4 * v + 1], c[i][4 * v + 2], c[i][4 * v + 3]);
}

// One element of each line of 64 bytes that the tile of a tensor [M,N] will be written to: a store
// that misses the cache waits for memory, and few stores wait at once, while many loads do.
#define TOUCH(name, seen)                                                                          \
  [[unroll]] for (uint t = 0; t < ROWS * GEMM_VECS / 4; t++)                                       \
    {                                                                                              \
      uint line = t * LANES + gl_SubgroupInvocationID;                                             \
      uint row = min (m0 + line / (GEMM_VECS * LANES / 4), push.m - 1);                            \
      uint column4 = GEMM_VECS * LANES * gl_WorkGroupID.x + line % (GEMM_VECS * LANES / 4) * 4;    \
      column4 = min (column4, width4 (push.n) - 1);                                                \
      seen |= floatBitsToUint (LOAD4 (name, row * stride4 (push.n) + column4).x);                  \
    }

void
main ()
{
  uint n_width = width4 (push.n);
  uint column4 = GEMM_VECS * (gl_WorkGroupID.x * LANES + gl_SubgroupInvocationID);
  m0 = gl_WorkGroupID.y * ROWS;
  [[unroll]] for (uint v = 0; v < GEMM_VECS; v++)
    n4[v] = min (column4 + v, n_width - 1);
  place_rows ();

  uint seen = 0;
  TOUCH (c_before, seen)
  if ((EPILOGUE & GEMM_SLOPE) != 0)
    TOUCH (slope_before, seen)
  // No size has this bit: what was seen is not used, but no compiler knows.
  float zero = uintBitsToFloat (seen & push.m & 0x80000000u);
  [[unroll]] for (uint i = 0; i < ROWS; i++)
    [[unroll]] for (uint j = 0; j < COLS; j++)
      c[i][j] = zero;

  for (uint k4 = 0; k4 < width4 (push.k); k4++)
    step4 (k4);

  [[unroll]] for (uint i = 0; i < ROWS; i++)
    if (m0 + i < push.m)
      {
        if (WIDE != 0)
          {
            if (column4 < n_width)
              finish8 (m0 + i, column4, sums (i, 0), sums (i, 1));
          }
        else
          [[unroll]] for (uint v = 0; v < GEMM_VECS; v++)
            if (column4 + v < n_width)
              finish (m0 + i, column4 + v, sums (i, v));
      }
}
