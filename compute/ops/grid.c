#include "compute/ops/grid.h"

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
gpu_grid_items (GpuStream *stream, GpuDispatch *dispatch, guint64 items)
{
  guint lanes = gpu_grid_lanes (stream);
  guint64 groups = (items + lanes - 1) / lanes;
  guint64 folds = (groups + MAX_GROUPS - 1) / MAX_GROUPS;
  if (folds > MAX_GROUPS)
    gpu_stream_fail (stream, GPU_ERROR_LIMIT,
                     "%" G_GUINT64_FORMAT " elements are too many for one kernel: use a smaller "
                     "batch or model",
                     items);
  dispatch->spec[0] = lanes;
  dispatch->groups[0] = (guint) ((groups + MAX (folds, 1) - 1) / MAX (folds, 1));
  dispatch->groups[1] = (guint) folds;
}
