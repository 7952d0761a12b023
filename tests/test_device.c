/* Choosing devices, their limits, and the pipeline cache. */
#include "tests/ops/harness.h"

#include "compute/ops/normalize.h"

#include <glib/gstdio.h>
#include <string.h>

static GpuDevice *
open_device (const GpuDeviceOptions *options)
{
  g_autoptr (GError) error = NULL;
  GpuDevice *device = gpu_device_open (options, &error);
  g_assert_no_error (error);
  return device;
}

static void
lists (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) infos = gpu_device_list (&error);
  g_assert_no_error (error);
  g_assert_cmpuint (infos->len, >, 0);
  for (guint i = 0; i < infos->len; i++)
    {
      const GpuDeviceInfo *info = g_ptr_array_index (infos, i);
      g_assert_cmpuint (info->index, ==, i);
      g_assert_cmpuint (strlen (info->uuid), ==, 32);
      g_assert_cmpuint (info->memory_bytes, >, 0);
      g_assert_nonnull (gpu_type_name (info->type));
      if (i > 0)
        {
          const GpuDeviceInfo *better = g_ptr_array_index (infos, i - 1);
          g_assert_true (*info->unfit || better->type <= info->type);
        }
    }
}

static void
assert_selects (const char *select, const char *uuid)
{
  g_autoptr (GpuDevice) device = open_device (&(GpuDeviceOptions){ .select = select });
  g_assert_cmpstr (gpu_device_get_info (device)->uuid, ==, uuid);
}

static void
selects (void)
{
  g_autoptr (GpuDevice) best = open_device (NULL);
  const GpuDeviceInfo *info = gpu_device_get_info (best);
  g_autofree char *index = g_strdup_printf ("%u", info->index);
  g_autofree char *part = g_ascii_strup (info->name, 5);
  assert_selects (index, info->uuid);
  assert_selects (info->uuid, info->uuid);
  assert_selects (info->name, info->uuid);
  assert_selects (part, info->uuid);
}

static void
refuses_unknown (void)
{
  g_autoptr (GPtrArray) infos = gpu_device_list (NULL);
  const GpuDeviceInfo *info = g_ptr_array_index (infos, 0);
  const char *unknown[] = { "no such card", "99", "-1", "", "99999999999999999999", "0 " };
  for (guint i = 0; i < G_N_ELEMENTS (unknown); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_null (gpu_device_open (&(GpuDeviceOptions){ .select = unknown[i] }, &error));
      g_assert_error (error, GPU_ERROR, GPU_ERROR_NO_DEVICE);
      g_assert_nonnull (strstr (error->message, unknown[i]));
      g_assert_nonnull (strstr (error->message, info->name));
      g_assert_null (strchr (error->message, '\n'));
    }
}

/* A machine without a driver: the loader is pointed at nothing. */
static void
no_driver (void)
{
  const char *variables[] = { "VK_ICD_FILENAMES", "VK_DRIVER_FILES" };
  g_autofree char *nowhere = g_build_filename (g_get_tmp_dir (), "no-such-driver.json", NULL);
  g_autoptr (GError) error = NULL;
  char *saved[G_N_ELEMENTS (variables)];
  for (guint i = 0; i < G_N_ELEMENTS (variables); i++)
    {
      saved[i] = g_strdup (g_getenv (variables[i]));
      g_setenv (variables[i], nowhere, TRUE);
    }
  g_assert_null (gpu_device_open (NULL, &error));
  g_assert_nonnull (error);
  g_assert_true (error->domain == GPU_ERROR);
  g_assert_nonnull (strstr (error->message, "install"));
  for (guint i = 0; i < G_N_ELEMENTS (variables); i++)
    {
      if (saved[i])
        g_setenv (variables[i], saved[i], TRUE);
      else
        g_unsetenv (variables[i]);
      g_free (saved[i]);
    }
}

