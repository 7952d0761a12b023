/* What the files of this folder share and nobody else sees. */
#pragma once

#include <volk.h>

#include "compute/device.h"
#include "compute/kernel.h"
#include "compute/profile.h"
#include "compute/tensor.h"

typedef struct
{
  VkInstance handle;
  VkDebugUtilsMessengerEXT messenger;
  guint messages;
  char *newest;
} GpuInstance;

typedef struct
{
  const GpuKernel *kernel;
  guint32 spec[GPU_MAX_SPEC];
} GpuPipelineKey;

struct _GpuDevice
{
  gatomicrefcount refs;
  GpuInstance instance;
  VkPhysicalDevice physical;
  VkDevice handle;
  VkQueue queue;
  guint queue_family;
  struct VolkDeviceTable vk;
  VkPhysicalDeviceMemoryProperties memory;
  double timestamp_period; /* nanoseconds a tick; 0 without timestamps */
  guint64 timestamp_mask;  /* the bits of a timestamp that count: it wraps behind them */
  GpuDeviceInfo info;
  GpuRead read;
  guint tile;
  VkPipelineCache pipeline_cache;
  gboolean pipelines_changed;
  char *cache_path;
  GHashTable *layouts;   /* GpuKernel* -> GpuKernelLayout* */
  GHashTable *pipelines; /* GpuPipelineKey -> VkPipeline */
  GPtrArray *cold;       /* keys of those made since the last gpu_device_warm(), borrowed */
  guint64 allocated, allocations;
  gint64 waited; /* microseconds */
};

struct _GpuBuffer
{
  gatomicrefcount refs;
  GpuDevice *device;
  VkBuffer handle;
  VkDeviceMemory memory;
  guint64 size, taken; /* bytes asked for, and of its memory */
  guint8 *mapped;
};

typedef struct
{
  VkDescriptorSetLayout set;
  VkPipelineLayout pipeline;
  VkShaderModule module;
  VkDescriptorType types[GPU_MAX_BINDINGS];
  guint n_bindings;
} GpuKernelLayout;

/* instance.c */
gboolean gpu_instance_open (GpuInstance *instance, gboolean validate, GError **error);
void gpu_instance_close (GpuInstance *instance);
/* Physical devices, best first, with what is known of each; both arrays are the caller's. */
gboolean gpu_instance_list (GpuInstance *instance, GArray **handles, GPtrArray **infos,
                            GError **error);

/* pipeline.c */
void gpu_pipelines_open (GpuDevice *device, const char *cache_dir);
void gpu_pipelines_close (GpuDevice *device);
GpuKernelLayout *gpu_kernel_layout (GpuDevice *device, const GpuKernel *kernel, GError **error);
VkPipeline gpu_kernel_pipeline (GpuDevice *device, const GpuKernel *kernel, const guint32 *spec,
                                GError **error);
/* Adds a pipeline to a list, which may be NULL, unless it is there or made; returns the list. */
GArray *gpu_pipelines_want (GArray *list, GpuDevice *device, const GpuKernel *kernel,
                            const guint32 *spec);
/* Makes all of a list on all cores, and empties it. */
gboolean gpu_pipelines_make (GpuDevice *device, GArray *list, GError **error);

/* bindings.c: descriptors and views of one stream; they live until it is reset. */
typedef struct
{
  GArray *set_pools; /* VkDescriptorPool */
  guint sets_left;   /* in the newest */
  GHashTable *views;
} GpuBindings;

void gpu_bindings_init (GpuBindings *bindings);
void gpu_bindings_reset (GpuBindings *bindings, GpuDevice *device);
void gpu_bindings_clear (GpuBindings *bindings); /* once reset */
/* VK_NULL_HANDLE on an error, such as a tensor beyond what the device binds. */
VkDescriptorSet gpu_bindings_write (GpuBindings *bindings, GpuDevice *device,
                                    const GpuKernel *kernel, const GpuKernelLayout *layout,
                                    const GpuTensor *tensors, GError **error);

/* profile.c: two timestamps around each dispatch, one pool a command buffer. */
typedef struct
{
  GArray *pools; /* VkQueryPool */
  GArray *timed;
} GpuTimer;

void gpu_timer_init (GpuTimer *timer);
/* Forgets everything; device may be NULL where nothing was timed. */
void gpu_timer_reset (GpuTimer *timer, GpuDevice *device);
void gpu_timer_clear (GpuTimer *timer); /* once reset */
/* From here on a command buffer of so many dispatches at most is timed. */
gboolean gpu_timer_begin (GpuTimer *timer, GpuDevice *device, VkCommandBuffer commands,
                          guint dispatches, GError **error);
/* Queries 2 slot and 2 slot + 1 stand around the dispatch in that slot. Nothing where not begun. */
void gpu_timer_stamp (const GpuTimer *timer, GpuDevice *device, VkCommandBuffer commands,
                      guint query);
void gpu_timer_add (GpuTimer *timer, const GpuProfileRow *row, guint slot);
GArray *gpu_timer_read (const GpuTimer *timer, GpuDevice *device, GpuProfileDetail detail,
                        GError **error);

/* Turns a result into a GError that says what was being done; TRUE on success. */
gboolean gpu_check (GpuDevice *device, VkResult result, const char *doing, GError **error);

/* One command buffer, recorded by the callback, run and waited for. */
gboolean gpu_device_run_once (GpuDevice *device,
                              void (*record) (GpuDevice *, VkCommandBuffer, gpointer),
                              gpointer data, GError **error);
