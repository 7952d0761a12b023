/* Device memory and the one shape that kernels see: a matrix of 4-byte elements.
 *
 * A row of a tensor starts on a 16-byte boundary. Its width is the number of columns rounded up to 4,
 * and every kernel that writes a row writes zeros behind its last column. So kernels read whole
 * vec4s of any width without tails, and a sum over a padded row is exact. A vector is one row. The
 * stride from row to row is the width or, where that would be bad for caches, a little more.
 * More dimensions are a convention of the caller: [B*T, C] for a batch of token sequences.
 *
 * Tensors are values that borrow their buffer; offsets are multiples of 256 bytes, which satisfies
 * every device's alignment for storage and texel bindings.
 */
#pragma once

#include "compute/device.h"

G_BEGIN_DECLS

typedef enum
{
  GPU_MEMORY_DEVICE,   /* fastest for kernels */
  GPU_MEMORY_UPLOAD,   /* mapped, written by the host, read by kernels */
  GPU_MEMORY_READBACK, /* mapped and cached, written by kernels, read by the host */
} GpuMemory;

typedef struct _GpuBuffer GpuBuffer;

typedef struct
{
  GpuBuffer *buffer;
  guint64 offset; /* bytes */
  guint rows;
  guint cols;
} GpuTensor;

#define GPU_TENSOR_ALIGN 256

/* Zero-filled. Fails with GPU_ERROR_MEMORY or GPU_ERROR_LIMIT. */
GpuBuffer *gpu_buffer_new (GpuDevice *device, guint64 bytes, GpuMemory memory, GError **error);
GpuBuffer *gpu_buffer_ref (GpuBuffer *buffer);
void gpu_buffer_unref (GpuBuffer *buffer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GpuBuffer, gpu_buffer_unref)
guint64 gpu_buffer_get_size (const GpuBuffer *buffer);

/* Host address of a mapped buffer's tensor, or NULL where the memory is not mapped. */
void *gpu_tensor_map (GpuTensor tensor);

/* Elements of a row: its columns and the zeros behind them. width4 () of shaders/read.glsl. */
static inline guint
gpu_width (guint cols)
{
  return (cols + 3) & ~3u;
}

/* Elements from row to row. Rows of a multiple of 512 bytes get 64 bytes more, which no kernel reads or
 * writes: else the rows of a tile would meet in a few sets of the cache. stride4 () of the same file. */
static inline guint
gpu_stride (guint cols)
{
  guint width = gpu_width (cols);
  return width && width % 128 == 0 ? width + 16 : width;
}

static inline guint
gpu_tensor_stride (GpuTensor tensor)
{
  return gpu_stride (tensor.cols);
}

/* From the first element to the end of the last row's width. */
static inline guint64
gpu_tensor_bytes (GpuTensor tensor)
{
  if (tensor.rows == 0)
    return 0;
  return ((tensor.rows - 1ull) * gpu_tensor_stride (tensor) + gpu_width (tensor.cols)) * 4;
}

/* Bytes a tensor of this shape takes in a slab or an arena: rounded up to GPU_TENSOR_ALIGN. */
guint64 gpu_tensor_footprint (guint rows, guint cols);

/* Tight host rows (rows * cols elements) to and from the device; waits. Not while a stream that uses
 * the tensor runs. */
gboolean gpu_tensor_upload (GpuTensor tensor, const void *values, GError **error);
gboolean gpu_tensor_download (GpuTensor tensor, void *values, GError **error);

G_END_DECLS
