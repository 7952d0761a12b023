#version 460
// C[M,N] = epilogue (alpha A[M,K] B[N,K]^T)
#extension GL_GOOGLE_include_directive : require
#define LAYOUT_NT 1
#include "gemm.glsl"
