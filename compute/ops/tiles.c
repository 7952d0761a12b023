/* The tables of tiles, and the choice among their rows. No card has run these kernels yet: the
 * figures follow what fast kernels of this kind do, and wait for a measurement. */
#include "compute/ops/tiles.h"

#include "shaders/abi/attention.h"

const GpuGemmTile gpu_gemm_tiles[] = {
  /* 256 invocations, 32 KiB: 64 results for 16 loads from shared memory. For large products. */
  { "128x128", 128, 128, 16, 8, 8, 1, 32 },
  /* 128 invocations, 24 KiB: the same ratio where C is narrow or shared memory is. */
  { "128x64", 128, 64, 16, 8, 8, 1, 32 },
  /* 128 invocations, 16 KiB: twice as many tiles for products of a middling size. */
  { "64x64", 64, 64, 16, 8, 4, 1, 32 },
  /* 256 invocations, 16 KiB: 16 results each. Narrow subgroups have few registers a lane, and wide
   * tiles would spill (Intel: 64 floats at 16 lanes). */
  { "64x64-narrow", 64, 64, 16, 4, 4, 1, 1 },
  /* 256 invocations, 16 KiB: four parties of 64 take every fourth part of a slice of k and add up
   * in order. For small C with long k, such as the gradients of weights. */
  { "32x32", 32, 32, 32, 4, 4, 4, 1 },
};
const guint gpu_n_gemm_tiles = G_N_ELEMENTS (gpu_gemm_tiles);

const GpuAttentionTile gpu_attention_tiles[] = {
  /* 128 invocations, 22 KiB: what is staged of the other side serves twice as many rows. */
  { "64-rows", 64 },
  /* 64 invocations, 13 KiB: for short sequences, and to have more workgroups. */
  { "32-rows", 32 },
};
const guint gpu_n_attention_tiles = G_N_ELEMENTS (gpu_attention_tiles);

guint
gpu_gemm_tile_lanes (const GpuGemmTile *tile)
{
  return tile->rows / tile->own_rows * (tile->cols / tile->own_cols) * tile->groups;
}

guint
gpu_gemm_tile_shared (const GpuGemmTile *tile)
{
  guint slices = 2 * tile->depth * (tile->rows + tile->cols); /* one is used, one is loaded */
  guint sums = tile->groups > 1 ? tile->groups * tile->rows * tile->cols : 0;
  return 4 * MAX (slices, sums);
}

guint
gpu_attention_tile_lanes (const GpuAttentionTile *tile)
{
  return tile->rows / 4 * (ATTENTION_TILE / 4);
}

guint
gpu_attention_tile_shared (const GpuAttentionTile *tile)
{
  guint operands = ATTENTION_TILE * (tile->rows + ATTENTION_TILE);
  guint scores = ATTENTION_TILE * tile->rows, parts = ATTENTION_TILE / 4 * tile->rows;
  return 4 * (operands + scores + parts);
}

/* Workgroups that keep a device busy. Vulkan does not tell how many cores there are: large cards
 * have a hundred, integrated ones a tenth of that. */
static guint
enough_groups (const GpuDeviceInfo *info)
{
  switch (info->type)
    {
    case GPU_TYPE_DISCRETE:
      return 128;
    case GPU_TYPE_CPU:
      return 1;
    default:
      return 24;
    }
}

static gboolean
fits (const GpuDeviceInfo *info, guint lanes, guint shared)
{
  return lanes <= info->max_invocations && shared <= info->max_shared_bytes;
}

/* At most a quarter of what is computed lies beyond the edges. */
static gboolean
is_dense (guint64 computed, guint64 wanted)
{
  return 4 * computed <= 5 * wanted;
}

const GpuGemmTile *
gpu_gemm_tile_for (const GpuDeviceInfo *info, guint m, guint n)
{
  const guint last = gpu_n_gemm_tiles - 1;
  for (guint i = 0; i < last; i++)
    {
      const GpuGemmTile *tile = &gpu_gemm_tiles[i];
      guint64 down = (m + tile->rows - 1) / tile->rows, across = (n + tile->cols - 1) / tile->cols;
      if (fits (info, gpu_gemm_tile_lanes (tile), gpu_gemm_tile_shared (tile))
          && info->subgroup_size >= tile->subgroup && down * across >= enough_groups (info)
          && is_dense (down * tile->rows * across * tile->cols, (guint64) m * n))
        return tile;
    }
  return &gpu_gemm_tiles[last];
}

const GpuAttentionTile *
gpu_attention_tile_for (const GpuDeviceInfo *info, guint tokens, guint heads)
{
  const guint last = gpu_n_attention_tiles - 1;
  for (guint i = 0; i < last; i++)
    {
      const GpuAttentionTile *tile = &gpu_attention_tiles[i];
      guint64 blocks = (tokens + tile->rows - 1) / tile->rows;
      if (fits (info, gpu_attention_tile_lanes (tile), gpu_attention_tile_shared (tile))
          && blocks * heads >= enough_groups (info) && is_dense (blocks * tile->rows, tokens))
        return tile;
    }
  return &gpu_attention_tiles[last];
}

/* The row that a test asks for, or none. A dry stream has no device, and any row will do. */
static gboolean
is_given (GpuDevice *device, guint rows, guint *row)
{
  guint forced = device ? gpu_device_get_tile (device) : rows;
  *row = MIN (forced, rows) - 1;
  return forced > 0;
}

const GpuGemmTile *
gpu_gemm_tile (GpuDevice *device, guint m, guint n)
{
  guint row;
  return is_given (device, gpu_n_gemm_tiles, &row)
             ? &gpu_gemm_tiles[row]
             : gpu_gemm_tile_for (gpu_device_get_info (device), m, n);
}

const GpuAttentionTile *
gpu_attention_tile (GpuDevice *device, guint tokens, guint heads)
{
  guint row;
  return is_given (device, gpu_n_attention_tiles, &row)
             ? &gpu_attention_tiles[row]
             : gpu_attention_tile_for (gpu_device_get_info (device), tokens, heads);
}
