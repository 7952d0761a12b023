/* Recording, barriers and replay. */
#include "compute/stream.h"
#include "compute/private.h"

#include <string.h>

/* Long recordings are cut into several command buffers, each submitted by itself: a card's watchdog
 * takes the device away from a submission of several seconds. 2e11 operations are a second at the
 * 0.2 TFLOP/s that the slowest of cards reach. */
#define DISPATCHES_PER_BUFFER 512
#define FLOPS_PER_BUFFER 200000000000ull

typedef struct
{
  const GpuBuffer *buffer;
  guint64 begin, end;
  gboolean write;
} Access;

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
  GpuBindings bindings;
  guint in_buffer;     /* dispatches in the current command buffer ... */
  guint64 in_flops;    /* ... and their operations */
  GHashTable *buffers; /* every buffer used, kept alive */
  GArray *accesses;    /* Access since the last barrier */
  guint64 flops, bytes;
  guint dispatches, barriers, omitted;
  gboolean profiling;
  GpuTimer timer;
};

GpuStream *
gpu_stream_new (GpuDevice *device)
{
  GpuStream *stream = g_new0 (GpuStream, 1);
  stream->device = device ? gpu_device_ref (device) : NULL;
  stream->dry = !device;
  stream->commands = g_array_new (FALSE, FALSE, sizeof (VkCommandBuffer));
  stream->accesses = g_array_new (FALSE, FALSE, sizeof (Access));
  gpu_timer_init (&stream->timer);
  gpu_bindings_init (&stream->bindings);
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
      gpu_bindings_reset (&stream->bindings, device);
      gpu_timer_reset (&stream->timer, device);
      vk->vkDestroyCommandPool (device->handle, stream->pool, NULL);
      vk->vkDestroyFence (device->handle, stream->fence, NULL);
    }
  stream->pool = VK_NULL_HANDLE;
  stream->fence = VK_NULL_HANDLE;
  g_hash_table_remove_all (stream->buffers);
  g_array_set_size (stream->commands, 0);
  g_array_set_size (stream->accesses, 0);
  g_clear_pointer (&stream->wanted, g_array_unref);
  g_clear_error (&stream->error);
  stream->open = stream->ended = FALSE;
  stream->dispatches = stream->barriers = 0;
  stream->flops = stream->bytes = 0;
}

void
gpu_stream_free (GpuStream *stream)
{
  if (!stream)
    return;
  gpu_stream_reset (stream);
  g_array_unref (stream->commands);
  g_array_unref (stream->accesses);
  gpu_timer_clear (&stream->timer);
  gpu_bindings_clear (&stream->bindings);
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
      VkDescriptorSet set = pipeline
                                ? gpu_bindings_write (&stream->bindings, stream->device, kernel,
                                                      layout, dispatch->tensors, &stream->error)
                                : VK_NULL_HANDLE;
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
