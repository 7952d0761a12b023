/* The Vulkan instance: loader, validation layer, and the list of devices, best first. */
#include "compute/private.h"

#include <string.h>
#include <unistd.h>

G_DEFINE_QUARK (gpu_error, gpu_error)

static const char *
result_text (VkResult result)
{
  switch (result)
    {
    case VK_ERROR_OUT_OF_HOST_MEMORY:
      return "the system has no memory left";
    case VK_ERROR_OUT_OF_DEVICE_MEMORY:
      return "the device has no memory left: use a smaller batch or model";
    case VK_ERROR_DEVICE_LOST:
      return "the device was lost (a driver reset or time limit): start again";
    case VK_ERROR_INITIALIZATION_FAILED:
      return "the driver could not start";
    case VK_ERROR_INCOMPATIBLE_DRIVER:
      return "no Vulkan driver is installed: install one, or mesa-vulkan-drivers for the CPU";
    case VK_ERROR_LAYER_NOT_PRESENT:
      return "the validation layer is missing: install vulkan-validationlayers";
    default:
      return "the driver refused";
    }
}

gboolean
gpu_check (GpuDevice *device, VkResult result, const char *doing, GError **error)
{
  if (result >= 0)
    return TRUE;

  GpuError code = GPU_ERROR_DRIVER;
  if (result == VK_ERROR_DEVICE_LOST)
    code = GPU_ERROR_LOST;
  else if (result == VK_ERROR_OUT_OF_DEVICE_MEMORY || result == VK_ERROR_OUT_OF_HOST_MEMORY)
    code = GPU_ERROR_MEMORY;
  g_set_error (error, GPU_ERROR, code, "%s: %s: %s (VkResult %d)",
               device ? device->info.name : "Vulkan", doing, result_text (result), result);
  return FALSE;
}

static VKAPI_ATTR VkBool32 VKAPI_CALL
on_message (VkDebugUtilsMessageSeverityFlagBitsEXT severity, VkDebugUtilsMessageTypeFlagsEXT types,
            const VkDebugUtilsMessengerCallbackDataEXT *data, void *user)
{
  (void) severity;
  (void) types;
  GpuInstance *instance = user;
  instance->messages++;
  g_free (instance->newest);
  instance->newest = g_strdup (data->pMessage);
  return VK_FALSE;
}

static VkResult
create_instance (GpuInstance *instance, gboolean validate)
{
  VkDebugUtilsMessengerCreateInfoEXT messenger = {
    .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT,
    .messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT
                       | VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT,
    .messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT,
    .pfnUserCallback = on_message,
    .pUserData = instance,
  };
  const VkValidationFeatureEnableEXT enables[] = {
    VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT
  };
  const VkValidationFeaturesEXT features = {
    .sType = VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT,
    .pNext = &messenger,
    .enabledValidationFeatureCount = G_N_ELEMENTS (enables),
    .pEnabledValidationFeatures = enables,
  };
  const VkApplicationInfo application = {
    .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
    .pApplicationName = "penumbra",
    .apiVersion = VK_API_VERSION_1_2,
  };
  const char *layers[] = { "VK_LAYER_KHRONOS_validation" };
  const char *extensions[] = { VK_EXT_DEBUG_UTILS_EXTENSION_NAME,
                               VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME };
  VkResult result = vkCreateInstance (
      &(VkInstanceCreateInfo){
          .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
          .pNext = validate ? &features : NULL,
          .pApplicationInfo = &application,
          .enabledLayerCount = validate ? G_N_ELEMENTS (layers) : 0,
          .ppEnabledLayerNames = layers,
          .enabledExtensionCount = validate ? G_N_ELEMENTS (extensions) : 0,
          .ppEnabledExtensionNames = extensions,
      },
      NULL, &instance->handle);
  if (result != VK_SUCCESS)
    return result;

  volkLoadInstanceOnly (instance->handle);
  if (!validate)
    return VK_SUCCESS;
  return vkCreateDebugUtilsMessengerEXT (instance->handle, &messenger, NULL, &instance->messenger);
}

