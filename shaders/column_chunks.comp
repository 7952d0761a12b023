#version 460
// The sums of each chunk of rows, one partial row a chunk. A lane owns four columns.
#extension GL_GOOGLE_include_directive : require
#include "abi/layernorm.h"
#include "read.glsl"

layout (local_size_x_id = 0) in;

IN4 (0, X_, x_in);
OUT4 (1, Partial_, partial);

void
main ()
{
  uint width = width4 (push.cols), column4 = gl_GlobalInvocationID.x, chunk = gl_WorkGroupID.y;
  if (column4 >= width)
    return;
  uint begin = chunk * CHUNK_ROWS, end = min (begin + CHUNK_ROWS, push.rows);
  uint stride = stride4 (push.cols);
  vec4 sum = vec4 (0);
  for (uint row = begin; row < end; row++)
    sum += LOAD4 (x_in, row * stride + column4);
  partial[chunk * stride + column4] = sum;
}
