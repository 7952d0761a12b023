/* Recording, barriers and replay. */
#include "compute/stream.h"
#include "compute/private.h"

#include <string.h>

/* Long recordings are cut into several command buffers, each submitted by itself: a card's watchdog
 * takes the device away from a submission of several seconds. 2e11 operations are a second at the
 * 0.2 TFLOP/s that the slowest of cards reach. */
#define DISPATCHES_PER_BUFFER 512
#define FLOPS_PER_BUFFER 200000000000ull
#define SETS_PER_POOL 256

typedef struct
{
  const GpuBuffer *buffer;
  guint64 begin, end;
  gboolean write;
} Access;

typedef struct
{
  GpuBuffer *buffer;
  guint64 offset, bytes;
} ViewKey;

struct _GpuStream
{
  GpuDevice *device;
  gboolean dry;
  GArray *wanted; /* a rehearsal's pipelines, or NULL */
  GError *error;
  VkCommandPool pool;
  GArray *commands; /* VkCommandBuffer */
  gboolean open;    /* the last command buffer is being recorded */
  gboolean ended;
  VkFence fence;
  GArray *set_pools; /* VkDescriptorPool */
  guint sets_left;
  guint in_buffer;     /* dispatches in the current command buffer ... */
  guint64 in_flops;    /* ... and their operations */
  GHashTable *views;   /* ViewKey -> VkBufferView */
  GHashTable *buffers; /* every buffer used, kept alive */
  GArray *accesses;    /* Access since the last barrier */
  guint64 flops, bytes;
  guint dispatches, barriers, omitted;
  gboolean profiling;
  GpuTimer timer;
};

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

GpuStream *
gpu_stream_new (GpuDevice *device)
{
  GpuStream *stream = g_new0 (GpuStream, 1);
  stream->device = device ? gpu_device_ref (device) : NULL;
  stream->dry = !device;
  stream->commands = g_array_new (FALSE, FALSE, sizeof (VkCommandBuffer));
  stream->set_pools = g_array_new (FALSE, FALSE, sizeof (VkDescriptorPool));
  stream->accesses = g_array_new (FALSE, FALSE, sizeof (Access));
  gpu_timer_init (&stream->timer);
  stream->views = g_hash_table_new_full (view_hash, view_equal, g_free, NULL);
  stream->buffers = g_hash_table_new_full (NULL, NULL, (GDestroyNotify) gpu_buffer_unref, NULL);
  return stream;
}

GpuStream *
gpu_stream_new_rehearsal (GpuDevice *device)
{
  GpuStream *stream = gpu_stream_new (device);
  stream->dry = TRUE;
  return stream;
}

void
gpu_stream_reset (GpuStream *stream)
{
  GpuDevice *device = stream->device;
  if (device)
    {
      const struct VolkDeviceTable *vk = &device->vk;
      GHashTableIter iter;
      gpointer view;
      g_hash_table_iter_init (&iter, stream->views);
      while (g_hash_table_iter_next (&iter, NULL, &view))
        vk->vkDestroyBufferView (device->handle, (VkBufferView) view, NULL);
      for (guint i = 0; i < stream->set_pools->len; i++)
        vk->vkDestroyDescriptorPool (device->handle,
                                     g_array_index (stream->set_pools, VkDescriptorPool, i), NULL);
      gpu_timer_reset (&stream->timer, device);
      vk->vkDestroyCommandPool (device->handle, stream->pool, NULL);
      vk->vkDestroyFence (device->handle, stream->fence, NULL);
    }
  stream->pool = VK_NULL_HANDLE;
  stream->fence = VK_NULL_HANDLE;
  g_hash_table_remove_all (stream->views);
  g_hash_table_remove_all (stream->buffers);
  g_array_set_size (stream->set_pools, 0);
  g_array_set_size (stream->commands, 0);
  g_array_set_size (stream->accesses, 0);
  g_clear_pointer (&stream->wanted, g_array_unref);
  g_clear_error (&stream->error);
  stream->open = stream->ended = FALSE;
  stream->sets_left = stream->dispatches = stream->barriers = 0;
  stream->flops = stream->bytes = 0;
}

void
gpu_stream_free (GpuStream *stream)
{
  if (!stream)
    return;
  gpu_stream_reset (stream);
  g_array_unref (stream->commands);
  g_array_unref (stream->set_pools);
  g_array_unref (stream->accesses);
  gpu_timer_clear (&stream->timer);
  g_hash_table_unref (stream->views);
  g_hash_table_unref (stream->buffers);
  gpu_device_unref (stream->device);
  g_free (stream);
}

