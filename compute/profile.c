/* Rows of profiles, and the timestamps they come from: two around each dispatch. */
#include "compute/profile.h"
#include "compute/private.h"

#include <string.h>

GArray *
gpu_profile_new (void)
{
  return g_array_new (FALSE, FALSE, sizeof (GpuProfileRow));
}

static gboolean
is_row_of (const GpuProfileRow *row, const GpuProfileRow *other, GpuProfileDetail detail)
{
  return strcmp (row->kernel, other->kernel) == 0
         && (detail == GPU_PROFILE_KERNELS
             || memcmp (row->shape, other->shape, sizeof row->shape) == 0);
}

void
gpu_profile_add (GArray *profile, const GpuProfileRow *row, GpuProfileDetail detail)
{
  for (guint i = 0; i < profile->len; i++)
    {
      GpuProfileRow *own = &g_array_index (profile, GpuProfileRow, i);
      if (!is_row_of (own, row, detail))
        continue;
      own->calls += row->calls;
      own->nanoseconds += row->nanoseconds;
      own->flops += row->flops;
      own->bytes += row->bytes;
      return;
    }
  g_array_append_vals (profile, row, 1);
  if (detail == GPU_PROFILE_KERNELS)
    memset (g_array_index (profile, GpuProfileRow, profile->len - 1).shape, 0, sizeof row->shape);
}

static int
longest_first (gconstpointer a, gconstpointer b)
{
  const GpuProfileRow *x = a, *y = b;
  return (x->nanoseconds < y->nanoseconds) - (x->nanoseconds > y->nanoseconds);
}

void
gpu_profile_sort (GArray *profile)
{
  g_array_sort (profile, longest_first);
}

guint64
gpu_profile_total (const GArray *profile)
{
  guint64 nanoseconds = 0;
  for (guint i = 0; i < profile->len; i++)
    nanoseconds += g_array_index (profile, GpuProfileRow, i).nanoseconds;
  return nanoseconds;
}

/* A dispatch and where its timestamps are. */
typedef struct
{
  GpuProfileRow row;
  guint pool, slot;
} Timed;

void
gpu_timer_init (GpuTimer *timer)
{
  timer->pools = g_array_new (FALSE, FALSE, sizeof (VkQueryPool));
  timer->timed = g_array_new (FALSE, FALSE, sizeof (Timed));
}

void
gpu_timer_reset (GpuTimer *timer, GpuDevice *device)
{
  for (guint i = 0; i < timer->pools->len; i++)
    device->vk.vkDestroyQueryPool (device->handle, g_array_index (timer->pools, VkQueryPool, i),
                                   NULL);
  g_array_set_size (timer->pools, 0);
  g_array_set_size (timer->timed, 0);
}

void
gpu_timer_clear (GpuTimer *timer)
{
  g_array_unref (timer->pools);
  g_array_unref (timer->timed);
}

gboolean
gpu_timer_begin (GpuTimer *timer, GpuDevice *device, VkCommandBuffer commands, guint dispatches,
                 GError **error)
{
  VkQueryPool pool = VK_NULL_HANDLE;
  VkResult result = device->vk.vkCreateQueryPool (
      device->handle,
      &(VkQueryPoolCreateInfo){ .sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
                                .queryType = VK_QUERY_TYPE_TIMESTAMP,
                                .queryCount = 2 * dispatches },
      NULL, &pool);
  if (!gpu_check (device, result, "making timestamps", error))
    return FALSE;
  g_array_append_val (timer->pools, pool);
  device->vk.vkCmdResetQueryPool (commands, pool, 0, 2 * dispatches);
  return TRUE;
}

void
gpu_timer_stamp (const GpuTimer *timer, GpuDevice *device, VkCommandBuffer commands, guint query)
{
  if (timer->pools->len > 0)
    device->vk.vkCmdWriteTimestamp (
        commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
        g_array_index (timer->pools, VkQueryPool, timer->pools->len - 1), query);
}

void
gpu_timer_add (GpuTimer *timer, const GpuProfileRow *row, guint slot)
{
  const Timed timed = { *row, timer->pools->len - 1, slot };
  if (timer->pools->len > 0)
    g_array_append_val (timer->timed, timed);
}

GArray *
gpu_timer_read (const GpuTimer *timer, GpuDevice *device, GpuProfileDetail detail, GError **error)
{
  g_autoptr (GArray) profile = gpu_profile_new ();
  for (guint i = 0; i < timer->timed->len; i++)
    {
      const Timed *timed = &g_array_index (timer->timed, Timed, i);
      GpuProfileRow row = timed->row;
      guint64 ticks[2];
      VkResult result = device->vk.vkGetQueryPoolResults (
          device->handle, g_array_index (timer->pools, VkQueryPool, timed->pool), 2 * timed->slot,
          2, sizeof ticks, ticks, sizeof *ticks, VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT);
      if (!gpu_check (device, result, "reading timestamps", error))
        return NULL;
      row.nanoseconds = (guint64) ((double) ((ticks[1] - ticks[0]) & device->timestamp_mask)
                                   * device->timestamp_period);
      gpu_profile_add (profile, &row, detail);
    }
  gpu_profile_sort (profile);
  return g_steal_pointer (&profile);
}
