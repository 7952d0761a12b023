/* Recording, barriers, replay and profiles. Copies stand in for kernels where only the order
 * counts. */
#include "tests/ops/harness.h"

#include "compute/ops/gemm.h"
#include "compute/ops/layernorm.h"
#include "compute/ops/normalize.h"

#include <string.h>

static GpuTensor
part (GpuTensor tensor, guint64 offset, guint rows)
{
  tensor.offset += offset;
  tensor.rows = rows;
  return tensor;
}

/* The first error is kept, whatever follows; a reset stream is as good as new. */
static void
keeps_first_error (TestBench *bench, gconstpointer data)
{
  g_autoptr (GError) error = NULL, again = NULL;
  GpuTensor x = test_tensor (bench, 4, 4), y = test_tensor (bench, 4, 4);
  (void) data;
  gpu_stream_fail (bench->stream, GPU_ERROR_LIMIT, "first %d", 1);
  gpu_stream_fail (bench->stream, GPU_ERROR_MEMORY, "second");
  gpu_stream_copy (bench->stream, y, x);
  gpu_gemm (bench->stream, GPU_NN, y, x, x, NULL);
  g_assert_false (gpu_stream_run (bench->stream, &error));
  g_assert_error (error, GPU_ERROR, GPU_ERROR_LIMIT);
  g_assert_cmpstr (error->message, ==, "first 1");
  gpu_stream_reset (bench->stream);
  gpu_stream_zero (bench->stream, y);
  g_assert_true (gpu_stream_run (bench->stream, &again));
  g_assert_no_error (again);
}

/* C is more than the device can bind. Its memory does not exist, so it must be refused unseen. */
static void
names_limit (TestBench *bench, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  guint rows = (guint) (gpu_device_get_info (bench->device)->max_binding_bytes / 4000 + 1);
  GpuTensor a = test_tensor (bench, rows, 1), b = test_tensor (bench, 1000, 1);
  GpuTensor c = { .buffer = b.buffer, .rows = rows, .cols = 1000 };
  (void) data;
  gpu_gemm (bench->stream, GPU_NT, c, a, b, NULL);
  g_assert_false (gpu_stream_run (bench->stream, &error));
  g_assert_error (error, GPU_ERROR, GPU_ERROR_LIMIT);
  g_assert_nonnull (strstr (error->message, gpu_device_get_info (bench->device)->name));
  g_assert_nonnull (strstr (error->message, "batch"));
}

typedef enum
{
  READ_AFTER_READ,
  READ_AFTER_WRITE,
  WRITE_AFTER_READ,
  WRITE_AFTER_WRITE,
  INDEPENDENT,
  NEIGHBOURS,
  OVERLAP,
  UPDATE,
} Hazard;

static void
record_pair (TestBench *bench, Hazard hazard)
{
  GpuStream *s = bench->stream;
  GpuTensor a = test_tensor (bench, 64, 16), b = test_tensor (bench, 64, 16);
  GpuTensor c = test_tensor (bench, 64, 16), d = test_tensor (bench, 64, 16);
  switch (hazard)
    {
    case READ_AFTER_READ:
      gpu_stream_copy (s, b, a);
      gpu_stream_copy (s, c, a);
      break;
    case READ_AFTER_WRITE:
      gpu_stream_copy (s, b, a);
      gpu_stream_copy (s, c, b);
      break;
    case WRITE_AFTER_READ:
      gpu_stream_copy (s, b, a);
      gpu_stream_copy (s, a, c);
      break;
    case WRITE_AFTER_WRITE:
      gpu_stream_copy (s, b, a);
      gpu_stream_zero (s, b);
      break;
    case INDEPENDENT:
      gpu_stream_copy (s, b, a);
      gpu_stream_copy (s, d, c);
      break;
    case NEIGHBOURS:
      gpu_stream_copy (s, part (b, 0, 32), part (a, 0, 32));
      gpu_stream_copy (s, part (c, 0, 32), part (b, 2048, 32));
      break;
    case OVERLAP:
      gpu_stream_copy (s, part (b, 0, 33), part (a, 0, 33));
      gpu_stream_copy (s, part (c, 0, 32), part (b, 2048, 32));
      break;
    case UPDATE:
      gpu_column_sum (s, bench->arena, part (b, 0, 1), a); /* two kernels, each one barrier */
      break;
    }
}

typedef struct
{
  const char *name;
  Hazard hazard;
  guint barriers;
} HazardCase;

static const HazardCase hazards[] = {
  { "read-after-read", READ_AFTER_READ, 0 },   { "read-after-write", READ_AFTER_WRITE, 1 },
  { "write-after-read", WRITE_AFTER_READ, 1 }, { "write-after-write", WRITE_AFTER_WRITE, 1 },
  { "independent", INDEPENDENT, 0 },           { "neighbours", NEIGHBOURS, 0 },
  { "overlap-by-one-row", OVERLAP, 1 },        { "second-pass", UPDATE, 1 },
};

