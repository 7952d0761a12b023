#include "tests/ops/harness.h"

#include <string.h>

#include "compute/ops/tiles.h"

#define SCRATCH_COLS (4u << 20) /* floats: 16 MiB */

#define MAX_TILES 8

static GpuDevice *devices[GPU_READ_STORAGE + 1][1 + MAX_TILES];

typedef struct
{
  GpuRead read;
  guint tile;
  TestCase run;
  gconstpointer data;
} Case;

void
test_init (int *argc, char ***argv)
{
  g_test_init (argc, argv, NULL);
}

static void
run_case (gconstpointer data)
{
  const Case *c = data;
  g_autoptr (TestBench) bench = test_bench_new (c->read, c->tile);
  c->run (bench, c->data);
}

static void
add (const char *family, const char *way, const char *name, Case what)
{
  g_autofree char *path = g_strdup_printf ("/%s/%s/%s", family, way, name);
  g_test_add_data_func_full (path, g_memdup2 (&what, sizeof what), run_case, g_free);
}

static const GpuDeviceInfo *
device_info (void)
{
  static GpuDeviceInfo info;
  if (!*info.name)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) infos = gpu_device_list (&error);
      g_assert_no_error (error);
      g_assert_cmpuint (infos->len, >, 0);
      info = *(const GpuDeviceInfo *) g_ptr_array_index (infos, 0);
    }
  return &info;
}

void
test_add (const char *family, const char *name, TestCase run, gconstpointer data)
{
  if (device_info ()->texel_reads)
    add (family, "texel", name, (Case){ .read = GPU_READ_TEXEL, .run = run, .data = data });
  add (family, "storage", name, (Case){ .read = GPU_READ_STORAGE, .run = run, .data = data });
}

static void
add_tile (const char *family, const char *name, Case what, const char *tile, guint lanes,
          guint shared)
{
  const GpuDeviceInfo *info = device_info ();
  g_autofree char *way = g_strconcat ("tile-", tile, NULL);
  if (lanes <= info->max_invocations && shared <= info->max_shared_bytes)
    add (family, way, name, what);
}

void
test_add_gemm_tiles (const char *family, const char *name, TestCase run, gconstpointer data)
{
  g_assert_cmpuint (gpu_n_gemm_tiles, <=, MAX_TILES);
  for (guint i = 0; i < gpu_n_gemm_tiles; i++)
    add_tile (family, name, (Case){ GPU_READ_STORAGE, i + 1, run, data }, gpu_gemm_tiles[i].name,
              gpu_gemm_tile_lanes (&gpu_gemm_tiles[i]), gpu_gemm_tile_shared (&gpu_gemm_tiles[i]));
}

void
test_add_attention_tiles (const char *family, const char *name, TestCase run, gconstpointer data)
{
  g_assert_cmpuint (gpu_n_attention_tiles, <=, MAX_TILES);
  for (guint i = 0; i < gpu_n_attention_tiles; i++)
    {
      const GpuAttentionTile *tile = &gpu_attention_tiles[i];
      add_tile (family, name, (Case){ GPU_READ_STORAGE, i + 1, run, data }, tile->name,
                gpu_attention_tile_lanes (tile), gpu_attention_tile_shared (tile));
    }
}

int
test_run (void)
{
  int status = g_test_run ();
  for (guint read = 0; read <= GPU_READ_STORAGE; read++)
    for (guint tile = 0; tile <= MAX_TILES; tile++)
      g_clear_pointer (&devices[read][tile], gpu_device_unref);
  return status;
}

static GpuDevice *
device_for (GpuRead read, guint tile)
{
  GpuDevice **device = &devices[read][tile];
  if (!*device)
    {
      g_autoptr (GError) error = NULL;
      const GpuDeviceOptions options = { .read = read, .tile = tile, .validate = TRUE };
      *device = gpu_device_open (&options, &error);
      g_assert_no_error (error);
    }
  return *device;
}

#define NAN_BITS 0x7fc00000

/* The whole memory of a tensor as one row. */
static GpuTensor
flat (GpuTensor tensor)
{
  tensor.cols = (guint) (gpu_tensor_bytes (tensor) / 4);
  tensor.rows = 1;
  return tensor;
}