GpuDevice *
gpu_stream_get_device (GpuStream *stream)
{
  return stream->device;
}

gboolean
gpu_stream_is_dry (const GpuStream *stream)
{
  return stream->dry;
}

void
gpu_stream_fail (GpuStream *stream, GpuError code, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  if (!stream->error)
    stream->error = g_error_new_valist (GPU_ERROR, (int) code, format, arguments);
  va_end (arguments);
}

static gboolean
check (GpuStream *stream, VkResult result, const char *doing)
{
  if (stream->error)
    return FALSE;
  return gpu_check (stream->device, result, doing, &stream->error);
}

static VkCommandBuffer
current (GpuStream *stream)
{
  return g_array_index (stream->commands, VkCommandBuffer, stream->commands->len - 1);
}

/* One barrier orders everything before with everything after: shaders, copies, and the host. */
static void
barrier (GpuStream *stream, VkPipelineStageFlags extra_stage, VkAccessFlags extra_access)
{
  const VkPipelineStageFlags stages =
      VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT;
  const VkAccessFlags writes = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT;
  stream->device->vk.vkCmdPipelineBarrier (
      current (stream), stages, stages | extra_stage, 0, 1,
      &(VkMemoryBarrier){ .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                          .srcAccessMask = writes,
                          .dstAccessMask = writes | VK_ACCESS_SHADER_READ_BIT
                                           | VK_ACCESS_TRANSFER_READ_BIT | extra_access },
      0, NULL, 0, NULL);
}

static void
begin_commands (GpuStream *stream)
{
  GpuDevice *device = stream->device;
  const struct VolkDeviceTable *vk = &device->vk;
  VkCommandBuffer commands = VK_NULL_HANDLE;
  VkResult result = VK_SUCCESS;
  if (!stream->pool)
    result = vk->vkCreateCommandPool (
        device->handle,
        &(VkCommandPoolCreateInfo){ .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                    .queueFamilyIndex = device->queue_family },
        NULL, &stream->pool);
  if (check (stream, result, "making a command pool"))
    result = vk->vkAllocateCommandBuffers (
        device->handle,
        &(VkCommandBufferAllocateInfo){ .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                        .commandPool = stream->pool,
                                        .commandBufferCount = 1 },
        &commands);
  if (!check (stream, result, "making a command buffer"))
    return;
  g_array_append_val (stream->commands, commands);
  result = vk->vkBeginCommandBuffer (
      commands,
      &(VkCommandBufferBeginInfo){ .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO });
  if (!check (stream, result, "recording"))
    return;
  stream->open = TRUE;
  stream->in_buffer = 0;
  stream->in_flops = 0;
  if (stream->profiling && device->timestamp_period > 0)
    gpu_timer_begin (&stream->timer, device, commands, DISPATCHES_PER_BUFFER, &stream->error);
  barrier (stream, 0, 0); /* what an earlier run wrote is visible to this one */
  g_array_set_size (stream->accesses, 0);
}

static void
end_commands (GpuStream *stream)
{
  if (!stream->open)
    return;
  barrier (stream, VK_PIPELINE_STAGE_HOST_BIT, VK_ACCESS_HOST_READ_BIT);
  check (stream, stream->device->vk.vkEndCommandBuffer (current (stream)), "recording");
  stream->open = FALSE;
}

/* Makes a command buffer ready for one more command; FALSE once an error is pending. */
static gboolean
ready (GpuStream *stream)
{
  if (stream->error || stream->dry)
    return FALSE;
  g_assert (!stream->ended); /* a stream that ran is reset before it records anew */
  if (stream->open
      && (stream->in_buffer == DISPATCHES_PER_BUFFER || stream->in_flops > FLOPS_PER_BUFFER))
    end_commands (stream);
  if (!stream->open)
    begin_commands (stream);
  return !stream->error;
}

static gboolean
conflicts (GpuStream *stream, const Access *next)
{
  for (guint i = 0; i < stream->accesses->len; i++)
    {
      const Access *past = &g_array_index (stream->accesses, Access, i);
      if ((past->write || next->write) && past->buffer == next->buffer && past->begin < next->end
          && next->begin < past->end)
        return TRUE;
    }
  return FALSE;
}

static void
order (GpuStream *stream, const Access *next, guint n)
{
  gboolean hazard = FALSE;
  for (guint i = 0; i < n && !hazard; i++)
    hazard = conflicts (stream, &next[i]);
  if (hazard)
    {
      stream->barriers++;
      if (stream->barriers != stream->omitted)
        barrier (stream, 0, 0);
      g_array_set_size (stream->accesses, 0);
    }
  g_array_append_vals (stream->accesses, next, n);
}

