/* Kernels that work through rows, see shaders/row.glsl: the largest workgroup that owns one. */
#define MAX_ROW_LANES 256
