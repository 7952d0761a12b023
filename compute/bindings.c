/* What a stream's kernels are bound to: a descriptor set for each dispatch, with each tensor's exact
 * range, and for texel reads a view of it (compute/README.md, "Tensors"). */
#include "compute/private.h"

#define SETS_PER_POOL 256

typedef struct
{
  GpuBuffer *buffer;
  guint64 offset, bytes;
} ViewKey;

static guint
view_hash (gconstpointer data)
{
  const ViewKey *key = data;
  return g_direct_hash (key->buffer) ^ (guint) (key->offset >> 8) * 2654435761u
         ^ (guint) key->bytes;
}

static gboolean
view_equal (gconstpointer a, gconstpointer b)
{
  const ViewKey *x = a, *y = b;
  return x->buffer == y->buffer && x->offset == y->offset && x->bytes == y->bytes;
}

void
gpu_bindings_init (GpuBindings *bindings)
{
  bindings->set_pools = g_array_new (FALSE, FALSE, sizeof (VkDescriptorPool));
  bindings->views = g_hash_table_new_full (view_hash, view_equal, g_free, NULL);
  bindings->sets_left = 0;
}

void
gpu_bindings_reset (GpuBindings *bindings, GpuDevice *device)
{
  GHashTableIter iter;
  gpointer view;
  g_hash_table_iter_init (&iter, bindings->views);
  while (g_hash_table_iter_next (&iter, NULL, &view))
    device->vk.vkDestroyBufferView (device->handle, (VkBufferView) view, NULL);
  for (guint i = 0; i < bindings->set_pools->len; i++)
    device->vk.vkDestroyDescriptorPool (
        device->handle, g_array_index (bindings->set_pools, VkDescriptorPool, i), NULL);
  g_hash_table_remove_all (bindings->views);
  g_array_set_size (bindings->set_pools, 0);
  bindings->sets_left = 0;
}

void
gpu_bindings_clear (GpuBindings *bindings)
{
  g_hash_table_unref (bindings->views);
  g_array_unref (bindings->set_pools);
}

static VkBufferView
texel_view (GpuBindings *bindings, GpuDevice *device, GpuTensor tensor, GError **error)
{
  const ViewKey key = { tensor.buffer, tensor.offset, gpu_tensor_bytes (tensor) };
  VkBufferView view = g_hash_table_lookup (bindings->views, &key);
  if (view)
    return view;
  VkResult result = device->vk.vkCreateBufferView (
      device->handle,
      &(VkBufferViewCreateInfo){ .sType = VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO,
                                 .buffer = tensor.buffer->handle,
                                 .format = VK_FORMAT_R32G32B32A32_SFLOAT,
                                 .offset = tensor.offset,
                                 .range = key.bytes },
      NULL, &view);
  if (!gpu_check (device, result, "making a texel view", error))
    return VK_NULL_HANDLE;
  g_hash_table_insert (bindings->views, g_memdup2 (&key, sizeof key), view);
  return view;
}

static gboolean
add_set_pool (GpuBindings *bindings, GpuDevice *device, GError **error)
{
  const VkDescriptorPoolSize sizes[] = {
    { VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, SETS_PER_POOL * GPU_MAX_BINDINGS },
    { VK_DESCRIPTOR_TYPE_STORAGE_TEXEL_BUFFER, SETS_PER_POOL * GPU_MAX_BINDINGS },
  };
  VkDescriptorPool pool = VK_NULL_HANDLE;
  VkResult result = device->vk.vkCreateDescriptorPool (
      device->handle,
      &(VkDescriptorPoolCreateInfo){ .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
                                     .maxSets = SETS_PER_POOL,
                                     .poolSizeCount = G_N_ELEMENTS (sizes),
                                     .pPoolSizes = sizes },
      NULL, &pool);
  if (!gpu_check (device, result, "making descriptors", error))
    return FALSE;
  g_array_append_val (bindings->set_pools, pool);
  bindings->sets_left = SETS_PER_POOL;
  return TRUE;
}

static VkDescriptorSet
allocate_set (GpuBindings *bindings, GpuDevice *device, const GpuKernelLayout *layout,
              GError **error)
{
  VkDescriptorSet set = VK_NULL_HANDLE;
  if (bindings->sets_left == 0 && !add_set_pool (bindings, device, error))
    return VK_NULL_HANDLE;
  bindings->sets_left--;
  const guint newest = bindings->set_pools->len - 1;
  VkResult result = device->vk.vkAllocateDescriptorSets (
      device->handle,
      &(VkDescriptorSetAllocateInfo){
          .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
          .descriptorPool = g_array_index (bindings->set_pools, VkDescriptorPool, newest),
          .descriptorSetCount = 1,
          .pSetLayouts = &layout->set },
      &set);
  return gpu_check (device, result, "making descriptors", error) ? set : VK_NULL_HANDLE;
}

static gboolean
within_limits (const GpuDevice *device, const GpuKernel *kernel, GpuTensor tensor, gboolean texel,
               GError **error)
{
  const GpuDeviceInfo *info = &device->info;
  guint64 bytes = gpu_tensor_bytes (tensor);
  guint64 most = texel ? info->max_texels * 16 : info->max_binding_bytes;
  if (bytes <= most)
    return TRUE;
  g_set_error (error, GPU_ERROR, GPU_ERROR_LIMIT,
               "%s: %s needs a tensor of %u x %u, %.1f MiB; the device binds at most %.1f MiB: "
               "use a smaller batch or model",
               info->name, kernel->name, tensor.rows, tensor.cols, bytes / 1048576.0,
               most / 1048576.0);
  return FALSE;
}

VkDescriptorSet
gpu_bindings_write (GpuBindings *bindings, GpuDevice *device, const GpuKernel *kernel,
                    const GpuKernelLayout *layout, const GpuTensor *tensors, GError **error)
{
  VkWriteDescriptorSet writes[GPU_MAX_BINDINGS];
  VkDescriptorBufferInfo ranges[GPU_MAX_BINDINGS];
  VkBufferView views[GPU_MAX_BINDINGS];
  VkDescriptorSet set = allocate_set (bindings, device, layout, error);
  for (guint i = 0; i < layout->n_bindings && set; i++)
    {
      const GpuTensor tensor = tensors[i];
      const gboolean texel = layout->types[i] == VK_DESCRIPTOR_TYPE_STORAGE_TEXEL_BUFFER;
      if (!within_limits (device, kernel, tensor, texel, error))
        return VK_NULL_HANDLE;
      ranges[i] = (VkDescriptorBufferInfo){ tensor.buffer->handle, tensor.offset,
                                            gpu_tensor_bytes (tensor) };
      views[i] = texel ? texel_view (bindings, device, tensor, error) : VK_NULL_HANDLE;
      if (texel && !views[i])
        return VK_NULL_HANDLE;
      writes[i] = (VkWriteDescriptorSet){ .sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                                          .dstSet = set,
                                          .dstBinding = i,
                                          .descriptorCount = 1,
                                          .descriptorType = layout->types[i],
                                          .pBufferInfo = texel ? NULL : &ranges[i],
                                          .pTexelBufferView = texel ? &views[i] : NULL };
    }
  if (set)
    device->vk.vkUpdateDescriptorSets (device->handle, layout->n_bindings, writes, 0, NULL);
  return set;
}
