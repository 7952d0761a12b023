#version 460
// y[b] = x[b, position[b]], or x[b,0]
#extension GL_GOOGLE_include_directive : require
#include "abi/embed.h"
#include "read.glsl"

layout (local_size_x_id = 0) in;
layout (constant_id = 1) const bool POSITIONS = false;

IN4 (0, X_, x);
layout (std430, binding = 1) readonly buffer Position_ { uint position[]; };
OUT4 (2, Y_, y);

void
main ()
{
  uint b = LINEAR_INVOCATION;
  if (b >= push.rows)
    return;
  uint stride = stride4 (push.columns);
  uint t = POSITIONS ? min (position[b], push.tokens - 1) : 0;
  uint from = (b * push.tokens + t) * stride;
  for (uint column4 = 0; column4 < width4 (push.columns); column4++)
    y[b * stride + column4] = LOAD4 (x, from + column4);
}
