#version 460
// Of each row and each column of G [B,B] at s = exp (logit_scale): the largest cosine m and
// log sum exp (s (G - m)). A lane is a row (y = 0) or four columns (y = 1).
#extension GL_GOOGLE_include_directive : require
#include "abi/loss.h"
#include "read.glsl"

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
  for (uint j4 = 0; j4 < n4; j4++)
    {
      bvec4 inside = lessThan (4 * j4 + uvec4 (0, 1, 2, 3), uvec4 (push.batch));
      most = max (most, mix (vec4 (LOWEST), LOAD4 (cosines, row * stride + j4), inside));
    }
  float m = max (max (most.x, most.y), max (most.z, most.w));
  for (uint j4 = 0; j4 < n4; j4++)
    sum += mask_tail (exp (s * (LOAD4 (cosines, row * stride + j4) - m)), j4, push.batch);
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

void
main ()
{
  uint lane = gl_WorkGroupID.x * gl_WorkGroupSize.x + gl_LocalInvocationID.x;
  float s = exp (LOAD4 (logit_scale, 0).x);
  if (gl_WorkGroupID.y == 0)
    {
      if (lane < push.batch)
        row_stats (lane, s);
    }
  else if (lane < width4 (push.batch))
    column_stats (lane, s);
}
