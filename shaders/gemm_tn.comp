#version 460
// C[M,N] = epilogue (alpha A[K,M]^T B[K,N])
#extension GL_GOOGLE_include_directive : require
#define LAYOUT_TN 1
#include "gemm.glsl"
