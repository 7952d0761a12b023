#version 460
// C[M,N] = epilogue (alpha A[M,K] B[K,N])
#extension GL_GOOGLE_include_directive : require
#define LAYOUT_NN 1
#include "gemm.glsl"
