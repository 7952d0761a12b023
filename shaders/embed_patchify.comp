#version 460
// patches[b P + i, (c p + y) p + x] = image[b, (c S + py p + y) S + px p + x]
//   for patch i = py S/p + px of picture b
// A lane copies a run of PATCHIFY_RUN vec4s of one patch and counts its way through it: nothing is
// divided in the loop.
#extension GL_GOOGLE_include_directive : require
#include "abi/embed.h"
#include "read.glsl"

layout (local_size_x_id = 0) in;
layout (constant_id = 1) const bool WHOLE = false; // patch and picture sides are multiples of 4

IN4 (0, Image_, image);
OUT4 (1, Patches_, patches);

uint origin, at, channel, y, x;

void
advance (uint pixels)
{
  at += pixels;
  x += pixels;
  if (x < push.patch_size)
    return;
  x = 0;
  if (++y == push.patch_size)
    {
      y = 0;
      channel++;
    }
  at = origin + (channel * push.size + y) * push.size;
}

void
main ()
{
  uint columns = 3 * push.patch_size * push.patch_size, columns4 = width4 (columns);
  uint runs = (columns4 + PATCHIFY_RUN - 1) / PATCHIFY_RUN;
  uint row = LINEAR_INVOCATION / runs, begin = LINEAR_INVOCATION % runs * PATCHIFY_RUN;
  if (row >= push.rows)
    return;
  uint side = push.size / push.patch_size, b = row / (side * side), i = row % (side * side);
  origin = 4 * b * stride4 (3 * push.size * push.size)
           + ((i / side) * push.size + i % side) * push.patch_size;
  x = 4 * begin % push.patch_size;
  y = 4 * begin / push.patch_size % push.patch_size;
  channel = 4 * begin / (push.patch_size * push.patch_size);
  at = origin + (channel * push.size + y) * push.size + x;
  uint end = min (begin + PATCHIFY_RUN, columns4);
  for (uint column4 = begin; column4 < end; column4++)
    {
      vec4 pixels;
      if (WHOLE)
        {
          pixels = LOAD4 (image, at / 4);
          advance (4);
        }
      else
        [[unroll]] for (uint j = 0; j < 4; j++)
          {
            uint index = min (at, push.last);
            pixels[j] = LOAD1 (image, index);
            advance (1);
          }
      patches[row * stride4 (columns) + column4] = mask_tail (pixels, column4, columns);
    }
}