static void
fill_with_nan (GpuTensor tensor)
{
  g_autoptr (GError) error = NULL;
  tensor = flat (tensor);
  g_autofree float *values = g_new (float, tensor.cols);
  for (guint i = 0; i < tensor.cols; i++)
    values[i] = NAN;
  gpu_tensor_upload (tensor, values, &error);
  g_assert_no_error (error);
}

TestBench *
test_bench_new (GpuRead read, guint tile)
{
  g_autoptr (GError) error = NULL;
  TestBench *bench = g_new0 (TestBench, 1);
  bench->device = device_for (read, tile);
  bench->read = read;
  bench->stream = gpu_stream_new (bench->device);
  bench->buffers = g_ptr_array_new_with_free_func ((GDestroyNotify) gpu_buffer_unref);
  bench->messages = gpu_device_get_validation_count (bench->device);
  bench->arena = gpu_arena_new (0);
  gpu_arena_give (bench->arena, gpu_arena_take (bench->arena, 1, SCRATCH_COLS));
  gpu_arena_commit (bench->arena, bench->device, &error);
  g_assert_no_error (error);
  GpuTensor scratch = gpu_arena_take (bench->arena, 1, SCRATCH_COLS);
  fill_with_nan (scratch);
  gpu_arena_give (bench->arena, scratch);
  return bench;
}

void
test_bench_free (TestBench *bench)
{
  if (!bench)
    return;
  guint messages = gpu_device_get_validation_count (bench->device) - bench->messages;
  if (messages > 0)
    g_test_fail_printf ("%u messages of the validation layer, the newest: %s", messages,
                        gpu_device_get_validation_text (bench->device));
  gpu_stream_free (bench->stream);
  gpu_arena_free (bench->arena);
  g_ptr_array_unref (bench->buffers);
  g_free (bench);
}

void
test_bench_run (TestBench *bench)
{
  g_autoptr (GError) error = NULL;
  gpu_stream_run (bench->stream, &error);
  g_assert_no_error (error);
  gpu_stream_reset (bench->stream);
}

GpuTensor
test_tensor (TestBench *bench, guint rows, guint cols)
{
  g_autoptr (GError) error = NULL;
  GpuBuffer *buffer =
      gpu_buffer_new (bench->device, gpu_tensor_footprint (rows, cols), GPU_MEMORY_DEVICE, &error);
  g_assert_no_error (error);
  g_ptr_array_add (bench->buffers, buffer);
  GpuTensor tensor = { .buffer = buffer, .rows = rows, .cols = cols };
  fill_with_nan (tensor);
  return tensor;
}

GpuTensor
test_upload (TestBench *bench, guint rows, guint cols, const double *values)
{
  g_autofree float *floats = g_new (float, (gsize) rows *cols);
  for (gsize i = 0; i < (gsize) rows * cols; i++)
    floats[i] = (float) values[i];
  return test_upload_ints (bench, rows, cols, (const gint32 *) floats);
}

GpuTensor
test_upload_ints (TestBench *bench, guint rows, guint cols, const gint32 *values)
{
  g_autoptr (GError) error = NULL;
  GpuTensor tensor = test_tensor (bench, rows, cols), all = flat (tensor);
  guint stride = gpu_tensor_stride (tensor), width = gpu_width (cols);
  g_autofree gint32 *padded = g_new (gint32, all.cols);
  for (guint i = 0; i < all.cols; i++)
    {
      guint row = i / stride, column = i % stride;
      if (column < cols)
        padded[i] = values[(gsize) row * cols + column];
      else
        padded[i] = column < width ? 0 : NAN_BITS; /* the gap to the next row is not to be read */
    }
  gpu_tensor_upload (all, padded, &error);
  g_assert_no_error (error);
  return tensor;
}

gint32 *
test_download_ints (TestBench *bench, GpuTensor tensor)
{
  g_autoptr (GError) error = NULL;
  GpuTensor all = flat (tensor);
  guint stride = gpu_tensor_stride (tensor), dirty = 0;
  g_autofree gint32 *padded = g_new (gint32, all.cols);
  gint32 *values = g_new (gint32, (gsize) tensor.rows * tensor.cols);
  (void) bench;
  gpu_tensor_download (all, padded, &error);
  g_assert_no_error (error);
  for (guint row = 0; row < tensor.rows; row++)
    {
      const gint32 *from = padded + (gsize) row * stride;
      memcpy (values + (gsize) row * tensor.cols, from, tensor.cols * sizeof *values);
      for (guint i = tensor.cols; i < gpu_width (tensor.cols); i++)
        dirty += (from[i] & G_MAXINT32) != 0; /* a float's -0 is zero, too */
    }
  if (dirty > 0)
    g_test_fail_printf ("%u elements behind the last column of a %u x %u tensor are not zero",
                        dirty, tensor.rows, tensor.cols);
  return values;
}

