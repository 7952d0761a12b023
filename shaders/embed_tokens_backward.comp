#version 460
// dtable[id] += sum over the rows that hold the id of dx[row], in ascending order of rows.
// A lane is four columns; the groups of y take turns at the distinct ids, whose number only the
// device knows. Ids ascend as unsigned numbers, so those that stand for the last row are together
// at the end, and the first of them takes the rows of all.
#extension GL_GOOGLE_include_directive : require
#include "abi/embed.h"
#include "read.glsl"

layout (local_size_x_id = 0) in;

IN4 (0, Dx_, dx);
layout (std430, binding = 1) readonly buffer Ids_ { uint ids[]; };
layout (std430, binding = 2) readonly buffer Starts_ { uint starts[]; };
layout (std430, binding = 3) readonly buffer Rows_ { uint rows[]; };
UPDATE4 (4, Dtable_, dtable);

uint
table_row (uint slot)
{
  return min (ids[1 + slot], push.vocabulary - 1);
}

vec4
sum_rows (uint begin, uint end, uint stride, uint column4)
{
  vec4 sum = vec4 (0);
  for (uint k = begin; k < end; k += 4)
    [[unroll]] for (uint j = 0; j < 4; j++)
      {
        vec4 value = LOAD4 (dx, rows[min (k + j, end - 1)] * stride + column4);
        sum += k + j < end ? value : vec4 (0);
      }
  return sum;
}

void
main ()
{
  uint columns4 = width4 (push.columns), stride = stride4 (push.columns);
  uint column4 = gl_WorkGroupID.x * gl_WorkGroupSize.x + gl_LocalInvocationID.x;
  uint distinct = min (ids[0], push.rows);
  if (column4 >= columns4)
    return;
  for (uint slot = gl_WorkGroupID.y; slot < distinct; slot += gl_NumWorkGroups.y)
    {
      uint row = table_row (slot);
      bool elsewhere = row < push.first || row - push.first >= push.count;
      if (elsewhere || (slot > 0 && table_row (slot - 1) == row))
        continue;
      uint end = starts[row == push.vocabulary - 1 ? distinct : slot + 1];
      dtable[(row - push.first) * stride + column4]
          += sum_rows (starts[slot], end, stride, column4);
    }
}
