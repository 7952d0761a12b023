/* Pipelines, made on first use, and their cache on disk.
 *
 * The cache file is named after device and driver version, so that an update starts afresh; the
 * driver checks its header again. A file that cannot be read or written costs time, never a run.
 */
#include "compute/private.h"

#include <string.h>

static guint
key_hash (gconstpointer data)
{
  const GpuPipelineKey *key = data;
  guint hash = g_direct_hash (key->kernel);
  for (guint i = 0; i < GPU_MAX_SPEC; i++)
    hash = hash * 31 + key->spec[i];
  return hash;
}

static gboolean
key_equal (gconstpointer a, gconstpointer b)
{
  const GpuPipelineKey *x = a, *y = b;
  return x->kernel == y->kernel && memcmp (x->spec, y->spec, sizeof x->spec) == 0;
}

void
gpu_pipelines_open (GpuDevice *device, const char *cache_dir)
{
  g_autofree char *standard = g_build_filename (g_get_user_cache_dir (), "penumbra", NULL);
  g_autofree char *data = NULL;
  gsize size = 0;
  VkPhysicalDeviceProperties properties;
  vkGetPhysicalDeviceProperties (device->physical, &properties);
  g_autofree char *name =
      g_strdup_printf ("pipelines-%s-%08x.bin", device->info.uuid, properties.driverVersion);
  device->cache_path = g_build_filename (cache_dir ? cache_dir : standard, name, NULL);
  if (!g_file_get_contents (device->cache_path, &data, &size, NULL))
    size = 0;

  VkPipelineCacheCreateInfo info = { .sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO,
                                     .initialDataSize = size,
                                     .pInitialData = data };
  if (device->vk.vkCreatePipelineCache (device->handle, &info, NULL, &device->pipeline_cache)
      != VK_SUCCESS)
    {
      info.initialDataSize = 0;
      device->vk.vkCreatePipelineCache (device->handle, &info, NULL, &device->pipeline_cache);
    }
  device->layouts = g_hash_table_new (NULL, NULL);
  device->pipelines = g_hash_table_new_full (key_hash, key_equal, g_free, NULL);
  device->cold = g_ptr_array_new ();
}

void
gpu_device_save_pipelines (GpuDevice *device)
{
  gsize size = 0;
  if (!device->pipelines_changed || !device->pipeline_cache
      || device->vk.vkGetPipelineCacheData (device->handle, device->pipeline_cache, &size, NULL)
             != VK_SUCCESS)
    return;

  g_autofree char *dir = g_path_get_dirname (device->cache_path);
  g_autofree char *data = g_malloc (size);
  if (device->vk.vkGetPipelineCacheData (device->handle, device->pipeline_cache, &size, data)
          == VK_SUCCESS
      && g_mkdir_with_parents (dir, 0755) == 0
      && g_file_set_contents (device->cache_path, data, (gssize) size, NULL))
    device->pipelines_changed = FALSE;
}

static void
free_layout (GpuDevice *device, GpuKernelLayout *layout)
{
  device->vk.vkDestroyShaderModule (device->handle, layout->module, NULL);
  device->vk.vkDestroyPipelineLayout (device->handle, layout->pipeline, NULL);
  device->vk.vkDestroyDescriptorSetLayout (device->handle, layout->set, NULL);
  g_free (layout);
}

void
gpu_pipelines_close (GpuDevice *device)
{
  GHashTableIter iter;
  gpointer key, value;
  if (!device->layouts)
    return;
  gpu_device_save_pipelines (device);
  g_hash_table_iter_init (&iter, device->pipelines);
  while (g_hash_table_iter_next (&iter, &key, &value))
    device->vk.vkDestroyPipeline (device->handle, (VkPipeline) value, NULL);
  g_hash_table_iter_init (&iter, device->layouts);
  while (g_hash_table_iter_next (&iter, &key, &value))
    free_layout (device, value);
  g_ptr_array_unref (device->cold);
  g_hash_table_unref (device->pipelines);
  g_hash_table_unref (device->layouts);
  device->vk.vkDestroyPipelineCache (device->handle, device->pipeline_cache, NULL);
}

