/* Buffers and the tensors in them. */
#include "compute/private.h"

#include <string.h>

/* Memory types in order of preference; on CPU and integrated devices all of them are mapped. */
static const VkMemoryPropertyFlags preferences[][3] = {
  [GPU_MEMORY_DEVICE] = { VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0, 0 },
  [GPU_MEMORY_UPLOAD] = { VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT
                              | VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT,
                          VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT
                              | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
                          0 },
  [GPU_MEMORY_READBACK] = { VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT
                                | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT
                                | VK_MEMORY_PROPERTY_HOST_CACHED_BIT,
                            VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT
                                | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
                            0 },
};

static int
find_memory_type (GpuDevice *device, guint32 allowed, VkMemoryPropertyFlags wanted)
{
  for (guint i = 0; i < device->memory.memoryTypeCount; i++)
    if ((allowed & (1u << i)) && (device->memory.memoryTypes[i].propertyFlags & wanted) == wanted)
      return (int) i;
  return -1;
}

static VkResult
allocate (GpuBuffer *buffer, GpuMemory memory)
{
  GpuDevice *device = buffer->device;
  VkMemoryRequirements needs;
  device->vk.vkGetBufferMemoryRequirements (device->handle, buffer->handle, &needs);

  VkResult result = VK_ERROR_OUT_OF_DEVICE_MEMORY;
  for (guint i = 0; i < 3 && result != VK_SUCCESS; i++)
    {
      VkMemoryPropertyFlags wanted = preferences[memory][i];
      if (!wanted && memory != GPU_MEMORY_DEVICE)
        break;
      int type = find_memory_type (device, needs.memoryTypeBits, wanted);
      if (type < 0)
        continue;
      result = device->vk.vkAllocateMemory (
          device->handle,
          &(VkMemoryAllocateInfo){ .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
                                   .allocationSize = needs.size,
                                   .memoryTypeIndex = (guint32) type },
          NULL, &buffer->memory);
      if (result == VK_SUCCESS
          && (device->memory.memoryTypes[type].propertyFlags & VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT)
          && (device->memory.memoryTypes[type].propertyFlags
              & VK_MEMORY_PROPERTY_HOST_COHERENT_BIT))
        result = device->vk.vkMapMemory (device->handle, buffer->memory, 0, VK_WHOLE_SIZE, 0,
                                         (void **) &buffer->mapped);
      if (result != VK_SUCCESS && buffer->memory)
        {
          device->vk.vkFreeMemory (device->handle, buffer->memory, NULL);
          buffer->memory = VK_NULL_HANDLE;
          buffer->mapped = NULL;
        }
    }
  if (result == VK_SUCCESS)
    {
      buffer->taken = needs.size;
      device->allocated += needs.size;
      device->allocations++;
    }
  if (result == VK_SUCCESS)
    result = device->vk.vkBindBufferMemory (device->handle, buffer->handle, buffer->memory, 0);
  return result;
}

static void
record_zero (GpuDevice *device, VkCommandBuffer commands, gpointer data)
{
  device->vk.vkCmdFillBuffer (commands, ((GpuBuffer *) data)->handle, 0, VK_WHOLE_SIZE, 0);
}

typedef struct
{
  guint8 *begin;
  gsize bytes;
} Span;

static gpointer
clear_span (gpointer data)
{
  const Span *span = data;
  memset (span->begin, 0, span->bytes);
  return NULL;
}

/* The first touch of memory is what takes its time, 2 GB/s a core: all cores share it. */
static void
clear_mapped (GpuBuffer *buffer)
{
  enum
  {
    MOST_SPANS = 16,
    WORTH_A_THREAD = 16 << 20
  };
  const gsize n =
      CLAMP (buffer->size / WORTH_A_THREAD, 1, MIN (g_get_num_processors (), MOST_SPANS));
  const gsize bytes = buffer->size / n;
  Span spans[MOST_SPANS];
  GThread *threads[MOST_SPANS];
  for (gsize i = 0; i < n; i++)
    spans[i] = (Span){ buffer->mapped + i * bytes, i + 1 < n ? bytes : buffer->size - i * bytes };
  for (gsize i = 1; i < n; i++)
    threads[i] = g_thread_new ("clear", clear_span, &spans[i]);
  clear_span (&spans[0]);
  for (gsize i = 1; i < n; i++)
    g_thread_join (threads[i]);
}

static gboolean
clear (GpuBuffer *buffer, GError **error)
{
  if (!buffer->mapped)
    return gpu_device_run_once (buffer->device, record_zero, buffer, error);
  clear_mapped (buffer);
  return TRUE;
}

/* CPU drivers promise any memory and are killed when it is used: what exceeds the system's is refused
 * here. Cards refuse by themselves. */
static gboolean
has_room (GpuDevice *device, guint64 bytes, GError **error)
{
  const guint64 all = device->info.memory_bytes;
  if (device->info.type != GPU_TYPE_CPU || bytes <= all - MIN (all, device->allocated))
    return TRUE;
  g_set_error (error, GPU_ERROR, GPU_ERROR_MEMORY,
               "%s: %.1f MiB beside the %.1f MiB in use are more than the system's %.1f MiB: use a "
               "smaller batch or model",
               device->info.name, bytes / 1048576.0, device->allocated / 1048576.0,
               all / 1048576.0);
  return FALSE;
}

