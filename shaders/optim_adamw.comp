#version 460
//   g     = grad min (1, clip / norm) where clip > 0
//   theta = theta (1 - lr decay);  m = b1 m + (1-b1) g;  v = b2 v + (1-b2) g^2
//   theta = theta - lr (m c1) / (sqrt (v c2) + eps)
// theta and m are bound twice, to be read as fast as the device can; each element is read and
// written by the same lane.
#extension GL_GOOGLE_include_directive : require
#include "abi/optim.h"
#include "read.glsl"
#include "slab.glsl"

layout (local_size_x_id = 0) in;

IN4 (0, Gradient_, gradient);
IN4 (1, Norm_, norm);
IN4 (2, Scalars_, scalars);
IN4 (3, ThetaIn_, theta_in);
IN4 (4, MIn_, m_in);
OUT4 (5, Theta_, theta);
OUT4 (6, M_, m);
UPDATE4 (7, V_, v);

// Where eps is 0, elements without any gradient so far stay as they are.
const float SMALLEST = 1e-30;

void
main ()
{
  uint n4 = width4 (push.n);
  vec4 step_scalars = LOAD4 (scalars, 0);
  float lr = step_scalars[OPTIM_LR], c1 = step_scalars[OPTIM_C1], c2 = step_scalars[OPTIM_C2];
  float length = LOAD4 (norm, 0).x;
  float shrink = push.clip > 0 && length > push.clip ? push.clip / length : 1.0;
  for (uint round = 0; round < OPTIM_ROUNDS; round++)
    {
      uint at = SLAB_INDEX (round);
      if (at >= n4)
        return;
      vec4 g = shrink * LOAD4 (gradient, at);
      vec4 m1 = push.beta1 * LOAD4 (m_in, at) + (1 - push.beta1) * g;
      vec4 v1 = push.beta2 * v[at] + (1 - push.beta2) * (g * g);
      vec4 scale = max (sqrt (v1 * c2) + push.eps, SMALLEST);
      theta[at] = LOAD4 (theta_in, at) * (1 - lr * push.decay) - lr * (m1 * c1) / scale;
      m[at] = m1;
      v[at] = v1;
    }
}
