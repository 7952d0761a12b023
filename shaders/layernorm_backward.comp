#version 460
// dx = dresidual + rstd (g - mean (g) - xhat mean (g xhat)), g = gamma dy, and of each chunk of rows
// the sums of dy xhat and dy, for dgamma and dbeta.
#extension GL_GOOGLE_include_directive : require
#include "abi/layernorm.h"
#include "read.glsl"
#include "row.glsl"

layout (local_size_x_id = 0) in;
layout (constant_id = 1) const uint HAS_DRESIDUAL = 0;

IN4 (0, Dy_, dy_in);
IN4 (1, X_, x_in);
IN4 (2, Stats_, stats);
IN4 (3, Gamma_, gamma);
IN4 (4, Dresidual_, dresidual);
OUT4 (5, Dx_, dx_out);
OUT4 (6, Partial_, partial); // rows: dgamma of each chunk, then dbeta of each chunk

// dy is zero behind the last column, so the sums are right there; dx has to be masked.
void
input_gradient (uint row, uint width)
{
  uint at = row * stride4 (push.cols);
  vec2 s = LOAD4 (stats, row).xy;
  vec4 g_sum = vec4 (0), gx_sum = vec4 (0);
  for (uint i = FIRST_COLUMN; i < width; i += COLUMN_STEP)
    {
      vec4 g = LOAD4 (gamma, i) * LOAD4 (dy_in, at + i);
      g_sum += g;
      gx_sum += g * ((LOAD4 (x_in, at + i) - s.x) * s.y);
    }
  float g_mean = dot (row_sum (g_sum), vec4 (1)) / push.cols;
  float gx_mean = dot (row_sum (gx_sum), vec4 (1)) / push.cols;
  for (uint i = FIRST_COLUMN; i < width; i += COLUMN_STEP)
    {
      vec4 g = LOAD4 (gamma, i) * LOAD4 (dy_in, at + i);
      vec4 xhat = (LOAD4 (x_in, at + i) - s.x) * s.y;
      vec4 dx = s.y * (g - g_mean - xhat * gx_mean);
      if (HAS_DRESIDUAL != 0)
        dx += LOAD4 (dresidual, at + i);
      dx_out[at + i] = mask_tail (dx, i, push.cols);
    }
}

vec4 dgamma, dbeta;

void
add_row (uint at, vec2 s)
{
  vec4 dy = LOAD4 (dy_in, at);
  dgamma += dy * ((LOAD4 (x_in, at) - s.x) * s.y);
  dbeta += dy;
}

void
parameter_gradients (uint begin, uint end, uint column4, uint stride)
{
  uint row = begin;
  dgamma = dbeta = vec4 (0);
#if READ_TEXEL
  // A load of one address costs as much as one of a row a lane: so load that and hand it round.
  for (; row + LANES <= end; row += LANES)
    {
      vec2 mine = LOAD4 (stats, row + gl_SubgroupInvocationID).xy;
      [[unroll]] for (uint i = 0; i < LANES; i++)
        add_row ((row + i) * stride + column4, subgroupShuffle (mine, i));
    }
#endif
  for (; row < end; row++)
    add_row (row * stride + column4, LOAD4 (stats, row).xy);
}

void
put_parameter_gradients (uint chunk, uint chunks, uint column4)
{
  uint width = width4 (push.cols), stride = stride4 (push.cols);
  uint begin = chunk * CHUNK_ROWS, end = min (begin + CHUNK_ROWS, push.rows);
  parameter_gradients (begin, end, min (column4, width - 1), stride);
  if (column4 < width)
    {
      partial[chunk * stride + column4] = mask_tail (dgamma, column4, push.cols);
      partial[(chunks + chunk) * stride + column4] = dbeta;
    }
}

#if READ_TEXEL

// A workgroup owns a chunk: first with a lane a row for dx, then with a lane four columns for the
// sums, while the rows are in the cache.
void
main ()
{
  uint width = width4 (push.cols), lane = gl_LocalInvocationID.x;
  uint chunks = (push.rows + CHUNK_ROWS - 1) / CHUNK_ROWS, chunk = LINEAR_GROUP;
  if (chunk >= chunks)
    return;
  uint begin = chunk * CHUNK_ROWS, end = min (begin + CHUNK_ROWS, push.rows);
  for (uint row = begin + lane; row < end; row += LANES)
    input_gradient (row, width);
  for (uint first = 0; first < width; first += LANES)
    put_parameter_gradients (chunk, chunks, first + lane);
}

#else

// The first workgroups own a row each for dx, those behind them LANES vec4 columns of a chunk.
void
main ()
{
  uint width = width4 (push.cols), group = LINEAR_GROUP;
  uint chunks = (push.rows + CHUNK_ROWS - 1) / CHUNK_ROWS, parts = (width + LANES - 1) / LANES;
  if (group < push.rows)
    input_gradient (group, width);
  else if (group - push.rows < chunks * parts)
    {
      uint item = group - push.rows;
      put_parameter_gradients (item / parts, chunks, item % parts * LANES + gl_LocalInvocationID.x);
    }
}

#endif
