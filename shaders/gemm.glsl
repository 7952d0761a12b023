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

// Four sums of one row become four elements of C.
void
finish (uint row, uint column4, vec4 sum)
{
  uint n4 = stride4 (push.n);
  uint at = row * n4 + column4;
  vec4 value = push.alpha * sum;
  if ((EPILOGUE & GEMM_BIAS) != 0)
    value += LOAD4 (bias, column4);
  if ((EPILOGUE & GEMM_SAVE) != 0)
    save[at] = mask_tail (value, column4, push.n);
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
  c_out[at] = mask_tail (value, column4, push.n);
}

#if READ_TEXEL
#include "gemm_register.glsl"
#else
#include "gemm_tile.glsl"
#endif
