/* Choosing and opening a device. Memory and pipelines have files of their own. */
#include "compute/private.h"

#include <string.h>

static gboolean
matches (const GpuDeviceInfo *info, const char *select)
{
  char *end = NULL;
  guint64 index = g_ascii_strtoull (select, &end, 10);
  if (g_ascii_isdigit (*select) && *end == '\0' && strlen (select) < 10)
    return index == info->index;
  if (g_ascii_strcasecmp (select, info->uuid) == 0)
    return TRUE;
  g_autofree char *name = g_ascii_strdown (info->name, -1);
  g_autofree char *part = g_ascii_strdown (select, -1);
  return *part && strstr (name, part);
}

static char *
list_names (GPtrArray *infos)
{
  GString *names = g_string_new (NULL);
  for (guint i = 0; i < infos->len; i++)
    {
      const GpuDeviceInfo *info = g_ptr_array_index (infos, i);
      g_string_append_printf (names, "%s%u \"%s\"", i ? ", " : "", i, info->name);
    }
  return g_string_free (names, FALSE);
}

static gboolean
choose (GPtrArray *infos, const char *select, guint *chosen, GError **error)
{
  if (infos->len == 0)
    {
      g_set_error (error, GPU_ERROR, GPU_ERROR_NO_DEVICE,
                   "no Vulkan device: install a driver (mesa-vulkan-drivers runs on any CPU)");
      return FALSE;
    }
  for (guint i = 0; i < infos->len; i++)
    {
      const GpuDeviceInfo *info = g_ptr_array_index (infos, i);
      if (select && !matches (info, select))
        continue;
      if (*info->unfit)
        {
          g_set_error (error, GPU_ERROR, GPU_ERROR_NO_DEVICE, "device \"%s\" will not do: %s",
                       info->name, info->unfit);
          return FALSE;
        }
      *chosen = i;
      return TRUE;
    }
  g_autofree char *names = list_names (infos);
  g_set_error (error, GPU_ERROR, GPU_ERROR_NO_DEVICE, "no device \"%s\": there is %s", select,
               names);
  return FALSE;
}

static gboolean
choose_read (GpuDevice *device, GpuRead wanted, GError **error)
{
  if (wanted == GPU_READ_TEXEL && !device->info.texel_reads)
    {
      g_set_error (error, GPU_ERROR, GPU_ERROR_NO_DEVICE,
                   "device \"%s\" cannot read through texel buffers: use storage reads",
                   device->info.name);
      return FALSE;
    }
  device->read = wanted != GPU_READ_AUTO    ? wanted
                 : device->info.texel_reads ? GPU_READ_TEXEL
                                            : GPU_READ_STORAGE;
  return TRUE;
}

static gboolean
find_queue (GpuDevice *device, GError **error)
{
  VkQueueFamilyProperties families[16];
  guint32 n = G_N_ELEMENTS (families);
  VkPhysicalDeviceProperties properties;
  vkGetPhysicalDeviceQueueFamilyProperties (device->physical, &n, families);
  vkGetPhysicalDeviceProperties (device->physical, &properties);
  for (guint i = 0; i < n; i++)
    if (families[i].queueFlags & VK_QUEUE_COMPUTE_BIT)
      {
        device->queue_family = i;
        if (families[i].timestampValidBits >= 32)
          {
            const guint bits = families[i].timestampValidBits;
            device->timestamp_period = properties.limits.timestampPeriod;
            device->timestamp_mask = G_MAXUINT64 >> (64 - bits);
          }
        return TRUE;
      }
  g_set_error (error, GPU_ERROR, GPU_ERROR_NO_DEVICE, "device \"%s\" has no compute queue",
               device->info.name);
  return FALSE;
}

static gboolean
create (GpuDevice *device, GError **error)
{
  const float priority = 1;
  const VkPhysicalDeviceFeatures features = { .shaderInt64 = device->read == GPU_READ_TEXEL };
  VkResult result = vkCreateDevice (device->physical,
                                    &(VkDeviceCreateInfo){
                                        .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                                        .queueCreateInfoCount = 1,
                                        .pQueueCreateInfos =
                                            &(VkDeviceQueueCreateInfo){
                                                .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                                                .queueFamilyIndex = device->queue_family,
                                                .queueCount = 1,
                                                .pQueuePriorities = &priority,
                                            },
                                        .pEnabledFeatures = &features,
                                    },
                                    NULL, &device->handle);
  if (!gpu_check (device, result, "opening the device", error))
    return FALSE;
  volkLoadDeviceTable (&device->vk, device->handle);
  device->vk.vkGetDeviceQueue (device->handle, device->queue_family, 0, &device->queue);
  vkGetPhysicalDeviceMemoryProperties (device->physical, &device->memory);
  return TRUE;
}

