// GEMM for devices whose invocations are SIMD lanes: one subgroup computes ROWS x 4 LANES elements
// of C in registers, without shared memory or barriers. A lane owns four consecutive columns. A is
// loaded once per subgroup, spread over the lanes, and broadcast by shuffles with literal indices;
// arrays live in registers because every loop over them has constant bounds.
// k advances by 8; products of four k are summed in a tree before they touch the accumulator, which
// is what bounds this form (compute/README.md, "GEMM").

const uint ROWS = 32;
const uint K_STEP = 8;

#if LAYOUT_TN
// Lane l of load t holds A[k][4 g .. 4 g + 3], slot t LANES + l = 8 k + g: 8 groups of 4 rows a k.
const uint A_LOADS = K_STEP * (ROWS / 4) / LANES;
#else
// Lane l of load t holds A[row t LANES + l][k .. k + 3].
const uint A_LOADS = ROWS / LANES;
#endif

vec4 c[ROWS];
uint m0, n4, a_row[ROWS / 4], b_row[4];

#if LAYOUT_TN

void
step8 (uint k0, bool tail)
{
  uint m_stride = stride4 (push.m), n_stride = stride4 (push.n);
  vec4 a[A_LOADS], b[K_STEP];
  [[unroll]] for (uint t = 0; t < A_LOADS; t++)
    {
      uint slot = t * LANES + gl_SubgroupInvocationID;
      uint k = k0 + slot / (ROWS / 4);
      uint group = min (m0 / 4 + slot % (ROWS / 4), m_stride - 1);
      a[t] = LOAD4 (a_in, min (k, push.k - 1) * m_stride + group);
      if (tail && k >= push.k)
        a[t] = vec4 (0);
    }
  [[unroll]] for (uint k = 0; k < K_STEP; k++)
    b[k] = LOAD4 (b_in, min (k0 + k, push.k - 1) * n_stride + n4);
  [[unroll]] for (uint i = 0; i < ROWS; i++)
    [[unroll]] for (uint k = 0; k < K_STEP; k += 4)
      {
        float r[4];
        [[unroll]] for (uint q = 0; q < 4; q++)
          {
            uint slot = (k + q) * (ROWS / 4) + i / 4;
            r[q] = subgroupShuffle (a[slot / LANES][i % 4], slot % LANES);
          }
        c[i] += (r[0] * b[k] + r[1] * b[k + 1]) + (r[2] * b[k + 2] + r[3] * b[k + 3]);
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
  vec4 a[2 * A_LOADS], b[8];
  [[unroll]] for (uint u = 0; u < vectors; u++)
    {
      [[unroll]] for (uint t = 0; t < A_LOADS; t++)
        a[u * A_LOADS + t] = LOAD4 (a_in, a_row[t] + k4 + u);
      [[unroll]] for (uint j = 0; j < 4; j++)
#if LAYOUT_NT
        b[u * 4 + j] = LOAD4 (b_in, b_row[j] + k4 + u);
#else
        b[u * 4 + j] = LOAD4 (b_in, min (4 * (k4 + u) + j, push.k - 1) * n_stride + n4);
#endif
    }
  [[unroll]] for (uint u = 0; u < vectors; u++)
    [[unroll]] for (uint i = 0; i < ROWS; i++)
      {
        vec4 r = subgroupShuffle (a[u * A_LOADS + i / LANES], i % LANES);
#if LAYOUT_NT
        [[unroll]] for (uint j = 0; j < 4; j++)
          {
            vec4 p = r * b[u * 4 + j];
            c[i][j] += (p.x + p.y) + (p.z + p.w);
          }
#else
        c[i] += (r.x * b[u * 4] + r.y * b[u * 4 + 1]) + (r.z * b[u * 4 + 2] + r.w * b[u * 4 + 3]);
#endif
      }
}

// Columns of A behind K are zeros, so whole vec4s are right for any K.
void
multiply ()
{
  uint k_stride = stride4 (push.k);
  [[unroll]] for (uint t = 0; t < A_LOADS; t++)
    a_row[t] = min (m0 + t * LANES + gl_SubgroupInvocationID, push.m - 1) * k_stride;
#if LAYOUT_NT
  [[unroll]] for (uint j = 0; j < 4; j++)
    b_row[j] = min (4 * n4 + j, push.n - 1) * k_stride;
#endif
  uint k4 = 0;
  for (; k4 + 2 <= k_stride; k4 += 2)
    step (k4, true);
  if (k4 < k_stride)
    step (k4, false);
}

#endif

void
main ()
{
  uint n_stride = stride4 (push.n);
  uint column4 = gl_WorkGroupID.x * LANES + gl_SubgroupInvocationID;
  m0 = gl_WorkGroupID.y * ROWS;
  n4 = min (column4, n_stride - 1);
  [[unroll]] for (uint i = 0; i < ROWS; i++)
    c[i] = vec4 (0);
  multiply ();
  if (column4 < n_stride)
    [[unroll]] for (uint i = 0; i < ROWS; i++)
      if (m0 + i < push.m)
        finish (m0 + i, column4, c[i]);
}