static void
counts_barriers (TestBench *bench, gconstpointer data)
{
  const HazardCase *c = data;
  record_pair (bench, c->hazard);
  g_assert_cmpuint (gpu_stream_get_barriers (bench->stream), ==, c->barriers);
  test_bench_run (bench);
}

/* One barrier orders everything before it: three independent writes, three readers, one barrier. */
static void
shares_barriers (TestBench *bench, gconstpointer data)
{
  GpuTensor a = test_tensor (bench, 8, 8);
  GpuTensor b[3], c[3];
  (void) data;
  for (guint i = 0; i < 3; i++)
    {
      b[i] = test_tensor (bench, 8, 8);
      c[i] = test_tensor (bench, 8, 8);
      gpu_stream_copy (bench->stream, b[i], a);
    }
  for (guint i = 0; i < 3; i++)
    gpu_stream_copy (bench->stream, c[i], b[i]);
  g_assert_cmpuint (gpu_stream_get_barriers (bench->stream), ==, 1);
  test_bench_run (bench);
}

/* Two kernels in a row, recorded on a device of their own, whose layer may speak. */
static guint
messages_without_barrier (GpuRead read, guint omitted)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GpuDevice) device =
      gpu_device_open (&(GpuDeviceOptions){ .read = read, .validate = TRUE }, &error);
  g_assert_no_error (error);
  g_autoptr (GpuBuffer) buffer = gpu_buffer_new (device, 1 << 16, GPU_MEMORY_DEVICE, &error);
  g_assert_no_error (error);
  GpuTensor x = { buffer, 0, 64, 16 }, y = { buffer, 4096, 64, 16 }, z = { buffer, 8192, 64, 16 };
  GpuTensor inverse = { buffer, 16384, 64, 1 }, other = { buffer, 32768, 64, 1 };
  g_autoptr (GpuStream) stream = gpu_stream_new (device);
  gpu_stream_omit_barrier (stream, omitted);
  gpu_normalize (stream, y, inverse, x);
  gpu_normalize (stream, z, other, y);
  g_assert_cmpuint (gpu_stream_get_barriers (stream), ==, 1);
  g_assert_true (gpu_stream_run (stream, &error));
  g_assert_no_error (error);
  return gpu_device_get_validation_count (device);
}

/* The layer sees a read after write that lacks its barrier; else its silence would prove nothing.
 */
static void
catches_missing_barrier (TestBench *bench, gconstpointer data)
{
  (void) data;
  g_assert_cmpuint (messages_without_barrier (bench->read, 0), ==, 0);
  g_assert_cmpuint (messages_without_barrier (bench->read, 1), >, 0);
}

static void
replays_same_bits (TestBench *bench, gconstpointer data)
{
  g_autofree double *a = test_random (65 * 33, 1, 1), *g = test_random (33, 2, 1);
  GpuTensor ta = test_upload (bench, 65, 33, a), tg = test_upload (bench, 1, 33, g);
  GpuTensor y = test_tensor (bench, 65, 33), stats = test_tensor (bench, 65, 2);
  GpuTensor c = test_tensor (bench, 33, 33), sum = test_upload (bench, 1, 33, g);
  g_autoptr (GError) error = NULL;
  g_autofree gint32 *first = NULL;
  (void) data;
  gpu_stream_zero (bench->stream, sum);
  gpu_layernorm (bench->stream, y, stats, ta, tg, tg);
  gpu_gemm (bench->stream, GPU_TN, c, y, ta, NULL);
  gpu_column_sum (bench->stream, bench->arena, sum, c);
  for (guint i = 0; i < 4; i++)
    {
      g_assert_true (gpu_stream_run (bench->stream, &error));
      g_assert_no_error (error);
      g_autofree gint32 *bits = test_download_ints (bench, sum);
      if (first)
        test_ints_equal ("sum of a replay", bits, first, 1, 33);
      else
        first = g_steal_pointer (&bits);
    }
}

/* Each adds one to what the last left behind, over several command buffers. */
static void
long_recording (TestBench *bench, gconstpointer data)
{
  enum
  {
    N = 1300
  };
  const double one = 1, zero = 0;
  GpuTensor a = test_upload (bench, 1, 1, &one), c = test_upload (bench, 1, 1, &zero);
  (void) data;
  for (guint i = 0; i < N; i++)
    gpu_gemm (bench->stream, GPU_NN, c, a, a, &(GpuGemmOptions){ .accumulate = TRUE });
  g_assert_cmpuint (gpu_stream_get_dispatches (bench->stream), ==, N);
  g_assert_cmpuint (gpu_stream_get_flops (bench->stream), ==, 2 * N);
  test_bench_run (bench);
  g_autofree double *got = test_download (bench, c);
  g_assert_cmpfloat (got[0], ==, N);
}

