#version 460
// x[b,t] = table[tokens[b,t]] + positional[t]
// A binding holds rows first .. first + count - 1 of the table; other dispatches have the others.
#extension GL_GOOGLE_include_directive : require
#include "abi/embed.h"
#include "read.glsl"

layout (local_size_x_id = 0) in;

IN4 (0, Table_, table);
IN4 (1, Positional_, positional);
layout (std430, binding = 2) readonly buffer Tokens_ { uint tokens[]; };
OUT4 (3, X_, x);

void
main ()
{
  uint row = LINEAR_INVOCATION;
  if (row >= push.rows)
    return;
  uint here = min (tokens[row], push.vocabulary - 1) - push.first;
  if (here >= push.count)
    return;
  uint stride = stride4 (push.columns);
  uint from = here * stride;
  uint position = row % push.tokens * stride;
  for (uint column4 = 0; column4 < width4 (push.columns); column4++)
    x[row * stride + column4]
        = LOAD4 (table, from + column4) + LOAD4 (positional, position + column4);
}
