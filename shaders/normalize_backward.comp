#version 460
// dx = inverse (dz - z (z . dz)). A lane owns a row.
#extension GL_GOOGLE_include_directive : require
#include "abi/normalize.h"
#include "read.glsl"

layout (local_size_x_id = 0) in;

IN4 (0, Dz_, dz_in);
IN4 (1, Z_, z_in);
IN4 (2, Inverse_, inverse_in);
OUT4 (3, Dx_, dx_out);

void
main ()
{
  uint row = LINEAR_INVOCATION, width = width4 (push.cols), at = row * stride4 (push.cols);
  if (row >= push.rows)
    return;
  vec4 products = vec4 (0);
  for (uint i = 0; i < width; i++)
    products += LOAD4 (z_in, at + i) * LOAD4 (dz_in, at + i);
  float along = dot (products, vec4 (1)), inverse = LOAD4 (inverse_in, row).x;
  for (uint i = 0; i < width; i++)
    dx_out[at + i]
        = inverse * (LOAD4 (dz_in, at + i) - along * LOAD4 (z_in, at + i));
}
