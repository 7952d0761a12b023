/* Grids of one invocation an item (rows, elements, columns) or of one workgroup a row. */
#pragma once

#include "compute/stream.h"

G_BEGIN_DECLS

/* Sets specialisation constant 0 (local_size_x) and the workgroups for this many invocations, folded
 * into y where x alone is too short; kernels use LINEAR_INVOCATION and guard. On CPU devices a
 * workgroup is one subgroup, elsewhere 64 invocations. */
void gpu_grid_items (GpuStream *stream, GpuDispatch *dispatch, guint64 items);

/* Invocations in such a workgroup. */
guint gpu_grid_lanes (GpuStream *stream);

/* The same for so many workgroups of so many lanes; kernels use LINEAR_GROUP. */
void gpu_grid_groups (GpuStream *stream, GpuDispatch *dispatch, guint64 groups, guint lanes);

/* For kernels that work through rows with shaders/row.glsl: a lane owns a row where reads are texel
 * reads, else a workgroup does, whose lanes are a power of two and cover the columns if they can. */
gboolean gpu_grid_lane_owns_row (GpuStream *stream);
guint gpu_grid_row_lanes (guint cols);
void gpu_grid_rows (GpuStream *stream, GpuDispatch *dispatch, guint rows, guint cols);

G_END_DECLS
