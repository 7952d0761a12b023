#version 460
// teacher = momentum teacher + (1 - momentum) student
#extension GL_GOOGLE_include_directive : require
#include "abi/optim.h"
#include "read.glsl"
#include "slab.glsl"

layout (local_size_x_id = 0) in;

IN4 (0, Student_, student);
IN4 (1, Scalars_, scalars);
IN4 (2, TeacherIn_, teacher_in);
OUT4 (3, Teacher_, teacher);

void
main ()
{
  uint n4 = width4 (push.n);
  float momentum = LOAD4 (scalars, 0)[OPTIM_MOMENTUM];
  for (uint round = 0; round < OPTIM_ROUNDS; round++)
    {
      uint at = SLAB_INDEX (round);
      if (at >= n4)
        return;
      teacher[at] = momentum * LOAD4 (teacher_in, at) + (1 - momentum) * LOAD4 (student, at);
    }
}
