/* Attention in double, after compute/ops/attention.h. */
#pragma once

#include "compute/ops/attention.h"

/* qkv [B*T,3C], C = heads * head_width. o [B*T,C], lse [B*H,T], a [B,T-1]; each may be NULL. */
void ref_attention (double *o, double *lse, double *a, const double *qkv, const GpuAttention *shape,
                    guint head_width);

/* dqkv [B*T,3C] is written; da may be NULL. */
void ref_attention_backward (double *dqkv, const double *d_o, const double *da, const double *qkv,
                             const GpuAttention *shape, guint head_width);
