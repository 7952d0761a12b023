// GEMM for devices with cheap workgroup barriers: LANES = 256 invocations compute a 64 x 64 tile
// of C, each 4 rows x 4 columns, from 64 x 16 tiles of A and B in shared memory (8 KiB), k first.

const uint TILE = 64;
const uint K_STEP = 16;

shared vec4 a_tile[K_STEP][TILE / 4]; // [k][4 rows]
shared vec4 b_tile[K_STEP][TILE / 4]; // [k][4 columns]

#if LAYOUT_NT || LAYOUT_NN
// Rows of A are along k: a thread reads 4 k of one row and turns them.
void
load_a (uint m0, uint k0)
{
  uint k_stride = stride4 (push.k);
  uint row = gl_LocalInvocationIndex / 4, q = gl_LocalInvocationIndex % 4;
  uint k4 = k0 / 4 + q;
  vec4 v = vec4 (0);
  if (m0 + row < push.m && k4 < width4 (push.k))
    v = LOAD4 (a_in, (m0 + row) * k_stride + k4);
  [[unroll]] for (uint i = 0; i < 4; i++)
    a_tile[q * 4 + i][row / 4][row % 4] = v[i];
}
#else
void
load_a (uint m0, uint k0)
{
  uint m_stride = stride4 (push.m);
  uint k = gl_LocalInvocationIndex / 16, g = gl_LocalInvocationIndex % 16;
  bool inside = k0 + k < push.k && m0 / 4 + g < width4 (push.m);
  a_tile[k][g] = inside ? LOAD4 (a_in, (k0 + k) * m_stride + m0 / 4 + g) : vec4 (0);
}
#endif

#if LAYOUT_NT
void
load_b (uint n0, uint k0)
{
  uint k_stride = stride4 (push.k);
  uint row = gl_LocalInvocationIndex / 4, q = gl_LocalInvocationIndex % 4;
  uint k4 = k0 / 4 + q;
  vec4 v = vec4 (0);
  if (n0 + row < push.n && k4 < width4 (push.k))
    v = LOAD4 (b_in, (n0 + row) * k_stride + k4);
  [[unroll]] for (uint i = 0; i < 4; i++)
    b_tile[q * 4 + i][row / 4][row % 4] = v[i];
}
#else
void
load_b (uint n0, uint k0)
{
  uint n_stride = stride4 (push.n);
  uint k = gl_LocalInvocationIndex / 16, g = gl_LocalInvocationIndex % 16;
  bool inside = k0 + k < push.k && n0 / 4 + g < width4 (push.n);
  b_tile[k][g] = inside ? LOAD4 (b_in, (k0 + k) * n_stride + n0 / 4 + g) : vec4 (0);
}
#endif

void
main ()
{
  uint m0 = gl_WorkGroupID.y * TILE, n0 = gl_WorkGroupID.x * TILE;
  uint group = gl_LocalInvocationIndex / 16, column = gl_LocalInvocationIndex % 16;
  vec4 c[4] = { vec4 (0), vec4 (0), vec4 (0), vec4 (0) };
  for (uint k0 = 0; k0 < push.k; k0 += K_STEP)
    {
      load_a (m0, k0);
      load_b (n0, k0);
      barrier ();
      [[unroll]] for (uint k = 0; k < K_STEP; k++)
        {
          vec4 a = a_tile[k][group], b = b_tile[k][column];
          [[unroll]] for (uint i = 0; i < 4; i++)
            c[i] += a[i] * b;
        }
      barrier ();
    }
  uint column4 = n0 / 4 + column, row = m0 + 4 * group;
  if (column4 < width4 (push.n))
    [[unroll]] for (uint i = 0; i < 4; i++)
      if (row + i < push.m)
        finish (row + i, column4, c[i]);
}
