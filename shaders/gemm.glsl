// What the three layouts share: bindings, epilogue, and the choice of the inner kernel.
#include "abi/gemm.h"
#include "read.glsl"
#include "gelu.glsl"

layout (local_size_x_id = 0) in;
layout (constant_id = 0) const uint LANES = 8;
layout (constant_id = 1) const uint EPILOGUE = 0;

IN4 (0, A_, a_in);
IN4 (1, B_, b_in);
IN4 (2, Bias_, bias);
IN4 (3, Other_, other); // a residual, or what to multiply with
UPDATE4 (4, C_, c_out);
OUT4 (5, Slope_, slope_out);
#if READ_TEXEL
IN4 (6, CBefore_, c_before);
IN4 (7, SlopeBefore_, slope_before);
#define BEFORE(at) LOAD4 (c_before, at)
OUT8 (4, C8_, c8_out);
OUT8 (5, Slope8_, slope8_out);
#else
#define BEFORE(at) c_out[at]
#endif

// From four sums of a row, four elements of C and the activation's slope there.
vec4
outcome (uint at, uint column4, vec4 sum, out vec4 slope)
{
  vec4 value = push.alpha * sum;
  slope = vec4 (1);
  if ((EPILOGUE & GEMM_BIAS) != 0)
    value += LOAD4 (bias, column4);
  if ((EPILOGUE & GEMM_GELU) != 0)
    gelu (value, slope);
  if ((EPILOGUE & GEMM_QUICK_GELU) != 0)
    quick_gelu (value, slope);
  if ((EPILOGUE & GEMM_RESIDUAL) != 0)
    value += LOAD4 (other, at);
  if ((EPILOGUE & GEMM_TIMES) != 0)
    value *= LOAD4 (other, at);
  if ((EPILOGUE & GEMM_ACCUMULATE) != 0)
    value += BEFORE (at);
  slope = mask_tail (slope, column4, push.n);
  return mask_tail (value, column4, push.n);
}

void
finish (uint row, uint column4, vec4 sum)
{
  vec4 slope;
  uint at = row * stride4 (push.n) + column4;
  c_out[at] = outcome (at, column4, sum, slope);
  if ((EPILOGUE & GEMM_SLOPE) != 0)
    slope_out[at] = slope;
}

#if READ_TEXEL
// The same for eight, where their place is on 32 bytes.
void
finish8 (uint row, uint column4, vec4 sum0, vec4 sum1)
{
  vec4 slope0, slope1;
  uint at = row * stride4 (push.n) + column4;
  c8_out[at / 2] = pack8 (outcome (at, column4, sum0, slope0), outcome (at + 1, column4 + 1, sum1, slope1));
  if ((EPILOGUE & GEMM_SLOPE) != 0)
    slope8_out[at / 2] = pack8 (slope0, slope1);
}
#endif

#if READ_TEXEL
#include "gemm_register.glsl"
#else
#include "gemm_tile.glsl"
#endif