static VkResult
create_set_layout (GpuDevice *device, const GpuKernel *kernel, GpuKernelLayout *layout)
{
  VkDescriptorSetLayoutBinding bindings[GPU_MAX_BINDINGS];
  layout->n_bindings = (guint) strlen (kernel->bindings);
  g_assert (layout->n_bindings <= GPU_MAX_BINDINGS);
  for (guint i = 0; i < layout->n_bindings; i++)
    {
      gboolean texel = kernel->bindings[i] == 'r' && device->read == GPU_READ_TEXEL;
      layout->types[i] =
          texel ? VK_DESCRIPTOR_TYPE_STORAGE_TEXEL_BUFFER : VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
      bindings[i] = (VkDescriptorSetLayoutBinding){ .binding = i,
                                                    .descriptorType = layout->types[i],
                                                    .descriptorCount = 1,
                                                    .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT };
    }
  return device->vk.vkCreateDescriptorSetLayout (
      device->handle,
      &(VkDescriptorSetLayoutCreateInfo){ .sType =
                                              VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
                                          .bindingCount = layout->n_bindings,
                                          .pBindings = bindings },
      NULL, &layout->set);
}

static VkResult
create_pipeline_layout (GpuDevice *device, const GpuKernel *kernel, GpuKernelLayout *layout)
{
  const VkPushConstantRange push = { .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT,
                                     .size = kernel->push_bytes };
  return device->vk.vkCreatePipelineLayout (
      device->handle,
      &(VkPipelineLayoutCreateInfo){ .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
                                     .setLayoutCount = 1,
                                     .pSetLayouts = &layout->set,
                                     .pushConstantRangeCount = kernel->push_bytes ? 1 : 0,
                                     .pPushConstantRanges = &push },
      NULL, &layout->pipeline);
}

GpuKernelLayout *
gpu_kernel_layout (GpuDevice *device, const GpuKernel *kernel, GError **error)
{
  GpuKernelLayout *layout = g_hash_table_lookup (device->layouts, kernel);
  if (layout)
    return layout;

  const GpuSpirv *code = device->read == GPU_READ_TEXEL ? &kernel->texel : &kernel->storage;
  g_assert (kernel->push_bytes <= GPU_MAX_PUSH && kernel->n_spec <= GPU_MAX_SPEC);
  layout = g_new0 (GpuKernelLayout, 1);
  VkResult result = create_set_layout (device, kernel, layout);
  if (result == VK_SUCCESS)
    result = create_pipeline_layout (device, kernel, layout);
  if (result == VK_SUCCESS)
    result = device->vk.vkCreateShaderModule (
        device->handle,
        &(VkShaderModuleCreateInfo){ .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
                                     .codeSize = code->bytes,
                                     .pCode = code->code },
        NULL, &layout->module);
  if (!gpu_check (device, result, kernel->name, error))
    {
      free_layout (device, layout);
      return NULL;
    }
  g_hash_table_insert (device->layouts, (gpointer) kernel, layout);
  return layout;
}

/* Of a kernel whose layout is known; may run on any thread. */
static VkResult
create_pipeline (GpuDevice *device, VkPipeline *pipeline, const GpuPipelineKey *key,
                 const GpuKernelLayout *layout)
{
  const guint n = key->kernel->n_spec;
  VkSpecializationMapEntry entries[GPU_MAX_SPEC];
  for (guint i = 0; i < n; i++)
    entries[i] = (VkSpecializationMapEntry){ .constantID = i, .offset = 4 * i, .size = 4 };
  const VkSpecializationInfo constants = {
    .mapEntryCount = n, .pMapEntries = entries, .dataSize = 4 * n, .pData = key->spec
  };
  const VkComputePipelineCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
    .stage = { .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
               .stage = VK_SHADER_STAGE_COMPUTE_BIT,
               .module = layout->module,
               .pName = "main",
               .pSpecializationInfo = &constants },
    .layout = layout->pipeline,
  };
  return device->vk.vkCreateComputePipelines (device->handle, device->pipeline_cache, 1, &info,
                                              NULL, pipeline);
}

