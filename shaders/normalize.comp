#version 460
// z = x inverse, inverse = 1 / max (|x|, 1e-12).
#extension GL_GOOGLE_include_directive : require
#include "abi/normalize.h"
#include "read.glsl"
#include "row.glsl"

layout (local_size_x_id = 0) in;

IN4 (0, X_, x_in);
OUT4 (1, Z_, z_out);
OUT4 (2, Inverse_, inverse_out);

void
main ()
{
  uint row = ROW, width = width4 (push.cols), at = row * stride4 (push.cols);
  if (row >= push.rows)
    return;
  vec4 squares = vec4 (0);
  for (uint i = FIRST_COLUMN; i < width; i += COLUMN_STEP)
    {
      vec4 x = LOAD4 (x_in, at + i);
      squares += x * x;
    }
  float inverse = 1.0 / max (sqrt (dot (row_sum (squares), vec4 (1))), 1e-12);
  if (FIRST_COLUMN == 0)
    inverse_out[row] = vec4 (inverse, 0, 0, 0);
  for (uint i = FIRST_COLUMN; i < width; i += COLUMN_STEP)
    z_out[at + i] = LOAD4 (x_in, at + i) * inverse;
}