gboolean
gpu_instance_open (GpuInstance *instance, gboolean validate, GError **error)
{
  if (volkInitialize () != VK_SUCCESS)
    {
      g_set_error (error, GPU_ERROR, GPU_ERROR_NO_DEVICE,
                   "the Vulkan loader is missing: install libvulkan1 and a driver "
                   "(mesa-vulkan-drivers runs on any CPU)");
      return FALSE;
    }
  return gpu_check (NULL, create_instance (instance, validate), "opening an instance", error);
}

void
gpu_instance_close (GpuInstance *instance)
{
  if (instance->messenger)
    {
      /* volk's pointer is that of the newest instance, which may be without the extension. */
      PFN_vkDestroyDebugUtilsMessengerEXT destroy =
          (PFN_vkDestroyDebugUtilsMessengerEXT) vkGetInstanceProcAddr (
              instance->handle, "vkDestroyDebugUtilsMessengerEXT");
      destroy (instance->handle, instance->messenger, NULL);
    }
  if (instance->handle)
    vkDestroyInstance (instance->handle, NULL);
  g_clear_pointer (&instance->newest, g_free);
  instance->handle = VK_NULL_HANDLE;
  instance->messenger = VK_NULL_HANDLE;
}

static GpuType
device_type (VkPhysicalDeviceType type)
{
  switch (type)
    {
    case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
      return GPU_TYPE_DISCRETE;
    case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
      return GPU_TYPE_INTEGRATED;
    case VK_PHYSICAL_DEVICE_TYPE_CPU:
      return GPU_TYPE_CPU;
    default:
      return GPU_TYPE_VIRTUAL;
    }
}

const char *
gpu_type_name (GpuType type)
{
  const char *names[] = { "discrete", "integrated", "virtual", "cpu" };
  return names[type];
}

static guint64
device_memory (VkPhysicalDevice physical, GpuType type)
{
  if (type == GPU_TYPE_CPU)
    return (guint64) sysconf (_SC_PHYS_PAGES) * (guint64) sysconf (_SC_PAGESIZE);

  VkPhysicalDeviceMemoryProperties memory;
  guint64 largest = 0;
  vkGetPhysicalDeviceMemoryProperties (physical, &memory);
  for (guint i = 0; i < memory.memoryHeapCount; i++)
    if (memory.memoryHeaps[i].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT)
      largest = MAX (largest, memory.memoryHeaps[i].size);
  return largest;
}

/* The floor of limits that our kernels are written for. */
static void
find_unfit (GpuDeviceInfo *info, const VkPhysicalDeviceProperties *properties)
{
  const VkPhysicalDeviceLimits *limits = &properties->limits;
  if (properties->apiVersion < VK_API_VERSION_1_2)
    g_snprintf (info->unfit, sizeof info->unfit, "it has Vulkan %u.%u, Penumbra needs 1.2",
                VK_VERSION_MAJOR (properties->apiVersion),
                VK_VERSION_MINOR (properties->apiVersion));
  else if (limits->maxComputeWorkGroupInvocations < 256 || limits->maxComputeWorkGroupSize[0] < 256
           || limits->maxComputeSharedMemorySize < 16384
           || limits->maxPerStageDescriptorStorageBuffers < GPU_MAX_BINDINGS
           || limits->maxPushConstantsSize < GPU_MAX_PUSH)
    g_strlcpy (info->unfit,
               "it is below 256 invocations, 16 KiB of shared memory, 8 storage buffers or 128 "
               "bytes of push constants",
               sizeof info->unfit);
}

/* Texel reads with subgroup shuffles pay on CPU drivers, whose subgroups are SIMD registers. Their
 * shaders store eight floats as four 64-bit integers. */
static gboolean
can_read_texels (const GpuDeviceInfo *info, const VkPhysicalDeviceSubgroupProperties *subgroup,
                 const VkPhysicalDeviceLimits *limits, const VkPhysicalDeviceFeatures *features)
{
  return info->type == GPU_TYPE_CPU && features->shaderInt64
         && limits->maxTexelBufferElements >= 1u << 24
         && limits->minTexelBufferOffsetAlignment <= GPU_TENSOR_ALIGN
         && (subgroup->supportedOperations & VK_SUBGROUP_FEATURE_SHUFFLE_BIT)
         && (subgroup->supportedStages & VK_SHADER_STAGE_COMPUTE_BIT)
         && limits->maxPerStageDescriptorStorageImages >= GPU_MAX_BINDINGS
         && (info->subgroup_size == 4 || info->subgroup_size == 8 || info->subgroup_size == 16);
}

