#version 460
// sums += sum over the chunks. partial holds the chunks of the first sum, then those of the second.
#extension GL_GOOGLE_include_directive : require
#include "abi/layernorm.h"
#include "read.glsl"

layout (local_size_x_id = 0) in;

IN4 (0, Partial_, partial);
UPDATE4 (1, First_, first);
UPDATE4 (2, Second_, second);

void
main ()
{
  uint width = width4 (push.cols), stride = stride4 (push.cols), item = LINEAR_INVOCATION;
  if (item >= push.sums * width)
    return;
  uint which = item / width, column4 = item % width;
  vec4 sum = vec4 (0);
  for (uint chunk = 0; chunk < push.rows; chunk++)
    sum += LOAD4 (partial, (which * push.rows + chunk) * stride + column4);
  if (which == 0)
    first[column4] += sum;
  else
    second[column4] += sum;
}
