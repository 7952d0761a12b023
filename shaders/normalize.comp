#version 460
// z = x inverse, inverse = 1 / max (|x|, 1e-12). A lane owns a row.
#extension GL_GOOGLE_include_directive : require
#include "abi/normalize.h"
#include "read.glsl"

layout (local_size_x_id = 0) in;

IN4 (0, X_, x_in);
OUT4 (1, Z_, z_out);
OUT4 (2, Inverse_, inverse_out);

void
main ()
{
  uint row = LINEAR_INVOCATION, width = width4 (push.cols), at = row * stride4 (push.cols);
  if (row >= push.rows)
    return;
  vec4 squares = vec4 (0);
  for (uint i = 0; i < width; i++)
    {
      vec4 x = LOAD4 (x_in, at + i);
      squares += x * x;
    }
  float inverse = 1.0 / max (sqrt (dot (squares, vec4 (1))), 1e-12);
  inverse_out[row] = vec4 (inverse, 0, 0, 0);
  for (uint i = 0; i < width; i++)
    z_out[at + i] = LOAD4 (x_in, at + i) * inverse;
}
