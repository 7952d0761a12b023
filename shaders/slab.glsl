// Kernels over slabs: a workgroup works through OPTIM_ROUNDS runs of one vec4 a lane.
#define SLAB_INDEX(round)                                                                          \
  ((LINEAR_GROUP * OPTIM_ROUNDS + (round)) * gl_WorkGroupSize.x + gl_LocalInvocationID.x)