static Access
access_of (GpuStream *stream, GpuTensor tensor, gboolean write)
{
  g_assert (tensor.buffer);
  if (!g_hash_table_contains (stream->buffers, tensor.buffer))
    g_hash_table_add (stream->buffers, gpu_buffer_ref (tensor.buffer));
  return (Access){ tensor.buffer, tensor.offset, tensor.offset + gpu_tensor_bytes (tensor), write };
}

static VkBufferView
texel_view (GpuStream *stream, GpuTensor tensor)
{
  ViewKey key = { tensor.buffer, tensor.offset, gpu_tensor_bytes (tensor) };
  VkBufferView view = g_hash_table_lookup (stream->views, &key);
  if (view)
    return view;
  VkResult result = stream->device->vk.vkCreateBufferView (
      stream->device->handle,
      &(VkBufferViewCreateInfo){ .sType = VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO,
                                 .buffer = tensor.buffer->handle,
                                 .format = VK_FORMAT_R32G32B32A32_SFLOAT,
                                 .offset = tensor.offset,
                                 .range = key.bytes },
      NULL, &view);
  if (check (stream, result, "making a texel view"))
    g_hash_table_insert (stream->views, g_memdup2 (&key, sizeof key), view);
  return view;
}

static void
add_set_pool (GpuStream *stream)
{
  const VkDescriptorPoolSize sizes[] = {
    { VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, SETS_PER_POOL * GPU_MAX_BINDINGS },
    { VK_DESCRIPTOR_TYPE_STORAGE_TEXEL_BUFFER, SETS_PER_POOL * GPU_MAX_BINDINGS },
  };
  VkDescriptorPool pool = VK_NULL_HANDLE;
  VkResult result = stream->device->vk.vkCreateDescriptorPool (
      stream->device->handle,
      &(VkDescriptorPoolCreateInfo){ .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
                                     .maxSets = SETS_PER_POOL,
                                     .poolSizeCount = G_N_ELEMENTS (sizes),
                                     .pPoolSizes = sizes },
      NULL, &pool);
  if (!check (stream, result, "making descriptors"))
    return;
  g_array_append_val (stream->set_pools, pool);
  stream->sets_left = SETS_PER_POOL;
}

static VkDescriptorSet
allocate_set (GpuStream *stream, const GpuKernelLayout *layout)
{
  VkDescriptorSet set = VK_NULL_HANDLE;
  if (stream->sets_left == 0)
    add_set_pool (stream);
  if (stream->error)
    return set;
  stream->sets_left--;
  VkResult result = stream->device->vk.vkAllocateDescriptorSets (
      stream->device->handle,
      &(VkDescriptorSetAllocateInfo){
          .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
          .descriptorPool =
              g_array_index (stream->set_pools, VkDescriptorPool, stream->set_pools->len - 1),
          .descriptorSetCount = 1,
          .pSetLayouts = &layout->set },
      &set);
  check (stream, result, "making descriptors");
  return set;
}

static gboolean
within_limits (GpuStream *stream, const GpuKernel *kernel, GpuTensor tensor, gboolean texel)
{
  const GpuDeviceInfo *info = &stream->device->info;
  guint64 bytes = gpu_tensor_bytes (tensor);
  guint64 most = texel ? info->max_texels * 16 : info->max_binding_bytes;
  if (bytes <= most)
    return TRUE;
  gpu_stream_fail (stream, GPU_ERROR_LIMIT,
                   "%s: %s needs a tensor of %u x %u, %.1f MiB; the device binds at most %.1f MiB: "
                   "use a smaller batch or model",
                   info->name, kernel->name, tensor.rows, tensor.cols, bytes / 1048576.0,
                   most / 1048576.0);
  return FALSE;
}

