/* Workgroups and tiles of the kernels that stage in shared memory, for devices that are not CPUs.
 *
 * What a fast tile is depends on the device (shared memory, invocations, registers) and on the shape
 * (enough tiles to fill the device, few elements beyond the edges). The tables in tiles.c hold the
 * candidates, best first; the last row of each runs on the floor of limits. The choice follows from
 * properties and shapes alone, so that the same device gives the same bits.
 */
#pragma once

#include "compute/stream.h"

G_BEGIN_DECLS

/* A workgroup computes rows x cols of C from slices of depth k in shared memory, an invocation
 * own_rows x own_cols of them; `groups` parties of invocations share the depth of a slice. */
typedef struct
{
  const char *name;
  guint rows, cols, depth;
  guint own_rows, own_cols;
  guint groups;
  guint subgroup; /* smallest subgroup size of devices that have the registers for it */
} GpuGemmTile;

/* A workgroup owns so many rows (queries or keys) of a head, an invocation 4 x 4 of their scores with
 * ATTENTION_TILE rows of the other side. */
typedef struct
{
  const char *name;
  guint rows;
} GpuAttentionTile;

extern const GpuGemmTile gpu_gemm_tiles[];
extern const guint gpu_n_gemm_tiles;
extern const GpuAttentionTile gpu_attention_tiles[];
extern const guint gpu_n_attention_tiles;

/* Invocations of a workgroup, and bytes of shared memory that its kernel declares. */
guint gpu_gemm_tile_lanes (const GpuGemmTile *tile);
guint gpu_gemm_tile_shared (const GpuGemmTile *tile);
guint gpu_attention_tile_lanes (const GpuAttentionTile *tile);
guint gpu_attention_tile_shared (const GpuAttentionTile *tile);

/* For C of m x n; and for so many heads of this many tokens. device: NULL of a dry stream. */
const GpuGemmTile *gpu_gemm_tile (GpuDevice *device, guint m, guint n);
const GpuAttentionTile *gpu_attention_tile (GpuDevice *device, guint tokens, guint heads);

/* The choice itself, by a device's limits. */
const GpuGemmTile *gpu_gemm_tile_for (const GpuDeviceInfo *info, guint m, guint n);
const GpuAttentionTile *gpu_attention_tile_for (const GpuDeviceInfo *info, guint tokens,
                                                guint heads);

G_END_DECLS
