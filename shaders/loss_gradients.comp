#version 460
// With log P, log Q the logarithms of the softmax of A = s G along rows and columns, Pt, Qt those of
// the teacher's A_t, and w the weight:
//   g_con = (P - 1 + Q - 1) / 2B          1: the unit matrix
//   g_kd  = (P - Pt + Q - Qt) / 2B
//   dimage = s (g_con + w g_kd),  dtext = s (g_con [+ w g_kd])
// and from each row its part of 2B times
//   contrastive  = - sum of the diagonal of (log P + log Q) / 2B
//   distillation = sum (Pt (log Pt - log P) + Qt (log Qt - log Q)) / 2B
//   dscale       = sum (g A), where A may be log P in the terms of rows and log Q in those of
//                  columns, because those terms add up to 0 along a row and a column.
#extension GL_GOOGLE_include_directive : require
#include "abi/loss.h"
#include "read.glsl"
#include "row.glsl"

layout (local_size_x_id = 0) in;
layout (constant_id = 1) const bool TEACHER = false;
layout (constant_id = 2) const bool STOP_GRAD_TEXT = false;

IN4 (0, Cosines_, cosines);
IN4 (1, Teacher_, teacher);
IN4 (2, Stats_, stats);
IN4 (3, TeacherStats_, teacher_stats);
IN4 (4, Scale_, logit_scale);
OUT4 (5, Dimage_, dimage);
OUT4 (6, Dtext_, dtext);
OUT4 (7, Partial_, partial);

void
main ()
{
  uint row = ROW, n4 = width4 (push.batch), stride = stride4 (push.batch);
  if (row >= push.batch)
    return;
  float s = exp (LOAD4 (logit_scale, 0).x), factor = s / (2.0 * float (push.batch));
  uint row_most = 4 * LOSS_ROW_MAX * stride + row, row_log = 4 * LOSS_ROW_LOG * stride + row;
  float m = LOAD1 (stats, row_most), l = LOAD1 (stats, row_log), mt = 0, lt = 0;
  if (TEACHER)
    {
      mt = LOAD1 (teacher_stats, row_most);
      lt = LOAD1 (teacher_stats, row_log);
    }
  vec4 contrastive = vec4 (0), distillation = vec4 (0), dscale = vec4 (0);
  for (uint j4 = FIRST_COLUMN; j4 < n4; j4 += COLUMN_STEP)
    {
      uint at = row * stride + j4, column_max = LOSS_COLUMN_MAX * stride + j4;
      uint column_log = LOSS_COLUMN_LOG * stride + j4;
      vec4 g = LOAD4 (cosines, at);
      vec4 log_p = s * (g - m) - l;
      vec4 log_q = s * (g - LOAD4 (stats, column_max)) - LOAD4 (stats, column_log);
      vec4 p = mask_tail (exp (log_p), j4, push.batch), q = mask_tail (exp (log_q), j4, push.batch);
      vec4 one = vec4 (equal (4 * j4 + uvec4 (0, 1, 2, 3), uvec4 (row)));
      vec4 rows = p - one, columns = q - one;
      vec4 text = rows + columns;
      contrastive -= one * (log_p + log_q);
      if (TEACHER)
        {
          vec4 gt = LOAD4 (teacher, at);
          vec4 log_pt = s * (gt - mt) - lt;
          vec4 log_qt
              = s * (gt - LOAD4 (teacher_stats, column_max)) - LOAD4 (teacher_stats, column_log);
          vec4 pt = mask_tail (exp (log_pt), j4, push.batch);
          vec4 qt = mask_tail (exp (log_qt), j4, push.batch);
          distillation += pt * (log_pt - log_p) + qt * (log_qt - log_q);
          rows += push.weight * (p - pt);
          columns += push.weight * (q - qt);
        }
      vec4 image = rows + columns;
      dscale += rows * log_p + columns * log_q;
      dimage[at] = factor * image;
      dtext[at] = factor * (STOP_GRAD_TEXT ? text : image);
    }
  vec4 ones = vec4 (1);
  vec4 sums = row_sum (
      vec4 (dot (contrastive, ones), dot (distillation, ones), dot (dscale, ones), 0));
  if (FIRST_COLUMN == 0)
    partial[row] = sums;
}
