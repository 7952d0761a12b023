#version 460
// Of each row and each column of G [B,B] at s = exp (logit_scale): the largest cosine m and
// log sum exp (s (G - m)).
#extension GL_GOOGLE_include_directive : require
#include "abi/loss.h"
#include "read.glsl"
#include "row.glsl"

layout (local_size_x_id = 0) in;

IN4 (0, Cosines_, cosines);
IN4 (1, Scale_, logit_scale);
layout (std430, binding = 2) writeonly buffer Stats_ { float stats[]; };

const float LOWEST = -3.402823466e38;

void
row_stats (uint row, float s)
{
  uint n4 = width4 (push.batch), stride = stride4 (push.batch);
  vec4 most = vec4 (LOWEST), sum = vec4 (0);
  for (uint j4 = FIRST_COLUMN; j4 < n4; j4 += COLUMN_STEP)
    {
      bvec4 inside = lessThan (4 * j4 + uvec4 (0, 1, 2, 3), uvec4 (push.batch));
      most = max (most, mix (vec4 (LOWEST), LOAD4 (cosines, row * stride + j4), inside));
    }
  most = row_max (most);
  float m = max (max (most.x, most.y), max (most.z, most.w));
  for (uint j4 = FIRST_COLUMN; j4 < n4; j4 += COLUMN_STEP)
    sum += mask_tail (exp (s * (LOAD4 (cosines, row * stride + j4) - m)), j4, push.batch);
  sum = row_sum (sum);
  if (FIRST_COLUMN > 0)
    return;
  stats[LOSS_ROW_MAX * 4 * stride + row] = m;
  stats[LOSS_ROW_LOG * 4 * stride + row] = log ((sum.x + sum.y) + (sum.z + sum.w));
}

void
column_stats (uint j4, float s)
{
  uint stride = stride4 (push.batch);
  vec4 most = LOAD4 (cosines, j4), sum = vec4 (0);
  for (uint row = 1; row < push.batch; row++)
    most = max (most, LOAD4 (cosines, row * stride + j4));
  for (uint row = 0; row < push.batch; row++)
    sum += exp (s * (LOAD4 (cosines, row * stride + j4) - most));
  vec4 logs = mask_tail (log (sum), j4, push.batch);
  [[unroll]] for (uint i = 0; i < 4; i++)
    {
      stats[LOSS_COLUMN_MAX * 4 * stride + 4 * j4 + i] = most[i];
      stats[LOSS_COLUMN_LOG * 4 * stride + 4 * j4 + i] = logs[i];
    }
}

// The first workgroups do rows, those behind them a lane four columns.
void
main ()
{
  uint row = ROW;
#if READ_TEXEL
  uint row_groups = (push.batch + LANES - 1) / LANES;
#else
  uint row_groups = push.batch;
#endif
  float s = exp (LOAD4 (logit_scale, 0).x);
  if (LINEAR_GROUP < row_groups)
    {
      if (row < push.batch)
        row_stats (row, s);
    }
  else
    {
      uint column4 = (LINEAR_GROUP - row_groups) * LANES + gl_LocalInvocationID.x;
      if (column4 < width4 (push.batch))
        column_stats (column4, s);
    }
}
