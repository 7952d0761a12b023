/* Compiling what drivers leave to a pipeline's first use.
 *
 * CPU drivers translate a shader into machine code when it is first dispatched, on the queue's
 * thread: 0.1 to 0.8 s for each of some forty pipelines, one after the other. A dispatch of no
 * workgroups makes them do it with nothing to run. What a device has compiled goes into the driver's
 * cache on disk, where other devices find it; so on processors of several cores further devices
 * compile a share each, and the first one reads theirs.
 */
#include "compute/private.h"

#define MAX_HELPERS 7

/* What the driver finds in its cache takes less; then helpers would cost more than they save. */
#define SLOW_USEC 50000

/* No power of two, as the buffers of models: drivers may make other code for those. */
#define DUMMY_BYTES 12288

typedef struct _Work Work;

typedef struct
{
  GpuDevice *device;
  Work *work;
  GThread *thread;
} Helper;

struct _Work
{
  GPtrArray *keys; /* GpuPipelineKey, borrowed */
  guint next;      /* the first that nobody has taken; atomic */
  Helper helpers[MAX_HELPERS];
  guint n_helpers;
};

/* A pipeline with something bound, for one dispatch. */
typedef struct
{
  const GpuKernel *kernel;
  GpuKernelLayout *layout;
  VkPipeline pipeline;
  GpuBuffer *buffer;
  VkBufferView view;
  VkDescriptorPool pool;
  VkDescriptorSet set;
} Dummy;

static VkResult
make_view (GpuDevice *device, Dummy *dummy)
{
  return device->vk.vkCreateBufferView (
      device->handle,
      &(VkBufferViewCreateInfo){ .sType = VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO,
                                 .buffer = dummy->buffer->handle,
                                 .format = VK_FORMAT_R32G32B32A32_SFLOAT,
                                 .range = VK_WHOLE_SIZE },
      NULL, &dummy->view);
}

static VkResult
make_set (GpuDevice *device, Dummy *dummy)
{
  const VkDescriptorPoolSize sizes[] = {
    { VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, GPU_MAX_BINDINGS },
    { VK_DESCRIPTOR_TYPE_STORAGE_TEXEL_BUFFER, GPU_MAX_BINDINGS },
  };
  VkResult result = device->vk.vkCreateDescriptorPool (
      device->handle,
      &(VkDescriptorPoolCreateInfo){ .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
                                     .maxSets = 1,
                                     .poolSizeCount = G_N_ELEMENTS (sizes),
                                     .pPoolSizes = sizes },
      NULL, &dummy->pool);
  if (result != VK_SUCCESS)
    return result;
  return device->vk.vkAllocateDescriptorSets (
      device->handle,
      &(VkDescriptorSetAllocateInfo){ .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
                                      .descriptorPool = dummy->pool,
                                      .descriptorSetCount = 1,
                                      .pSetLayouts = &dummy->layout->set },
      &dummy->set);
}

static void
write_set (GpuDevice *device, const Dummy *dummy)
{
  const VkDescriptorBufferInfo range = { dummy->buffer->handle, 0, VK_WHOLE_SIZE };
  for (guint i = 0; i < dummy->layout->n_bindings; i++)
    device->vk.vkUpdateDescriptorSets (
        device->handle, 1,
        &(VkWriteDescriptorSet){ .sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                                 .dstSet = dummy->set,
                                 .dstBinding = i,
                                 .descriptorCount = 1,
                                 .descriptorType = dummy->layout->types[i],
                                 .pBufferInfo = &range,
                                 .pTexelBufferView = &dummy->view },
        0, NULL);
}

static void
record_nothing (GpuDevice *device, VkCommandBuffer commands, gpointer data)
{
  static const guint8 zeros[GPU_MAX_PUSH];
  const struct VolkDeviceTable *vk = &device->vk;
  const Dummy *dummy = data;
  vk->vkCmdBindPipeline (commands, VK_PIPELINE_BIND_POINT_COMPUTE, dummy->pipeline);
  vk->vkCmdBindDescriptorSets (commands, VK_PIPELINE_BIND_POINT_COMPUTE, dummy->layout->pipeline, 0,
                               1, &dummy->set, 0, NULL);
  if (dummy->kernel->push_bytes)
    vk->vkCmdPushConstants (commands, dummy->layout->pipeline, VK_SHADER_STAGE_COMPUTE_BIT, 0,
                            dummy->kernel->push_bytes, zeros);
  vk->vkCmdDispatch (commands, 0, 0, 0);
}

