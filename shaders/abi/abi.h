/* The contract of C and GLSL: push constants are declared once, in 4-byte scalars. */
#ifndef PENUMBRA_ABI_H
#define PENUMBRA_ABI_H

#ifdef VULKAN
#define ABI_PUSH(name) layout (push_constant, std430) uniform name {
#define ABI_END(name) } push;
#else
#include <stdint.h>
#include <sys/types.h>
#define ABI_PUSH(name) typedef struct {
#define ABI_END(name) } name;
#endif

/* The largest workgroup that owns a row, see shaders/row.glsl. */
#define MAX_ROW_LANES 256

#endif