static void
forced_reads (void)
{
  g_autoptr (GpuDevice) free_choice = open_device (NULL);
  g_autoptr (GpuDevice) storage = open_device (&(GpuDeviceOptions){ .read = GPU_READ_STORAGE });
  g_autoptr (GError) error = NULL;
  gboolean can = gpu_device_get_info (free_choice)->texel_reads;
  g_assert_cmpint (gpu_device_get_read (storage), ==, GPU_READ_STORAGE);
  g_assert_cmpint (gpu_device_get_read (free_choice), ==, can ? GPU_READ_TEXEL : GPU_READ_STORAGE);
  g_autoptr (GpuDevice) texel =
      gpu_device_open (&(GpuDeviceOptions){ .read = GPU_READ_TEXEL }, &error);
  g_assert_true ((texel != NULL) == can);
  if (strstr (gpu_device_get_info (free_choice)->name, "llvmpipe"))
    g_assert_true (can); /* or else half of the kernels' cases would be missing */
  if (!can)
    g_assert_error (error, GPU_ERROR, GPU_ERROR_NO_DEVICE);
}

static void
limits (void)
{
  g_autoptr (GpuDevice) device = open_device (NULL);
  g_autoptr (GError) error = NULL;
  const GpuDeviceInfo *info = gpu_device_get_info (device);
  const guint64 sizes[] = { info->max_allocation_bytes + 1, G_MAXUINT64 };
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_assert_null (gpu_buffer_new (device, sizes[i], GPU_MEMORY_DEVICE, &error));
      g_assert_error (error, GPU_ERROR, GPU_ERROR_LIMIT);
      g_assert_nonnull (strstr (error->message, info->name));
      g_clear_error (&error);
    }
  g_assert_cmpuint (gpu_device_get_allocated (device), ==, 0);
}