static GpuDeviceInfo *
describe (VkPhysicalDevice physical)
{
  VkPhysicalDeviceMaintenance3Properties allocation = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES
  };
  VkPhysicalDeviceSubgroupProperties subgroup = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES, .pNext = &allocation
  };
  VkPhysicalDeviceDriverProperties driver = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES, .pNext = &subgroup
  };
  VkPhysicalDeviceIDProperties id = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES,
                                      .pNext = &driver };
  VkPhysicalDeviceProperties2 all = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
                                      .pNext = &id };
  VkPhysicalDeviceFeatures features;
  vkGetPhysicalDeviceProperties2 (physical, &all);
  vkGetPhysicalDeviceFeatures (physical, &features);

  const VkPhysicalDeviceLimits *limits = &all.properties.limits;
  GpuDeviceInfo *info = g_new0 (GpuDeviceInfo, 1);
  g_strlcpy (info->name, all.properties.deviceName, sizeof info->name);
  for (guint i = 0; i < VK_UUID_SIZE; i++)
    g_snprintf (info->uuid + 2 * i, 3, "%02x", id.deviceUUID[i]);
  g_snprintf (info->driver, sizeof info->driver, "%s %s", driver.driverName, driver.driverInfo);
  info->type = device_type (all.properties.deviceType);
  info->subgroup_size = subgroup.subgroupSize;
  info->memory_bytes = device_memory (physical, info->type);
  info->max_allocation_bytes = allocation.maxMemoryAllocationSize;
  info->max_binding_bytes = limits->maxStorageBufferRange;
  info->max_texels = limits->maxTexelBufferElements;
  info->max_groups = limits->maxComputeWorkGroupCount[0];
  info->max_invocations =
      MIN (limits->maxComputeWorkGroupInvocations, limits->maxComputeWorkGroupSize[0]);
  info->max_shared_bytes = limits->maxComputeSharedMemorySize;
  info->texel_reads = can_read_texels (info, &subgroup, limits, &features);
  find_unfit (info, &all.properties);
  return info;
}

static int
compare_type (gconstpointer a, gconstpointer b, gpointer infos)
{
  const GpuDeviceInfo *x = g_ptr_array_index ((GPtrArray *) infos, *(const guint *) a);
  const GpuDeviceInfo *y = g_ptr_array_index ((GPtrArray *) infos, *(const guint *) b);
  if (!*x->unfit != !*y->unfit)
    return *x->unfit ? 1 : -1;
  return (int) x->type - (int) y->type;
}

gboolean
gpu_instance_list (GpuInstance *instance, GArray **handles, GPtrArray **infos, GError **error)
{
  VkPhysicalDevice found[32];
  guint32 n = G_N_ELEMENTS (found);
  VkResult result = vkEnumeratePhysicalDevices (instance->handle, &n, found);
  if (!gpu_check (NULL, result, "listing devices", error))
    return FALSE;

  guint order[G_N_ELEMENTS (found)];
  g_autoptr (GPtrArray) unsorted = g_ptr_array_new ();
  for (guint i = 0; i < n; i++)
    {
      order[i] = i;
      g_ptr_array_add (unsorted, describe (found[i]));
    }
  g_qsort_with_data (order, (int) n, sizeof *order, compare_type, unsorted);

  *handles = g_array_new (FALSE, FALSE, sizeof (VkPhysicalDevice));
  *infos = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < n; i++)
    {
      GpuDeviceInfo *info = g_ptr_array_index (unsorted, order[i]);
      info->index = i;
      g_array_append_val (*handles, found[order[i]]);
      g_ptr_array_add (*infos, info);
    }
  return TRUE;
}

GPtrArray *
gpu_device_list (GError **error)
{
  GpuInstance instance = { 0 };
  GPtrArray *infos = NULL;
  g_autoptr (GArray) handles = NULL;
  if (gpu_instance_open (&instance, FALSE, error))
    gpu_instance_list (&instance, &handles, &infos, error);
  gpu_instance_close (&instance);
  return infos;
}
