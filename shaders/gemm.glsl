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
IN4 (3, Residual_, residual);
UPDATE4 (4, C_, c_out);
OUT4 (5, Save_, save);
#if READ_TEXEL
OUT8 (4, C8_, c8_out);
OUT8 (5, Save8_, save8);
#endif

// What the activation is applied to.
vec4
activation_input (uint column4, vec4 sum)
{
  vec4 value = push.alpha * sum;
  if ((EPILOGUE & GEMM_BIAS) != 0)
    value += LOAD4 (bias, column4);
  return mask_tail (value, column4, push.n);
}

vec4
outcome (uint at, uint column4, vec4 value)
{
  if ((EPILOGUE & GEMM_GELU) != 0)
    value = gelu (value);
  if ((EPILOGUE & GEMM_QUICK_GELU) != 0)
    value = quick_gelu (value);
  if ((EPILOGUE & GEMM_RESIDUAL) != 0)
    value += LOAD4 (residual, at);
  if ((EPILOGUE & GEMM_GELU_GRAD) != 0)
    value *= gelu_gradient (LOAD4 (residual, at));
  if ((EPILOGUE & GEMM_QUICK_GRAD) != 0)
    value *= quick_gelu_gradient (LOAD4 (residual, at));
  if ((EPILOGUE & GEMM_ACCUMULATE) != 0)
    value += c_out[at];
  return mask_tail (value, column4, push.n);
}

// Four sums of one row become four elements of C.
void
finish (uint row, uint column4, vec4 sum)
{
  uint at = row * stride4 (push.n) + column4;
  vec4 value = activation_input (column4, sum);
  if ((EPILOGUE & GEMM_SAVE) != 0)
    save[at] = value;
  c_out[at] = outcome (at, column4, value);
}

#if READ_TEXEL
// The same for eight, where their place is on 32 bytes.
void
finish8 (uint row, uint column4, vec4 sum0, vec4 sum1)
{
  uint at = row * stride4 (push.n) + column4;
  vec4 value0 = activation_input (column4, sum0), value1 = activation_input (column4 + 1, sum1);
  if ((EPILOGUE & GEMM_SAVE) != 0)
    save8[at / 2] = pack8 (value0, value1);
  c8_out[at / 2] = pack8 (outcome (at, column4, value0), outcome (at + 1, column4 + 1, value1));
}
#endif

#if READ_TEXEL
#include "gemm_register.glsl"
#else
#include "gemm_tile.glsl"
#endif
