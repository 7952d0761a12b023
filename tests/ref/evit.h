/* EViT token reorganisation in double, after compute/ops/evit.h. */
#pragma once

#include "compute/ops/evit.h"

/* order and rank [B,N-1] from a [B,N-1]. */
void ref_evit_select (gint32 *order, gint32 *rank, const double *a, const GpuEvit *shape);

/* y [B*(1+K+fuse),C] from x [B*N,C]. */
void ref_evit_gather (double *y, const double *x, const double *a, const gint32 *order,
                      const GpuEvit *shape, guint columns);

/* dx [B*N,C] and da [B,N-1], written. */
void ref_evit_gather_backward (double *dx, double *da, const double *dy, const double *x,
                               const double *a, const gint32 *order, const GpuEvit *shape,
                               guint columns);