static VkDescriptorSet
write_set (GpuStream *stream, const GpuKernel *kernel, const GpuKernelLayout *layout,
           const GpuTensor *tensors)
{
  VkWriteDescriptorSet writes[GPU_MAX_BINDINGS];
  VkDescriptorBufferInfo ranges[GPU_MAX_BINDINGS];
  VkBufferView views[GPU_MAX_BINDINGS];
  VkDescriptorSet set = allocate_set (stream, layout);
  for (guint i = 0; i < layout->n_bindings; i++)
    {
      GpuTensor tensor = tensors[i];
      gboolean texel = layout->types[i] == VK_DESCRIPTOR_TYPE_STORAGE_TEXEL_BUFFER;
      if (!within_limits (stream, kernel, tensor, texel))
        return VK_NULL_HANDLE;
      if (texel)
        views[i] = texel_view (stream, tensor);
      else
        ranges[i] = (VkDescriptorBufferInfo){ tensor.buffer->handle, tensor.offset,
                                              gpu_tensor_bytes (tensor) };
      writes[i] = (VkWriteDescriptorSet){ .sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                                          .dstSet = set,
                                          .dstBinding = i,
                                          .descriptorCount = 1,
                                          .descriptorType = layout->types[i],
                                          .pBufferInfo = texel ? NULL : &ranges[i],
                                          .pTexelBufferView = texel ? &views[i] : NULL };
    }
  if (stream->error)
    return VK_NULL_HANDLE;
  stream->device->vk.vkUpdateDescriptorSets (stream->device->handle, layout->n_bindings, writes, 0,
                                             NULL);
  return set;
}

/* A tensor bound more than once, as for an absent option, is read once and written once. */
static gboolean
counted_before (const GpuKernel *kernel, const GpuTensor *tensors, guint n, const char *letters)
{
  for (guint i = 0; i < n; i++)
    if (strchr (letters, kernel->bindings[i]) && tensors[i].buffer == tensors[n].buffer
        && tensors[i].offset == tensors[n].offset && tensors[i].rows == tensors[n].rows)
      return TRUE;
  return FALSE;
}

static guint64
traffic (const GpuKernel *kernel, const GpuDispatch *dispatch)
{
  static const char *const ways[] = { "rsu", "wu" };
  guint64 bytes = 0;
  if (dispatch->bytes)
    return dispatch->bytes;
  for (guint i = 0; kernel->bindings[i]; i++)
    for (guint way = 0; way < G_N_ELEMENTS (ways); way++)
      if (strchr (ways[way], kernel->bindings[i])
          && !counted_before (kernel, dispatch->tensors, i, ways[way]))
        bytes += gpu_tensor_bytes (dispatch->tensors[i]);
  return bytes;
}

static void
record (GpuStream *stream, const GpuKernel *kernel, const GpuDispatch *dispatch,
        VkPipeline pipeline, const GpuKernelLayout *layout, VkDescriptorSet set)
{
  const struct VolkDeviceTable *vk = &stream->device->vk;
  VkCommandBuffer commands = current (stream);
  vk->vkCmdBindPipeline (commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline);
  vk->vkCmdBindDescriptorSets (commands, VK_PIPELINE_BIND_POINT_COMPUTE, layout->pipeline, 0, 1,
                               &set, 0, NULL);
  if (kernel->push_bytes)
    vk->vkCmdPushConstants (commands, layout->pipeline, VK_SHADER_STAGE_COMPUTE_BIT, 0,
                            kernel->push_bytes, dispatch->push);
  gpu_timer_stamp (&stream->timer, stream->device, commands, 2 * stream->in_buffer);
  vk->vkCmdDispatch (commands, dispatch->groups[0], MAX (dispatch->groups[1], 1),
                     MAX (dispatch->groups[2], 1));
  gpu_timer_stamp (&stream->timer, stream->device, commands, 2 * stream->in_buffer + 1);
  GpuProfileRow row = { .kernel = kernel->name,
                        .shape = { dispatch->shape[0], dispatch->shape[1], dispatch->shape[2] },
                        .calls = 1,
                        .flops = dispatch->flops,
                        .bytes = traffic (kernel, dispatch) };
  gpu_timer_add (&stream->timer, &row, stream->in_buffer++);
  stream->in_flops += dispatch->flops;
}

void
gpu_stream_dispatch (GpuStream *stream, const GpuKernel *kernel, const GpuDispatch *dispatch)
{
  if (ready (stream))
    {
      Access accesses[GPU_MAX_BINDINGS];
      GpuKernelLayout *layout = gpu_kernel_layout (stream->device, kernel, &stream->error);
      VkPipeline pipeline =
          layout ? gpu_kernel_pipeline (stream->device, kernel, dispatch->spec, &stream->error)
                 : VK_NULL_HANDLE;
      VkDescriptorSet set =
          pipeline ? write_set (stream, kernel, layout, dispatch->tensors) : VK_NULL_HANDLE;
      if (!set)
        return;
      for (guint i = 0; i < layout->n_bindings; i++)
        accesses[i] =
            access_of (stream, dispatch->tensors[i], strchr ("wu", kernel->bindings[i]) != NULL);
      order (stream, accesses, layout->n_bindings);
      record (stream, kernel, dispatch, pipeline, layout, set);
    }
  else if (stream->dry && stream->device)
    stream->wanted = gpu_pipelines_want (stream->wanted, stream->device, kernel, dispatch->spec);
  stream->dispatches++;
  stream->flops += dispatch->flops;
  stream->bytes += traffic (kernel, dispatch);
}