double *
test_download (TestBench *bench, GpuTensor tensor)
{
  g_autofree gint32 *bits = test_download_ints (bench, tensor);
  double *values = g_new (double, (gsize) tensor.rows *tensor.cols);
  for (gsize i = 0; i < (gsize) tensor.rows * tensor.cols; i++)
    {
      float value;
      memcpy (&value, &bits[i], sizeof value);
      values[i] = value;
    }
  return values;
}

double *
test_random (gsize n, guint32 seed, double scale)
{
  double *values = g_new (double, n);
  guint64 state = seed * 0x9e3779b97f4a7c15u + 1;
  for (gsize i = 0; i < n; i++)
    {
      state = state * 6364136223846793005u + 1442695040888963407u;
      values[i] = (float) (((double) (state >> 40) / (1 << 23) - 1) * scale);
    }
  return values;
}

double *
test_zeros (gsize n)
{
  return g_new0 (double, n);
}

double *
test_copy (const double *values, gsize n)
{
  return g_memdup2 (values, n * sizeof *values);
}

static gsize
find_worst (const double *got, const double *want, gsize n)
{
  gsize worst = 0;
  for (gsize i = 0; i < n; i++)
    {
      double error = fabs (got[i] - want[i]);
      if (isnan (error))
        return i;
      if (error > fabs (got[worst] - want[worst]))
        worst = i;
    }
  return worst;
}

static void
fail_at (const char *what, const double *got, const double *want, gsize at, guint cols,
         double error, double tolerance)
{
  g_test_fail_printf ("%s is off by %.3g, allowed %.3g; worst at row %" G_GSIZE_FORMAT
                      " column %" G_GSIZE_FORMAT ": %.9g, expected %.9g",
                      what, error, tolerance, at / cols, at % cols, got[at], want[at]);
}

void
test_near (const char *what, const double *got, const double *want, guint rows, guint cols,
           double tolerance)
{
  gsize n = (gsize) rows * cols;
  double difference = 0, norm = 0;
  for (gsize i = 0; i < n; i++)
    {
      difference += (got[i] - want[i]) * (got[i] - want[i]);
      norm += want[i] * want[i];
    }
  double error = sqrt (difference) / (norm > 0 ? sqrt (norm) : 1);
  if (!(error <= tolerance))
    fail_at (what, got, want, find_worst (got, want, n), cols, error, tolerance);
}

void
test_each_near (const char *what, const double *got, const double *want, guint rows, guint cols,
                double tolerance)
{
  gsize worst = find_worst (got, want, (gsize) rows * cols);
  double error = fabs (got[worst] - want[worst]);
  if (!(error <= tolerance))
    fail_at (what, got, want, worst, cols, error, tolerance);
}

void
test_ints_equal (const char *what, const gint32 *got, const gint32 *want, guint rows, guint cols)
{
  for (gsize i = 0; i < (gsize) rows * cols; i++)
    if (got[i] != want[i])
      {
        g_test_fail_printf ("%s at row %" G_GSIZE_FORMAT " column %" G_GSIZE_FORMAT
                            " is %d, expected %d",
                            what, i / cols, i % cols, got[i], want[i]);
        return;
      }
}

void
test_gradient (const char *what, TestLoss loss, gpointer data, double *values, gsize n,
               const double *gradient, double tolerance)
{
  g_autofree double *slopes = g_new (double, n);
  for (gsize i = 0; i < n; i++)
    {
      double value = values[i], h = 1e-5 * fmax (1, fabs (value));
      values[i] = value + h;
      double above = loss (data);
      values[i] = value - h;
      double below = loss (data);
      values[i] = value;
      slopes[i] = (above - below) / (2 * h);
    }
  test_near (what, gradient, slopes, 1, (guint) n, tolerance);
}
