#version 460
// dx[b,t] = dy[b] where t is the position that was taken, 0 elsewhere
#extension GL_GOOGLE_include_directive : require
#include "abi/embed.h"
#include "read.glsl"

layout (local_size_x_id = 0) in;
layout (constant_id = 1) const bool POSITIONS = false;

IN4 (0, Dy_, dy);
layout (std430, binding = 1) readonly buffer Position_ { uint position[]; };
OUT4 (2, Dx_, dx);

void
main ()
{
  uint row = LINEAR_INVOCATION;
  if (row >= push.rows)
    return;
  uint stride = stride4 (push.columns), b = row / push.tokens;
  uint t = POSITIONS ? min (position[b], push.tokens - 1) : 0;
  bool taken = row % push.tokens == t;
  for (uint column4 = 0; column4 < width4 (push.columns); column4++)
    {
      vec4 value = LOAD4 (dy, b * stride + column4);
      dx[row * stride + column4] = taken ? value : vec4 (0);
    }
}