void
gpu_stream_copy (GpuStream *stream, GpuTensor to, GpuTensor from)
{
  g_assert (gpu_tensor_bytes (to) == gpu_tensor_bytes (from));
  if (!ready (stream))
    return;
  const Access accesses[] = { access_of (stream, to, TRUE), access_of (stream, from, FALSE) };
  order (stream, accesses, G_N_ELEMENTS (accesses));
  stream->device->vk.vkCmdCopyBuffer (
      current (stream), from.buffer->handle, to.buffer->handle, 1,
      &(VkBufferCopy){ from.offset, to.offset, gpu_tensor_bytes (from) });
}

void
gpu_stream_zero (GpuStream *stream, GpuTensor tensor)
{
  if (!ready (stream))
    return;
  const Access access = access_of (stream, tensor, TRUE);
  order (stream, &access, 1);
  stream->device->vk.vkCmdFillBuffer (current (stream), tensor.buffer->handle, tensor.offset,
                                      gpu_tensor_bytes (tensor), 0);
}

static VkResult
ready_fence (GpuStream *stream)
{
  GpuDevice *device = stream->device;
  if (stream->fence)
    return device->vk.vkResetFences (device->handle, 1, &stream->fence);
  return device->vk.vkCreateFence (
      device->handle, &(VkFenceCreateInfo){ .sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO }, NULL,
      &stream->fence);
}

/* The barriers at a command buffer's begin order it after those submitted before. */
static gboolean
submit (GpuStream *stream)
{
  GpuDevice *device = stream->device;
  const struct VolkDeviceTable *vk = &device->vk;
  const guint n = stream->commands->len;
  VkResult result = ready_fence (stream);
  for (guint i = 0; i < n && result == VK_SUCCESS; i++)
    result = vk->vkQueueSubmit (
        device->queue, 1,
        &(VkSubmitInfo){ .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                         .commandBufferCount = 1,
                         .pCommandBuffers = &g_array_index (stream->commands, VkCommandBuffer, i) },
        i + 1 < n ? VK_NULL_HANDLE : stream->fence);
  const gint64 submitted = g_get_monotonic_time ();
  if (result == VK_SUCCESS)
    result = vk->vkWaitForFences (device->handle, 1, &stream->fence, VK_TRUE, G_MAXUINT64);
  else
    vk->vkQueueWaitIdle (device->queue); /* what was submitted still uses the stream's memory */
  device->waited += g_get_monotonic_time () - submitted;
  return check (stream, result, "running");
}

static gboolean
report (GpuStream *stream, GError **error)
{
  if (!stream->error)
    return TRUE;
  g_propagate_error (error, g_error_copy (stream->error));
  return FALSE;
}

gboolean
gpu_stream_prepare (GpuStream *rehearsal, GError **error)
{
  g_assert (rehearsal->device && rehearsal->dry);
  if (!rehearsal->error && rehearsal->wanted)
    gpu_pipelines_make (rehearsal->device, rehearsal->wanted, &rehearsal->error);
  return report (rehearsal, error);
}

gboolean
gpu_stream_run (GpuStream *stream, GError **error)
{
  g_assert (!stream->dry);
  if (!stream->error && !stream->ended)
    {
      end_commands (stream);
      stream->ended = TRUE;
    }
  if (!stream->error && stream->commands->len > 0)
    submit (stream);
  return report (stream, error);
}

guint64
gpu_stream_get_flops (const GpuStream *stream)
{
  return stream->flops;
}

guint64
gpu_stream_get_bytes (const GpuStream *stream)
{
  return stream->bytes;
}

guint
gpu_stream_get_dispatches (const GpuStream *stream)
{
  return stream->dispatches;
}

guint
gpu_stream_get_barriers (const GpuStream *stream)
{
  return stream->barriers;
}

void
gpu_stream_omit_barrier (GpuStream *stream, guint n)
{
  stream->omitted = n;
}

void
gpu_stream_set_profiling (GpuStream *stream, gboolean profiling)
{
  stream->profiling = profiling;
}

GArray *
gpu_stream_get_profile (GpuStream *stream, GpuProfileDetail detail, GError **error)
{
  return gpu_timer_read (&stream->timer, stream->device, detail, error);
}