/* Buffers start as zeros, are counted while they live, and upload and download any width. */
static void
buffers (void)
{
  g_autoptr (GpuDevice) device = open_device (NULL);
  g_autoptr (GError) error = NULL;
  for (GpuMemory memory = GPU_MEMORY_DEVICE; memory <= GPU_MEMORY_READBACK; memory++)
    {
      g_autoptr (GpuBuffer) buffer = gpu_buffer_new (device, 1000, memory, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (gpu_buffer_get_size (buffer), ==, 1024);
      g_assert_cmpuint (gpu_device_get_allocated (device), ==, 1024);
      const float values[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };
      float back[20];
      GpuTensor tensor = { buffer, 256, 2, 5 }, flat = { buffer, 256, 1, 16 };
      g_assert_true (gpu_tensor_download (flat, back, &error));
      for (guint i = 0; i < 16; i++)
        g_assert_cmpfloat (back[i], ==, 0);
      g_assert_true (gpu_tensor_upload (tensor, values, &error));
      g_assert_true (gpu_tensor_download (tensor, back, &error));
      g_assert_cmpmem (back, sizeof values, values, sizeof values);
      if (memory != GPU_MEMORY_DEVICE)
        g_assert_nonnull (gpu_tensor_map (tensor));
    }
  g_assert_cmpuint (gpu_device_get_allocated (device), ==, 0);
}

/* A CPU driver would promise more than there is. */
static void
system_memory (void)
{
  g_autoptr (GpuDevice) device = open_device (NULL);
  g_autoptr (GError) error = NULL;
  GpuDeviceInfo *info = (GpuDeviceInfo *) gpu_device_get_info (device);
  g_assert_cmpint (info->type, ==, GPU_TYPE_CPU);
  info->memory_bytes = 1 << 20;
  g_autoptr (GpuBuffer) first = gpu_buffer_new (device, 600000, GPU_MEMORY_DEVICE, &error);
  g_assert_no_error (error);
  g_assert_null (gpu_buffer_new (device, 600000, GPU_MEMORY_DEVICE, &error));
  g_assert_error (error, GPU_ERROR, GPU_ERROR_MEMORY);
  g_assert_nonnull (strstr (error->message, "smaller batch"));
}

/* A device with the validation layer outlives one without it that was opened later. */
static void
validates_beside_another (void)
{
  g_autoptr (GpuDevice) validated = open_device (&(GpuDeviceOptions){ .validate = TRUE });
  g_autoptr (GpuDevice) plain = open_device (NULL);
  g_clear_pointer (&validated, gpu_device_unref);
  g_autoptr (GpuBuffer) buffer = gpu_buffer_new (plain, 256, GPU_MEMORY_DEVICE, NULL);
  g_assert_nonnull (buffer);
}

static char *
find_cache (const char *dir)
{
  g_autoptr (GDir) entries = g_dir_open (dir, 0, NULL);
  const char *name = entries ? g_dir_read_name (entries) : NULL;
  return name ? g_build_filename (dir, name, NULL) : NULL;
}

static void
use_one_kernel (const char *cache_dir)
{
  g_autoptr (GpuDevice) device = open_device (&(GpuDeviceOptions){ .cache_dir = cache_dir });
  g_autoptr (GpuStream) stream = gpu_stream_new (device);
  g_autoptr (GError) error = NULL;
  g_autoptr (GpuBuffer) buffer = gpu_buffer_new (device, 4096, GPU_MEMORY_DEVICE, &error);
  g_assert_no_error (error);
  GpuTensor x = { buffer, 0, 2, 3 }, z = { buffer, 256, 2, 3 }, inverse = { buffer, 512, 2, 1 };
  const float values[] = { 3, 0, 4, 0, 5, 12 };
  float back[6];
  g_assert_true (gpu_tensor_upload (x, values, &error));
  gpu_normalize (stream, z, inverse, x);
  g_assert_true (gpu_stream_run (stream, &error));
  g_assert_true (gpu_tensor_download (z, back, &error));
  g_assert_cmpfloat_with_epsilon (back[0], 0.6, 1e-6);
  g_assert_cmpfloat_with_epsilon (back[5], 12.0 / 13, 1e-6);
}

/* The cache is written to a folder made for it; a broken one costs time and is replaced. */
static void
pipeline_cache (void)
{
  g_autofree char *root = g_dir_make_tmp ("penumbra-XXXXXX", NULL);
  g_autofree char *dir = g_build_filename (root, "made", "for-it", NULL);
  use_one_kernel (dir);
  g_autofree char *path = find_cache (dir);
  g_assert_nonnull (path);

  g_autofree char *good = NULL;
  gsize size = 0;
  g_assert_true (g_file_get_contents (path, &good, &size, NULL));
  g_assert_cmpuint (size, >, 16);
  const gsize kept[] = { 0, 1, 16, size / 2, size };
  for (guint i = 0; i < G_N_ELEMENTS (kept); i++)
    {
      g_autofree char *bad = g_memdup2 (good, size);
      for (gsize at = kept[i]; at < size; at++)
        bad[at] = (char) (at * 37);
      g_assert_true (g_file_set_contents (path, bad, (gssize) (i % 2 ? size : kept[i]), NULL));
      use_one_kernel (dir);
    }
  g_remove (path);
  g_rmdir (dir);
  g_autofree char *made = g_path_get_dirname (dir);
  g_rmdir (made);
  g_assert_cmpint (g_rmdir (root), ==, 0);
}

/* A file stands where the folder should be. */
static void
cache_unwritable (void)
{
  g_autofree char *path = NULL;
  int fd = g_file_open_tmp ("penumbra-XXXXXX", &path, NULL);
  g_assert_cmpint (fd, >=, 0);
  g_close (fd, NULL);
  use_one_kernel (path);
  g_assert_cmpint (g_remove (path), ==, 0);
}

int
main (int argc, char **argv)
{
  test_init (&argc, &argv);
  g_test_add_func ("/device/list", lists);
  g_test_add_func ("/device/select", selects);
  g_test_add_func ("/device/unknown", refuses_unknown);
  g_test_add_func ("/device/no-driver", no_driver);
  g_test_add_func ("/device/reads", forced_reads);
  g_test_add_func ("/device/limits", limits);
  g_test_add_func ("/device/system-memory", system_memory);
  g_test_add_func ("/device/validated-beside-another", validates_beside_another);
  g_test_add_func ("/device/buffers", buffers);
  g_test_add_func ("/device/pipeline-cache", pipeline_cache);
  g_test_add_func ("/device/pipeline-cache-unwritable", cache_unwritable);
  return test_run ();
}
