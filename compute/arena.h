/* Memory by lifetimes.
 *
 * Work is planned by running its recording code twice: once with a dry arena, which has no device
 * and only learns how much is alive at the worst moment, then again after gpu_arena_commit() has
 * made buffers of just that size. Because recording order is execution order, a tensor may be freed
 * as soon as its last reader is recorded; the next allocation takes its place and the stream orders
 * the two. Blocks never exceed the device's largest allocation.
 */
#pragma once

#include "compute/tensor.h"

G_BEGIN_DECLS

typedef struct _GpuArena GpuArena;

/* block_bytes: the largest buffer to make; 0 means 1 GiB. */
GpuArena *gpu_arena_new (guint64 block_bytes);
void gpu_arena_free (GpuArena *arena);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GpuArena, gpu_arena_free)

/* Makes the buffers that the dry run asked for and forgets its tensors. */
gboolean gpu_arena_commit (GpuArena *arena, GpuDevice *device, GError **error);

GpuTensor gpu_arena_take (GpuArena *arena, guint rows, guint cols);
void gpu_arena_give (GpuArena *arena, GpuTensor tensor);

/* Bytes of the largest tensor ever taken. */
guint64 gpu_arena_get_largest (const GpuArena *arena);

/* Bytes of all blocks: the forecast while dry, the truth after commit. */
guint64 gpu_arena_get_bytes (const GpuArena *arena);

G_END_DECLS
