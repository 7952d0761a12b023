#version 460
// dx = inverse (dz - z (z . dz)).
#extension GL_GOOGLE_include_directive : require
#include "abi/normalize.h"
#include "read.glsl"
#include "row.glsl"

layout (local_size_x_id = 0) in;

IN4 (0, Dz_, dz_in);
IN4 (1, Z_, z_in);
IN4 (2, Inverse_, inverse_in);
OUT4 (3, Dx_, dx_out);

void
main ()
{
  uint row = ROW, width = width4 (push.cols), at = row * stride4 (push.cols);
  if (row >= push.rows)
    return;
  vec4 products = vec4 (0);
  for (uint i = FIRST_COLUMN; i < width; i += COLUMN_STEP)
    products += LOAD4 (z_in, at + i) * LOAD4 (dz_in, at + i);
  float along = dot (row_sum (products), vec4 (1)), inverse = LOAD4 (inverse_in, row).x;
  for (uint i = FIRST_COLUMN; i < width; i += COLUMN_STEP)
    dx_out[at + i]
        = inverse * (LOAD4 (dz_in, at + i) - along * LOAD4 (z_in, at + i));
}
