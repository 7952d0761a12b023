/* Grids of one invocation an item: rows, elements, or columns. */
#pragma once

#include "compute/stream.h"

G_BEGIN_DECLS

/* Sets specialisation constant 0 (local_size_x) and the workgroups for this many invocations, folded
 * into y where x alone is too short; kernels use LINEAR_INVOCATION and guard. On CPU devices a
 * workgroup is one subgroup, elsewhere 64 invocations. */
void gpu_grid_items (GpuStream *stream, GpuDispatch *dispatch, guint64 items);

/* Invocations in such a workgroup. */
guint gpu_grid_lanes (GpuStream *stream);

G_END_DECLS