GpuBuffer *
gpu_buffer_new (GpuDevice *device, guint64 bytes, GpuMemory memory, GError **error)
{
  if (bytes > device->info.max_allocation_bytes)
    {
      g_set_error (error, GPU_ERROR, GPU_ERROR_LIMIT,
                   "%s: %.1f MiB in one piece is more than its %.1f MiB: use a smaller batch or "
                   "model",
                   device->info.name, bytes / 1048576.0,
                   device->info.max_allocation_bytes / 1048576.0);
      return NULL;
    }

  if (!has_room (device, bytes, error))
    return NULL;

  g_autoptr (GpuBuffer) buffer = g_new0 (GpuBuffer, 1);
  g_atomic_ref_count_init (&buffer->refs);
  buffer->device = gpu_device_ref (device);
  buffer->size = MAX ((bytes + 255) & ~255ull, 256);
  VkResult result = device->vk.vkCreateBuffer (
      device->handle,
      &(VkBufferCreateInfo){
          .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
          .size = buffer->size,
          .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_STORAGE_TEXEL_BUFFER_BIT
                   | VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT,
      },
      NULL, &buffer->handle);
  if (result == VK_SUCCESS)
    result = allocate (buffer, memory);
  g_autofree char *doing = g_strdup_printf ("allocating %.1f MiB", buffer->size / 1048576.0);
  if (!gpu_check (device, result, doing, error))
    return NULL;

  return clear (buffer, error) ? g_steal_pointer (&buffer) : NULL;
}

GpuBuffer *
gpu_buffer_ref (GpuBuffer *buffer)
{
  g_atomic_ref_count_inc (&buffer->refs);
  return buffer;
}

void
gpu_buffer_unref (GpuBuffer *buffer)
{
  if (!buffer || !g_atomic_ref_count_dec (&buffer->refs))
    return;
  GpuDevice *device = buffer->device;
  if (buffer->memory)
    device->allocated -= buffer->taken;
  device->vk.vkDestroyBuffer (device->handle, buffer->handle, NULL);
  device->vk.vkFreeMemory (device->handle, buffer->memory, NULL);
  gpu_device_unref (device);
  g_free (buffer);
}

guint64
gpu_buffer_get_size (const GpuBuffer *buffer)
{
  return buffer->size;
}

guint64
gpu_tensor_footprint (guint rows, guint cols)
{
  guint64 bytes = gpu_tensor_bytes ((GpuTensor){ .rows = rows, .cols = cols });
  return (bytes + GPU_TENSOR_ALIGN - 1) & ~(guint64) (GPU_TENSOR_ALIGN - 1);
}

void *
gpu_tensor_map (GpuTensor tensor)
{
  return tensor.buffer->mapped ? tensor.buffer->mapped + tensor.offset : NULL;
}

typedef struct
{
  GpuBuffer *from, *to;
  VkBufferCopy region;
} Copy;

static void
record_copy (GpuDevice *device, VkCommandBuffer commands, gpointer data)
{
  const Copy *copy = data;
  device->vk.vkCmdCopyBuffer (commands, copy->from->handle, copy->to->handle, 1, &copy->region);
}

/* A mapped image of the tensor: its own memory, or a buffer to copy through. */
static guint8 *
stage (GpuTensor tensor, GpuMemory memory, GpuBuffer **staging, GError **error)
{
  if (tensor.buffer->mapped)
    return gpu_tensor_map (tensor);
  *staging = gpu_buffer_new (tensor.buffer->device, gpu_tensor_bytes (tensor), memory, error);
  return *staging ? (*staging)->mapped : NULL;
}

gboolean
gpu_tensor_upload (GpuTensor tensor, const void *values, GError **error)
{
  g_autoptr (GpuBuffer) staging = NULL;
  const guint8 *from = values;
  guint8 *to = stage (tensor, GPU_MEMORY_UPLOAD, &staging, error);
  if (!to)
    return FALSE;

  gsize tight = (gsize) tensor.cols * 4, wide = (gsize) gpu_tensor_stride (tensor) * 4;
  gsize tail = (gpu_width (tensor.cols) - tensor.cols) * 4;
  for (guint row = 0; row < tensor.rows; row++)
    {
      memcpy (to + row * wide, from + row * tight, tight);
      memset (to + row * wide + tight, 0, tail);
    }
  if (!staging)
    return TRUE;
  Copy copy = { staging, tensor.buffer, { 0, tensor.offset, gpu_tensor_bytes (tensor) } };
  return gpu_device_run_once (tensor.buffer->device, record_copy, &copy, error);
}

gboolean
gpu_tensor_download (GpuTensor tensor, void *values, GError **error)
{
  g_autoptr (GpuBuffer) staging = NULL;
  guint8 *to = values;
  const guint8 *from = stage (tensor, GPU_MEMORY_READBACK, &staging, error);
  if (!from)
    return FALSE;
  if (staging)
    {
      Copy copy = { tensor.buffer, staging, { tensor.offset, 0, gpu_tensor_bytes (tensor) } };
      if (!gpu_device_run_once (tensor.buffer->device, record_copy, &copy, error))
        return FALSE;
    }
  gsize tight = (gsize) tensor.cols * 4, wide = (gsize) gpu_tensor_stride (tensor) * 4;
  for (guint row = 0; row < tensor.rows; row++)
    memcpy (to + row * tight, from + row * wide, tight);
  return TRUE;
}
