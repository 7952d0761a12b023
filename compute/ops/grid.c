#include "compute/ops/grid.h"

#include "shaders/abi/abi.h"

#define MAX_GROUPS 65535 /* every device's maxComputeWorkGroupCount */

guint
gpu_grid_lanes (GpuStream *stream)
{
  GpuDevice *device = gpu_stream_get_device (stream);
  if (!device)
    return 64;
  const GpuDeviceInfo *info = gpu_device_get_info (device);
  return info->type == GPU_TYPE_CPU ? MAX (info->subgroup_size, 1) : 64;
}

void
gpu_grid_groups (GpuStream *stream, GpuDispatch *dispatch, guint64 groups, guint lanes)
{
  guint64 folds = MAX ((groups + MAX_GROUPS - 1) / MAX_GROUPS, 1);
  if (folds > MAX_GROUPS)
    gpu_stream_fail (stream, GPU_ERROR_LIMIT,
                     "%" G_GUINT64_FORMAT " workgroups are too many for one kernel: use a smaller "
                     "batch or model",
                     groups);
  dispatch->spec[0] = lanes;
  dispatch->groups[0] = (guint) ((groups + folds - 1) / folds);
  dispatch->groups[1] = (guint) folds;
}

void
gpu_grid_items (GpuStream *stream, GpuDispatch *dispatch, guint64 items)
{
  guint lanes = gpu_grid_lanes (stream);
  gpu_grid_groups (stream, dispatch, (items + lanes - 1) / lanes, lanes);
}

guint
gpu_grid_row_lanes (guint cols)
{
  guint lanes = 32; /* most cards' subgroup */
  while (lanes < MAX_ROW_LANES && 4 * lanes < cols)
    lanes *= 2;
  return lanes;
}

gboolean
gpu_grid_lane_owns_row (GpuStream *stream)
{
  GpuDevice *device = gpu_stream_get_device (stream);
  return device && gpu_device_get_read (device) == GPU_READ_TEXEL;
}

void
gpu_grid_rows (GpuStream *stream, GpuDispatch *dispatch, guint rows, guint cols)
{
  if (gpu_grid_lane_owns_row (stream))
    gpu_grid_items (stream, dispatch, rows);
  else
    gpu_grid_groups (stream, dispatch, rows, gpu_grid_row_lanes (cols));
}
