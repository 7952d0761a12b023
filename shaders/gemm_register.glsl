// GEMM for devices whose invocations are SIMD lanes: one subgroup computes ROWS x 4 VECS LANES elements
// of C in registers, without shared memory or barriers. A lane owns 4 VECS consecutive columns. A is
// loaded once per subgroup, spread over the lanes, and broadcast by shuffles with literal indices;
// arrays live in registers because every loop over them has constant bounds.
// k advances by 8; products of four k are summed in a tree before they touch the accumulator, which
// is what bounds this form (compute/README.md, "GEMM").

#if LAYOUT_TN
const uint VECS = GEMM_VECS_TN;
#else
const uint VECS = GEMM_VECS;
#endif
layout (constant_id = 2) const uint WIDE = 0;
const uint ROWS = 32 / VECS;
const uint K_STEP = 8;

#if LAYOUT_TN
// Lane l of load t holds A[k][4 g .. 4 g + 3], slot t LANES + l = 8 k + g: 8 groups of 4 rows a k.
const uint A_LOADS = K_STEP * (ROWS / 4) / LANES;
#else
// Lane l of load t holds A[row t LANES + l][k .. k + 3].
const uint A_LOADS = ROWS / LANES;
#endif

vec4 c[ROWS][VECS];
uint m0, n4[VECS], a_row[ROWS / 4], b_row[4 * VECS];

#if LAYOUT_TN

void
step8 (uint k0, bool tail)
{
  uint m_stride = stride4 (push.m), n_stride = stride4 (push.n);
  vec4 a[A_LOADS], b[K_STEP][VECS];
  [[unroll]] for (uint t = 0; t < A_LOADS; t++)
    {
      uint slot = t * LANES + gl_SubgroupInvocationID;
      uint k = k0 + slot / (ROWS / 4);
      uint group = min (m0 / 4 + slot % (ROWS / 4), width4 (push.m) - 1);
      a[t] = LOAD4 (a_in, min (k, push.k - 1) * m_stride + group);
      if (tail && k >= push.k)
        a[t] = vec4 (0);
    }
  [[unroll]] for (uint k = 0; k < K_STEP; k++)
    [[unroll]] for (uint v = 0; v < VECS; v++)
      b[k][v] = LOAD4 (b_in, min (k0 + k, push.k - 1) * n_stride + n4[v]);
  [[unroll]] for (uint i = 0; i < ROWS; i++)
    [[unroll]] for (uint k = 0; k < K_STEP; k += 4)
      {
        float r[4];
        [[unroll]] for (uint q = 0; q < 4; q++)
          {
            uint slot = (k + q) * (ROWS / 4) + i / 4;
            r[q] = subgroupShuffle (a[slot / LANES][i % 4], slot % LANES);
          }
        [[unroll]] for (uint v = 0; v < VECS; v++)
          c[i][v] += (r[0] * b[k][v] + r[1] * b[k + 1][v]) + (r[2] * b[k + 2][v] + r[3] * b[k + 3][v]);
      }
}

void
multiply ()
{
  uint k = 0;
  for (; k + K_STEP <= push.k; k += K_STEP)
    step8 (k, false);
  if (k < push.k)
    step8 (k, true);
}

#else

// One step of 4 k, or of 8 with `two`.
void
step (uint k4, bool two)
{
  uint n_stride = stride4 (push.n);
  uint vectors = two ? 2 : 1;
  vec4 a[2][A_LOADS], b[2][4 * VECS];
  [[unroll]] for (uint u = 0; u < vectors; u++)
    {
      [[unroll]] for (uint t = 0; t < A_LOADS; t++)
        a[u][t] = LOAD4 (a_in, a_row[t] + k4 + u);
      [[unroll]] for (uint j = 0; j < 4 * VECS; j++)
#if LAYOUT_NT
        b[u][j] = LOAD4 (b_in, b_row[j] + k4 + u);
#else
        b[u][j] = LOAD4 (b_in, min (4 * (k4 + u) + j / VECS, push.k - 1) * n_stride + n4[j % VECS]);
#endif
    }
  [[unroll]] for (uint u = 0; u < vectors; u++)
    [[unroll]] for (uint i = 0; i < ROWS; i++)
      {
        vec4 r = subgroupShuffle (a[u][i / LANES], i % LANES);
#if LAYOUT_NT
        [[unroll]] for (uint j = 0; j < 4 * VECS; j++)
          {
            vec4 p = r * b[u][j];
            c[i][j / 4][j % 4] += (p.x + p.y) + (p.z + p.w);
          }
#else
        [[unroll]] for (uint v = 0; v < VECS; v++)
          c[i][v] += (r.x * b[u][v] + r.y * b[u][VECS + v])
                     + (r.z * b[u][2 * VECS + v] + r.w * b[u][3 * VECS + v]);
#endif
      }
}

// Columns of A behind K are zeros, so whole vec4s are right for any K.
void
multiply ()
{
  uint k_stride = stride4 (push.k), k_width = width4 (push.k);
  [[unroll]] for (uint t = 0; t < A_LOADS; t++)
    a_row[t] = min (m0 + t * LANES + gl_SubgroupInvocationID, push.m - 1) * k_stride;
#if LAYOUT_NT
  [[unroll]] for (uint j = 0; j < 4 * VECS; j++)
    b_row[j] = min (4 * n4[j / 4] + j % 4, push.n - 1) * k_stride;
#endif
  uint k4 = 0;
  for (; k4 + 2 <= k_width; k4 += 2)
    step (k4, true);
  if (k4 < k_width)
    step (k4, false);
}

#endif

void
main ()
{
  uint n_width = width4 (push.n);
  uint column4 = VECS * (gl_WorkGroupID.x * LANES + gl_SubgroupInvocationID);
  m0 = gl_WorkGroupID.y * ROWS;
  [[unroll]] for (uint v = 0; v < VECS; v++)
    {
      n4[v] = min (column4 + v, n_width - 1);
      [[unroll]] for (uint i = 0; i < ROWS; i++)
        c[i][v] = vec4 (0);
    }
  multiply ();
  [[unroll]] for (uint i = 0; i < ROWS; i++)
    if (m0 + i < push.m)
      {
        if (WIDE != 0)
          {
            if (column4 < n_width)
              finish8 (m0 + i, column4, c[i][0], c[i][VECS - 1]);
          }
        else
          [[unroll]] for (uint v = 0; v < VECS; v++)
            if (column4 + v < n_width)
              finish (m0 + i, column4 + v, c[i][v]);
      }
}
