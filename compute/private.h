/* What the files of this folder share and nobody else sees. */
#pragma once

#include <volk.h>

#include "compute/device.h"
#include "compute/kernel.h"
#include "compute/tensor.h"

typedef struct
{
  VkInstance handle;
  VkDebugUtilsMessengerEXT messenger;
  guint messages;
  char *newest;
} GpuInstance;

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
  VkPipelineCache pipeline_cache;
  gboolean pipelines_changed;
  char *cache_path;
  GHashTable *layouts;   /* GpuKernel* -> GpuKernelLayout* */
  GHashTable *pipelines; /* kernel and constants -> VkPipeline */
  guint64 allocated;
  gint64 waited; /* microseconds */
};

struct _GpuBuffer
{
  gatomicrefcount refs;
  GpuDevice *device;
  VkBuffer handle;
  VkDeviceMemory memory;
  guint64 size;
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

/* Turns a result into a GError that says what was being done; TRUE on success. */
gboolean gpu_check (GpuDevice *device, VkResult result, const char *doing, GError **error);

/* One command buffer, recorded by the callback, run and waited for. */
gboolean gpu_device_run_once (GpuDevice *device,
                              void (*record) (GpuDevice *, VkCommandBuffer, gpointer),
                              gpointer data, GError **error);
