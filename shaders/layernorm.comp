#version 460
// y = gamma xhat + beta, xhat = (x - mean) rstd; stats = (mean, rstd).
#extension GL_GOOGLE_include_directive : require
#include "abi/layernorm.h"
#include "read.glsl"
#include "row.glsl"

layout (local_size_x_id = 0) in;

IN4 (0, X_, x_in);
IN4 (1, Gamma_, gamma);
IN4 (2, Beta_, beta);
OUT4 (3, Y_, y_out);
OUT4 (4, Stats_, stats);

const float EPS = 1e-5;

void
main ()
{
  uint row = ROW, width = width4 (push.cols);
  if (row >= push.rows)
    return;
  uint at = row * stride4 (push.cols);
  vec4 sum = vec4 (0), squares = vec4 (0);
  for (uint i = FIRST_COLUMN; i < width; i += COLUMN_STEP)
    sum += LOAD4 (x_in, at + i);
  float mean = dot (row_sum (sum), vec4 (1)) / push.cols;
  for (uint i = FIRST_COLUMN; i < width; i += COLUMN_STEP)
    {
      vec4 d = mask_tail (LOAD4 (x_in, at + i) - mean, i, push.cols);
      squares += d * d;
    }
  float rstd = 1.0 / sqrt (dot (row_sum (squares), vec4 (1)) / push.cols + EPS);
  if (FIRST_COLUMN == 0)
    stats[row] = vec4 (mean, rstd, 0, 0);
  for (uint i = FIRST_COLUMN; i < width; i += COLUMN_STEP)
    {
      vec4 xhat = (LOAD4 (x_in, at + i) - mean) * rstd;
      y_out[at + i] = mask_tail (xhat * LOAD4 (gamma, i) + LOAD4 (beta, i), i, push.cols);
    }
}
