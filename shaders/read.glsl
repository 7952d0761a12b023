// How a kernel reads float tensors: the one build axis. IN4 declares binding `slot` as rows of vec4
// and LOAD4 fetches the i-th vec4. Texel buffers are inlined and branch-free on CPU drivers; storage
// buffers are right on every device. (compute/README.md, "Reading buffers")
#extension GL_EXT_control_flow_attributes : require

#if READ_TEXEL
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#define IN4(slot, block, name) layout (binding = slot, rgba32f) readonly uniform imageBuffer name
#define LOAD4(name, i) imageLoad (name, int (i))
#else
#define IN4(slot, block, name) layout (std430, binding = slot) readonly buffer block { vec4 name[]; }
#define LOAD4(name, i) name[i]
#endif

// One float of a tensor of vec4s.
#define LOAD1(name, i) LOAD4 (name, (i) >> 2)[(i) & 3u]

#define OUT4(slot, block, name) layout (std430, binding = slot) writeonly buffer block { vec4 name[]; }
#define UPDATE4(slot, block, name) layout (std430, binding = slot) buffer block { vec4 name[]; }

// Two vec4s in one store. On CPU drivers a store is a loop over the lanes, so half as many stores are
// half the time; every device with texel reads has 64-bit integers.
#if READ_TEXEL
#extension GL_ARB_gpu_shader_int64 : require
#define OUT8(slot, block, name) layout (std430, binding = slot) writeonly buffer block { u64vec4 name[]; }

u64vec4
pack8 (vec4 a, vec4 b)
{
  uvec4 x = floatBitsToUint (a), y = floatBitsToUint (b);
  return u64vec4 (packUint2x32 (x.xy), packUint2x32 (x.zw), packUint2x32 (y.xy), packUint2x32 (y.zw));
}
#endif

// vec4s that hold this many columns: what one loops over and writes.
uint
width4 (uint columns)
{
  return (columns + 3u) / 4u;
}

// vec4s from row to row: gpu_stride () of compute/tensor.h.
uint
stride4 (uint columns)
{
  uint width = width4 (columns);
  return width > 0 && width % 32u == 0 ? width + 4u : width;
}

// A linear index over a grid that may be folded into y where x alone is too short.
#define LINEAR_GROUP (gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x)
#define LINEAR_INVOCATION (LINEAR_GROUP * gl_WorkGroupSize.x + gl_LocalInvocationID.x)

// Zeros behind the last column: what every kernel writes there.
vec4
mask_tail (vec4 value, uint column4, uint columns)
{
  uvec4 column = column4 * 4u + uvec4 (0, 1, 2, 3);
  return mix (vec4 (0), value, lessThan (column, uvec4 (columns)));
}
