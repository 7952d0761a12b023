// How a kernel works through rows. Where lanes are SIMD a lane owns a row: the lanes of a subgroup walk
// along their rows together and share the cache lines, and nothing crosses lanes. Elsewhere a
// workgroup owns a row, so that neighbours read neighbours, and sums go through shared memory by
// pairs, in an order that the workgroup's size alone decides. Either way a kernel says
//   for (uint i = FIRST_COLUMN; i < width; i += COLUMN_STEP)
// and all of a workgroup call row_sum and row_max, or none. Grids: gpu_grid_rows of compute/ops/grid.h.
#include "abi/abi.h"

// Not gl_WorkGroupSize, which glslang takes for 1 in constant expressions such as half of it.
layout (constant_id = 0) const uint LANES = 1;

#if READ_TEXEL

#define ROW LINEAR_INVOCATION
#define FIRST_COLUMN 0
#define COLUMN_STEP 1
#define row_sum(part) (part)
#define row_max(part) (part)

#else

#define ROW LINEAR_GROUP
#define FIRST_COLUMN gl_LocalInvocationID.x
#define COLUMN_STEP LANES

shared vec4 row_parts[MAX_ROW_LANES];

vec4
row_reduce (vec4 part, bool largest)
{
  uint lane = gl_LocalInvocationID.x;
  barrier (); // until the result before this has been read
  row_parts[lane] = part;
  for (uint reach = LANES / 2; reach > 0; reach /= 2)
    {
      barrier ();
      if (lane < reach)
        {
          vec4 other = row_parts[lane + reach];
          row_parts[lane] = largest ? max (row_parts[lane], other) : row_parts[lane] + other;
        }
    }
  barrier ();
  return row_parts[0];
}

vec4
row_sum (vec4 part)
{
  return row_reduce (part, false);
}

vec4
row_max (vec4 part)
{
  return row_reduce (part, true);
}

#endif
