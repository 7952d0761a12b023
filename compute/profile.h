/* Where a stream's time goes: rows by kernel, or by kernel and shape. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  const char *kernel;
  guint shape[3]; /* M, N, K of a product; batch * heads, tokens, head width of attention; else 0 */
  guint calls;
  guint64 nanoseconds;
  guint64 flops;
  guint64 bytes; /* of memory traffic */
} GpuProfileRow;

typedef enum
{
  GPU_PROFILE_KERNELS, /* a row a kernel, whatever the shapes */
  GPU_PROFILE_SHAPES,  /* a row a kernel and shape */
} GpuProfileDetail;

/* Of GpuProfileRow; free with g_array_unref. */
GArray *gpu_profile_new (void);

/* Adds to the row of that kernel (and shape), or makes it. */
void gpu_profile_add (GArray *profile, const GpuProfileRow *row, GpuProfileDetail detail);

/* Longest first. */
void gpu_profile_sort (GArray *profile);

/* Nanoseconds of all rows. */
guint64 gpu_profile_total (const GArray *profile);

G_END_DECLS