static void
profile_adds_up (TestBench *bench, gconstpointer data)
{
  enum
  {
    N = 700
  };
  g_autoptr (GError) error = NULL;
  GpuTensor a = test_tensor (bench, 8, 8), c = test_tensor (bench, 8, 8);
  GpuTensor z = test_tensor (bench, 8, 8), inverse = test_tensor (bench, 8, 1);
  guint calls = 0;
  guint64 flops = 0, nanoseconds = 0, longest = G_MAXUINT64;
  (void) data;
  gpu_stream_set_profiling (bench->stream, TRUE);
  for (guint i = 0; i < N; i++)
    gpu_gemm (bench->stream, i % 2 ? GPU_NN : GPU_NT, c, a, a, NULL);
  gpu_normalize (bench->stream, z, inverse, c);
  g_assert_true (gpu_stream_run (bench->stream, &error));
  g_autoptr (GArray) rows = gpu_stream_get_profile (bench->stream, GPU_PROFILE_KERNELS, &error);
  g_assert_no_error (error);
  if (rows->len == 0)
    {
      g_test_message ("the device has no timestamps");
      return;
    }
  g_assert_cmpuint (rows->len, ==, 3);
  for (guint i = 0; i < rows->len; i++)
    {
      const GpuProfileRow *row = &g_array_index (rows, GpuProfileRow, i);
      g_assert_cmpuint (row->nanoseconds, <=, longest);
      g_assert_cmpuint (row->bytes, >, 0);
      longest = row->nanoseconds;
      nanoseconds += row->nanoseconds;
      flops += row->flops;
      calls += row->calls;
    }
  g_assert_cmpuint (calls, ==, N + 1);
  g_assert_cmpuint (flops, ==, gpu_stream_get_flops (bench->stream));
  g_assert_cmpuint (nanoseconds, >, 0);
  g_assert_cmpuint (nanoseconds, ==, gpu_profile_total (rows));
}

/* By shape, the rows of a kernel add up to its row without; an operand that stands in for an absent
 * one is not traffic. */
static void
profile_tells_shapes (TestBench *bench, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  GpuTensor a = test_tensor (bench, 8, 8), c = test_tensor (bench, 8, 8);
  GpuTensor wide = test_tensor (bench, 8, 16), d = test_tensor (bench, 8, 16);
  (void) data;
  gpu_stream_set_profiling (bench->stream, TRUE);
  gpu_gemm (bench->stream, GPU_NN, c, a, a, NULL);
  gpu_gemm (bench->stream, GPU_NN, d, a, wide, NULL);
  gpu_gemm (bench->stream, GPU_NN, c, a, a, NULL);
  g_assert_true (gpu_stream_run (bench->stream, &error));
  g_autoptr (GArray) rows = gpu_stream_get_profile (bench->stream, GPU_PROFILE_SHAPES, &error);
  g_autoptr (GArray) all = gpu_stream_get_profile (bench->stream, GPU_PROFILE_KERNELS, &error);
  if (rows->len == 0)
    {
      g_test_message ("the device has no timestamps");
      return;
    }
  g_assert_cmpuint (rows->len, ==, 2);
  g_assert_cmpuint (all->len, ==, 1);
  g_assert_cmpuint (gpu_profile_total (rows), ==, gpu_profile_total (all));
  g_assert_cmpuint (g_array_index (all, GpuProfileRow, 0).calls, ==, 3);
  g_assert_cmpuint (g_array_index (all, GpuProfileRow, 0).shape[1], ==, 0);
  for (guint i = 0; i < rows->len; i++)
    {
      const GpuProfileRow *row = &g_array_index (rows, GpuProfileRow, i);
      const guint n = row->calls == 2 ? 8 : 16, b = n == 8 ? 0 : 8 * 16 * 4;
      g_assert_cmpuint (row->shape[0], ==, 8);
      g_assert_cmpuint (row->shape[1], ==, n);
      g_assert_cmpuint (row->shape[2], ==, 8);
      g_assert_cmpuint (row->flops, ==, row->calls * 2ull * 8 * n * 8);
      g_assert_cmpuint (row->bytes, ==, row->calls * (8 * 8 * 4 + b + 2ull * 8 * n * 4));
    }
}