static void
lower_limits (GpuDeviceInfo *info, const GpuDeviceOptions *options)
{
  if (options->max_allocation_bytes)
    info->max_allocation_bytes = MIN (info->max_allocation_bytes, options->max_allocation_bytes);
  if (!options->max_binding_bytes)
    return;
  info->max_binding_bytes = MIN (info->max_binding_bytes, options->max_binding_bytes);
  info->max_texels = MIN (info->max_texels, options->max_binding_bytes / 16);
}

GpuDevice *
gpu_device_open (const GpuDeviceOptions *options, GError **error)
{
  const GpuDeviceOptions defaults = { 0 };
  if (!options)
    options = &defaults;

  g_autoptr (GpuDevice) device = g_new0 (GpuDevice, 1);
  g_autoptr (GArray) handles = NULL;
  g_autoptr (GPtrArray) infos = NULL;
  guint chosen = 0;
  g_atomic_ref_count_init (&device->refs);
  if (!gpu_instance_open (&device->instance, options->validate, error)
      || !gpu_instance_list (&device->instance, &handles, &infos, error)
      || !choose (infos, options->select, &chosen, error))
    return NULL;

  device->physical = g_array_index (handles, VkPhysicalDevice, chosen);
  device->info = *(const GpuDeviceInfo *) g_ptr_array_index (infos, chosen);
  lower_limits (&device->info, options);
  device->tile = options->tile;
  if (!choose_read (device, options->read, error) || !find_queue (device, error)
      || !create (device, error))
    return NULL;

  gpu_pipelines_open (device, options->cache_dir);
  return g_steal_pointer (&device);
}

GpuDevice *
gpu_device_ref (GpuDevice *device)
{
  g_atomic_ref_count_inc (&device->refs);
  return device;
}

void
gpu_device_unref (GpuDevice *device)
{
  if (!device || !g_atomic_ref_count_dec (&device->refs))
    return;
  if (device->handle)
    {
      device->vk.vkDeviceWaitIdle (device->handle);
      gpu_pipelines_close (device);
      device->vk.vkDestroyDevice (device->handle, NULL);
    }
  gpu_instance_close (&device->instance);
  g_free (device->cache_path);
  g_free (device);
}

/* A wait for the queue alone does not make what was copied visible to the host. */
static void
make_visible (GpuDevice *device, VkCommandBuffer commands)
{
  device->vk.vkCmdPipelineBarrier (
      commands, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_HOST_BIT, 0, 1,
      &(VkMemoryBarrier){ .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                          .srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
                          .dstAccessMask = VK_ACCESS_HOST_READ_BIT },
      0, NULL, 0, NULL);
}

gboolean
gpu_device_run_once (GpuDevice *device, void (*record) (GpuDevice *, VkCommandBuffer, gpointer),
                     gpointer data, GError **error)
{
  const struct VolkDeviceTable *vk = &device->vk;
  VkCommandPool pool = VK_NULL_HANDLE;
  VkCommandBuffer commands;
  VkResult result = vk->vkCreateCommandPool (
      device->handle,
      &(VkCommandPoolCreateInfo){ .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                  .queueFamilyIndex = device->queue_family },
      NULL, &pool);
  if (result == VK_SUCCESS)
    result = vk->vkAllocateCommandBuffers (
        device->handle,
        &(VkCommandBufferAllocateInfo){ .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                        .commandPool = pool,
                                        .commandBufferCount = 1 },
        &commands);
  if (result == VK_SUCCESS)
    {
      vk->vkBeginCommandBuffer (
          commands,
          &(VkCommandBufferBeginInfo){ .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO });
      record (device, commands, data);
      make_visible (device, commands);
      result = vk->vkEndCommandBuffer (commands);
    }
  if (result == VK_SUCCESS)
    {
      result = vk->vkQueueSubmit (device->queue, 1,
                                  &(VkSubmitInfo){ .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                                                   .commandBufferCount = 1,
                                                   .pCommandBuffers = &commands },
                                  VK_NULL_HANDLE);
    }
  if (result == VK_SUCCESS)
    result = vk->vkQueueWaitIdle (device->queue);
  vk->vkDestroyCommandPool (device->handle, pool, NULL);
  return gpu_check (device, result, "copying", error);
}

const GpuDeviceInfo *
gpu_device_get_info (const GpuDevice *device)
{
  return &device->info;
}

GpuRead
gpu_device_get_read (const GpuDevice *device)
{
  return device->read;
}

guint
gpu_device_get_tile (const GpuDevice *device)
{
  return device->tile;
}

guint64
gpu_device_get_allocated (const GpuDevice *device)
{
  return device->allocated;
}

guint64
gpu_device_get_allocations (const GpuDevice *device)
{
  return device->allocations;
}

gint64
gpu_device_get_waited (const GpuDevice *device)
{
  return device->waited;
}

guint
gpu_device_get_validation_count (const GpuDevice *device)
{
  return device->instance.messages;
}

const char *
gpu_device_get_validation_text (const GpuDevice *device)
{
  return device->instance.newest;
}
