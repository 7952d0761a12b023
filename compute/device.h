/* A Vulkan 1.2 device with one compute queue, and what the kernels need to know about it.
 *
 * Nothing above this folder includes vulkan.h. A device may be used from one thread at a time;
 * the window and a trainer each open their own.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define GPU_ERROR (gpu_error_quark ())
GQuark gpu_error_quark (void);

typedef enum
{
  GPU_ERROR_NO_DEVICE, /* no driver, no such device, or one below our floor of limits */
  GPU_ERROR_MEMORY,    /* the device or the system has no memory left */
  GPU_ERROR_LOST,      /* the driver gave the device up; open it again */
  GPU_ERROR_LIMIT,     /* a tensor or a dispatch is beyond a limit of the device */
  GPU_ERROR_DRIVER,    /* any other refusal of the driver */
} GpuError;

typedef enum
{
  GPU_TYPE_DISCRETE,
  GPU_TYPE_INTEGRATED,
  GPU_TYPE_VIRTUAL,
  GPU_TYPE_CPU,
} GpuType;

/* How kernels read float tensors: rgba32f texel buffers, inlined and branch-free on CPU drivers, or
 * storage buffers, right everywhere. Chosen from device properties unless forced (tests force both). */
typedef enum
{
  GPU_READ_AUTO,
  GPU_READ_TEXEL,
  GPU_READ_STORAGE,
} GpuRead;

typedef struct
{
  guint index; /* position in gpu_device_list() */
  char name[256];
  char uuid[33];    /* deviceUUID, 32 hex digits: stable over restarts */
  char driver[256]; /* driver name and version */
  GpuType type;
  guint subgroup_size;
  guint64 memory_bytes; /* largest device-local heap; on CPU devices the system's memory */
  guint64 max_allocation_bytes;
  guint64 max_binding_bytes;
  guint64 max_texels;
  guint max_groups;       /* workgroups along x */
  guint max_invocations;  /* of a workgroup */
  guint max_shared_bytes; /* ... and its shared memory */
  gboolean texel_reads;   /* GPU_READ_TEXEL is possible */
  char unfit[160];        /* why Penumbra cannot run on it; empty if it can */
} GpuDeviceInfo;

typedef struct
{
  const char *select; /* index, UUID or part of a name; NULL: discrete > integrated > CPU */
  GpuRead read;
  guint tile;            /* row of the tables in ops/tiles.h, from 1; 0: by shape. For tests */
  gboolean validate;     /* validation layer with synchronisation checks; for tests */
  const char *cache_dir; /* pipeline cache; NULL: $XDG_CACHE_HOME/penumbra */
  /* Below the device's own, to test what is cut into blocks and pieces; 0: the device's. */
  guint64 max_allocation_bytes;
  guint64 max_binding_bytes;
} GpuDeviceOptions;

typedef struct _GpuDevice GpuDevice;

/* All devices of all drivers, best first, as GpuDeviceInfo; free with g_ptr_array_unref. */
GPtrArray *gpu_device_list (GError **error);

/* options may be NULL. Fails with a GPU_ERROR that names the device asked for and those there are. */
GpuDevice *gpu_device_open (const GpuDeviceOptions *options, GError **error);
GpuDevice *gpu_device_ref (GpuDevice *device);
void gpu_device_unref (GpuDevice *device);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GpuDevice, gpu_device_unref)

const GpuDeviceInfo *gpu_device_get_info (const GpuDevice *device);
GpuRead gpu_device_get_read (const GpuDevice *device);
guint gpu_device_get_tile (const GpuDevice *device);

/* Bytes of device memory held by living buffers, now; and how many times memory was ever taken. */
guint64 gpu_device_get_allocated (const GpuDevice *device);
guint64 gpu_device_get_allocations (const GpuDevice *device);

/* Microseconds that streams have waited for the device so far: what is left of a step's time is the
 * host's. */
gint64 gpu_device_get_waited (const GpuDevice *device);

/* Messages of the validation layer so far (errors and warnings), and the newest text or NULL. */
guint gpu_device_get_validation_count (const GpuDevice *device);
const char *gpu_device_get_validation_text (const GpuDevice *device);

/* Writes the pipeline cache to disk; also done when the device is freed. Failure is harmless. */
void gpu_device_save_pipelines (GpuDevice *device);

typedef void (*GpuProgress) (guint done, guint total, gpointer data);

/* Compiles the kernels recorded so far as far as drivers leave that to their first run, which would
 * else take seconds and show nothing. progress may be NULL; it is called on this thread, last with
 * done = total, and not at all where nothing is new. */
gboolean gpu_device_warm (GpuDevice *device, GpuProgress progress, gpointer data, GError **error);

const char *gpu_type_name (GpuType type);

G_END_DECLS