static void
keep_pipeline (GpuDevice *device, const GpuPipelineKey *key, VkPipeline pipeline)
{
  GpuPipelineKey *own = g_memdup2 (key, sizeof *key);
  g_hash_table_insert (device->pipelines, own, pipeline);
  g_ptr_array_add (device->cold, own);
  device->pipelines_changed = TRUE;
}

static GpuPipelineKey
key_of (const GpuKernel *kernel, const guint32 *spec)
{
  GpuPipelineKey key = { .kernel = kernel };
  memcpy (key.spec, spec, kernel->n_spec * sizeof *spec);
  return key;
}

VkPipeline
gpu_kernel_pipeline (GpuDevice *device, const GpuKernel *kernel, const guint32 *spec,
                     GError **error)
{
  const GpuPipelineKey key = key_of (kernel, spec);
  VkPipeline pipeline = g_hash_table_lookup (device->pipelines, &key);
  if (pipeline)
    return pipeline;
  const GpuKernelLayout *layout = gpu_kernel_layout (device, kernel, error);
  if (!layout
      || !gpu_check (device, create_pipeline (device, &pipeline, &key, layout), kernel->name,
                     error))
    return VK_NULL_HANDLE;
  keep_pipeline (device, &key, pipeline);
  return pipeline;
}

typedef struct
{
  GpuPipelineKey key;
  const GpuKernelLayout *layout;
  VkPipeline pipeline;
  VkResult result;
} Wanted;

GArray *
gpu_pipelines_want (GArray *list, GpuDevice *device, const GpuKernel *kernel, const guint32 *spec)
{
  const Wanted wanted = { .key = key_of (kernel, spec) };
  if (!list)
    list = g_array_new (FALSE, FALSE, sizeof (Wanted));
  for (guint i = 0; i < list->len; i++)
    if (key_equal (&g_array_index (list, Wanted, i).key, &wanted.key))
      return list;
  if (!g_hash_table_contains (device->pipelines, &wanted.key))
    g_array_append_val (list, wanted);
  return list;
}

static void
make_wanted (gpointer data, gpointer user_data)
{
  Wanted *wanted = data;
  wanted->result = create_pipeline (user_data, &wanted->pipeline, &wanted->key, wanted->layout);
}

/* Drivers translate a shader for 10 to 100 ms, on the calling thread. */
gboolean
gpu_pipelines_make (GpuDevice *device, GArray *list, GError **error)
{
  gboolean made = TRUE;
  for (guint i = 0; i < list->len; i++)
    {
      Wanted *wanted = &g_array_index (list, Wanted, i);
      wanted->layout = gpu_kernel_layout (device, wanted->key.kernel, error);
      if (!wanted->layout)
        return FALSE;
    }
  GThreadPool *pool =
      g_thread_pool_new (make_wanted, device, (int) g_get_num_processors (), FALSE, NULL);
  for (guint i = 0; i < list->len; i++)
    g_thread_pool_push (pool, &g_array_index (list, Wanted, i), NULL);
  g_thread_pool_free (pool, FALSE, TRUE);
  for (guint i = 0; i < list->len; i++)
    {
      const Wanted *wanted = &g_array_index (list, Wanted, i);
      if (wanted->result == VK_SUCCESS)
        keep_pipeline (device, &wanted->key, wanted->pipeline);
      else if (made)
        made = gpu_check (device, wanted->result, wanted->key.kernel->name, error);
    }
  g_array_set_size (list, 0);
  return made;
}