static void
clear_dummy (GpuDevice *device, Dummy *dummy)
{
  device->vk.vkDestroyDescriptorPool (device->handle, dummy->pool, NULL);
  device->vk.vkDestroyBufferView (device->handle, dummy->view, NULL);
  gpu_buffer_unref (dummy->buffer);
}

static gboolean
warm_pipeline (GpuDevice *device, const GpuPipelineKey *key, GError **error)
{
  Dummy dummy = { .kernel = key->kernel };
  dummy.layout = gpu_kernel_layout (device, key->kernel, error);
  dummy.pipeline =
      dummy.layout ? gpu_kernel_pipeline (device, key->kernel, key->spec, error) : VK_NULL_HANDLE;
  if (!dummy.pipeline)
    return FALSE;
  dummy.buffer = gpu_buffer_new (device, DUMMY_BYTES, GPU_MEMORY_DEVICE, error);
  if (!dummy.buffer)
    return FALSE;
  VkResult result = device->read == GPU_READ_TEXEL ? make_view (device, &dummy) : VK_SUCCESS;
  if (result == VK_SUCCESS)
    result = make_set (device, &dummy);
  gboolean done = gpu_check (device, result, key->kernel->name, error);
  if (done)
    {
      write_set (device, &dummy);
      done = gpu_device_run_once (device, record_nothing, &dummy, error);
    }
  clear_dummy (device, &dummy);
  return done;
}

static const GpuPipelineKey *
take (Work *work)
{
  const guint i = g_atomic_int_add (&work->next, 1);
  return i < work->keys->len ? g_ptr_array_index (work->keys, i) : NULL;
}

/* What a helper cannot do the first device does when it comes to it. */
static gpointer
help (gpointer data)
{
  Helper *helper = data;
  const GpuPipelineKey *key;
  while ((key = take (helper->work)))
    if (!warm_pipeline (helper->device, key, NULL))
      break;
  return NULL;
}

/* Devices are opened before any of them works: loading a driver is no business of two threads. */
static void
start_helpers (GpuDevice *device, Work *work)
{
  const GpuDeviceOptions options = { .select = device->info.uuid, .read = device->read };
  const guint wanted = MIN (MAX_HELPERS, MAX (g_get_num_processors (), 1) - 1);
  guint n = 0;
  if (device->info.type != GPU_TYPE_CPU)
    return;
  while (n < wanted && (work->helpers[n].device = gpu_device_open (&options, NULL)))
    work->helpers[n++].work = work;
  for (guint i = 0; i < n; i++)
    work->helpers[i].thread = g_thread_new ("compile", help, &work->helpers[i]);
  work->n_helpers = n;
}

static void
join_helpers (Work *work)
{
  for (guint i = 0; i < work->n_helpers; i++)
    {
      g_thread_join (work->helpers[i].thread);
      gpu_device_unref (work->helpers[i].device);
    }
}

static gboolean
warm_all (GpuDevice *device, Work *work, GpuProgress progress, gpointer data, GError **error)
{
  const GpuPipelineKey *key;
  while ((key = take (work)))
    {
      const gint64 begun = g_get_monotonic_time ();
      if (!warm_pipeline (device, key, error))
        {
          g_atomic_int_set (&work->next, (int) work->keys->len);
          return FALSE;
        }
      if (!work->n_helpers && g_get_monotonic_time () - begun > SLOW_USEC
          && (guint) g_atomic_int_get (&work->next) < work->keys->len)
        start_helpers (device, work);
      if (progress)
        progress (MIN ((guint) g_atomic_int_get (&work->next), work->keys->len), work->keys->len,
                  data);
    }
  return TRUE;
}

gboolean
gpu_device_warm (GpuDevice *device, GpuProgress progress, gpointer data, GError **error)
{
  g_autoptr (GPtrArray) keys = g_steal_pointer (&device->cold);
  Work work = { .keys = keys };
  device->cold = g_ptr_array_new ();
  if (keys->len == 0)
    return TRUE;
  if (progress)
    progress (0, keys->len, data);
  const gboolean done = warm_all (device, &work, progress, data, error);
  join_helpers (&work);
  if (done && progress)
    progress (keys->len, keys->len, data);
  return done;
}