/* Copies move padding and all, and a stream keeps its buffers alive. */
static void
copies_and_zeros (TestBench *bench, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree double *x = test_random (35, 1, 1), *zeros = test_zeros (35);
  GpuTensor tx = test_upload (bench, 5, 7, x), ty = test_tensor (bench, 5, 7);
  GpuTensor tz = test_upload (bench, 5, 7, x);
  GpuBuffer *passing = gpu_buffer_new (bench->device, 1024, GPU_MEMORY_DEVICE, &error);
  g_assert_no_error (error);
  GpuTensor between = { passing, 0, 5, 7 };
  (void) data;
  gpu_stream_copy (bench->stream, between, tx);
  gpu_stream_copy (bench->stream, ty, between);
  gpu_stream_zero (bench->stream, tz);
  gpu_buffer_unref (passing);
  test_bench_run (bench);
  g_autofree double *y = test_download (bench, ty), *z = test_download (bench, tz);
  test_each_near ("copy", y, x, 5, 7, 0);
  test_each_near ("zero", z, zeros, 5, 7, 0);
}

static void
dry_counts (void)
{
  g_autoptr (GpuStream) stream = gpu_stream_new (NULL);
  GpuTensor a = { .rows = 3, .cols = 5 }, b = { .rows = 7, .cols = 5 };
  GpuTensor c = { .rows = 3, .cols = 7 };
  g_assert_true (gpu_stream_is_dry (stream));
  g_assert_null (gpu_stream_get_device (stream));
  gpu_stream_zero (stream, c);
  gpu_gemm (stream, GPU_NT, c, a, b, NULL);
  gpu_gemm (stream, GPU_NT, c, a, b, &(GpuGemmOptions){ .accumulate = TRUE });
  g_assert_cmpuint (gpu_stream_get_dispatches (stream), ==, 2);
  g_assert_cmpuint (gpu_stream_get_flops (stream), ==, 2 * 2 * 3 * 5 * 7);
  gpu_stream_reset (stream);
  g_assert_cmpuint (gpu_stream_get_flops (stream), ==, 0);
}

static void
note_total (guint done, guint total, gpointer data)
{
  (void) done;
  *(guint *) data = total;
}

/* Kernels that are new to the device, as no other test uses them: two, one of them twice. */
static void
record_rare (GpuStream *stream, GpuTensor y, GpuTensor x)
{
  const GpuGemmOptions bent = { .activation = GPU_QUICK_GELU, .accumulate = TRUE };
  const GpuGemmOptions more = { .activation = GPU_GELU, .accumulate = TRUE };
  gpu_gemm (stream, GPU_TN, y, x, x, &bent);
  gpu_gemm (stream, GPU_TN, y, x, x, &more);
  gpu_gemm (stream, GPU_TN, y, x, x, &bent);
}

/* A rehearsal runs nothing, counts as any dry stream does, and leaves nothing to make for the recording
 * that it rehearsed. */
static void
rehearses (TestBench *bench, gconstpointer data)
{
  g_autoptr (GpuStream) rehearsal = gpu_stream_new_rehearsal (bench->device);
  g_autoptr (GError) error = NULL;
  guint made = 0, left = 0;
  GpuTensor x = test_tensor (bench, 4, 4), y = test_tensor (bench, 4, 4);
  (void) data;
  g_assert_true (gpu_device_warm (bench->device, NULL, NULL, &error));
  g_assert_true (gpu_stream_is_dry (rehearsal));
  record_rare (rehearsal, y, x);
  g_assert_cmpuint (gpu_stream_get_dispatches (rehearsal), ==, 3);
  g_assert_true (gpu_stream_prepare (rehearsal, &error));
  g_assert_true (gpu_device_warm (bench->device, note_total, &made, &error));
  g_assert_cmpuint (made, ==, 2);
  record_rare (bench->stream, y, x);
  test_bench_run (bench);
  g_assert_true (gpu_device_warm (bench->device, note_total, &left, &error));
  g_assert_cmpuint (left, ==, 0);
  g_assert_no_error (error);
}

int
main (int argc, char **argv)
{
  test_init (&argc, &argv);
  g_test_add_func ("/stream/dry", dry_counts);
  test_add ("stream", "first-error", keeps_first_error, NULL);
  test_add ("stream", "limit", names_limit, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (hazards); i++)
    test_add ("stream", hazards[i].name, counts_barriers, &hazards[i]);
  test_add ("stream", "shared-barrier", shares_barriers, NULL);
  test_add ("stream", "missing-barrier", catches_missing_barrier, NULL);
  test_add ("stream", "replay", replays_same_bits, NULL);
  test_add ("stream", "long", long_recording, NULL);
  test_add ("stream", "profile", profile_adds_up, NULL);
  test_add ("stream", "profile-shapes", profile_tells_shapes, NULL);
  test_add ("stream", "copies", copies_and_zeros, NULL);
  test_add ("stream", "rehearsal", rehearses, NULL);
  return test_run ();
}
