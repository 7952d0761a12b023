/* The arena against an array of flags that does first fit in the plainest way. */
#include "tests/ops/harness.h"

#define UNIT GPU_TENSOR_ALIGN
#define BLOCK_UNITS 64
#define MAX_BLOCKS 32
#define MAX_UNITS 256

typedef struct
{
  gboolean taken[MAX_BLOCKS][MAX_UNITS];
  guint size[MAX_BLOCKS], extent[MAX_BLOCKS], n_blocks;
} Model;

typedef struct
{
  guint block, first, units;
  GpuTensor tensor;
} Held;

static gboolean
fits (const Model *model, guint block, guint first, guint units)
{
  if (first + units > model->size[block])
    return FALSE;
  for (guint i = 0; i < units; i++)
    if (model->taken[block][first + i])
      return FALSE;
  return TRUE;
}

static Held
model_take (Model *model, guint units)
{
  Held held = { .units = units };
  for (held.block = 0; held.block < model->n_blocks; held.block++)
    for (held.first = 0; held.first < model->size[held.block]; held.first++)
      if (fits (model, held.block, held.first, units))
        goto found;
  held.first = 0;
  model->size[held.block] = MAX (BLOCK_UNITS, units);
  model->n_blocks++;
found:
  for (guint i = 0; i < units; i++)
    model->taken[held.block][held.first + i] = TRUE;
  model->extent[held.block] = MAX (model->extent[held.block], held.first + units);
  return held;
}

static void
model_give (Model *model, const Held *held)
{
  for (guint i = 0; i < held->units; i++)
    model->taken[held->block][held->first + i] = FALSE;
}

/* One random program of takes and gives; after commit, places are compared with the model's. */
static guint64
run_program (GpuArena *arena, guint32 seed, gboolean committed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  g_autofree Model *model = g_new0 (Model, 1);
  g_autoptr (GArray) held = g_array_new (FALSE, FALSE, sizeof (Held));
  GpuBuffer *buffers[MAX_BLOCKS] = { NULL };
  guint64 units = 0;
  for (guint step = 0; step < 600; step++)
    {
      if (held->len > 0 && g_rand_int_range (rand, 0, 100) < 48)
        {
          guint i = (guint) g_rand_int_range (rand, 0, (gint32) held->len);
          const Held *gone = &g_array_index (held, Held, i);
          gpu_arena_give (arena, gone->tensor);
          model_give (model, gone);
          g_array_remove_index_fast (held, i);
          continue;
        }
      gboolean large = g_rand_int_range (rand, 0, 40) == 0;
      guint rows = (guint) g_rand_int_range (rand, 1, large ? 100 : 12);
      guint cols = (guint) g_rand_int_range (rand, 1, 150);
      Held next = model_take (model, (guint) (gpu_tensor_footprint (rows, cols) / UNIT));
      next.tensor = gpu_arena_take (arena, rows, cols);
      g_array_append_val (held, next);
      if (!committed)
        continue;
      g_assert_cmpuint (next.tensor.offset, ==, (guint64) next.first * UNIT);
      if (!buffers[next.block])
        buffers[next.block] = next.tensor.buffer;
      g_assert_true (buffers[next.block] == next.tensor.buffer);
      g_assert_cmpuint (next.tensor.offset + gpu_tensor_bytes (next.tensor), <=,
                        gpu_buffer_get_size (next.tensor.buffer));
    }
  for (guint i = 0; i < held->len; i++)
    gpu_arena_give (arena, g_array_index (held, Held, i).tensor);
  for (guint i = 0; i < model->n_blocks; i++)
    units += model->extent[i];
  return units * UNIT;
}

static void
like_model (TestBench *bench, gconstpointer data)
{
  (void) data;
  for (guint32 seed = 1; seed <= 5; seed++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GpuArena) arena = gpu_arena_new (BLOCK_UNITS * UNIT);
      guint64 before = gpu_device_get_allocated (bench->device);
      guint64 bytes = run_program (arena, seed, FALSE);
      g_assert_cmpuint (gpu_arena_get_bytes (arena), ==, bytes);
      gpu_arena_commit (arena, bench->device, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (gpu_arena_get_bytes (arena), ==, bytes);
      g_assert_cmpuint (gpu_device_get_allocated (bench->device) - before, ==, bytes);
      for (guint again = 0; again < 2; again++)
        g_assert_cmpuint (run_program (arena, seed, TRUE), ==, bytes);
    }
}

static void
reuses_and_joins (void)
{
  g_autoptr (GpuArena) arena = gpu_arena_new (0);
  GpuTensor a = gpu_arena_take (arena, 1, 64), b = gpu_arena_take (arena, 1, 65);
  GpuTensor c = gpu_arena_take (arena, 1, 64);
  g_assert_cmpuint (a.offset, ==, 0);
  g_assert_cmpuint (b.offset, ==, 256);
  g_assert_cmpuint (c.offset, ==, 768);
  gpu_arena_give (arena, a);
  g_assert_cmpuint (gpu_arena_take (arena, 1, 1).offset, ==, 0);
  gpu_arena_give (arena, (GpuTensor){ .rows = 1, .cols = 1 });
  gpu_arena_give (arena, b); /* joins what a left */
  g_assert_cmpuint (gpu_arena_take (arena, 3, 64).offset, ==, 0);
  g_assert_cmpuint (gpu_arena_get_bytes (arena), ==, 1024);
  gpu_arena_give (arena, c);
  g_assert_cmpuint (gpu_arena_take (arena, 1, 128).offset, ==, 768);
  g_assert_cmpuint (gpu_arena_get_bytes (arena), ==, 768 + 512);
}

/* Two that are never alive together share memory, and the stream keeps them apart. */
static void
orders_reuse (TestBench *bench, gconstpointer data)
{
  g_autofree double *x = test_random (64, 1, 1), *w = test_random (64, 2, 1);
  GpuTensor tx = test_upload (bench, 8, 8, x), tw = test_upload (bench, 8, 8, w);
  GpuTensor ty = test_tensor (bench, 8, 8), tz = test_tensor (bench, 8, 8);
  GpuTensor first = gpu_arena_take (bench->arena, 8, 8);
  (void) data;
  gpu_stream_copy (bench->stream, first, tx);
  gpu_stream_copy (bench->stream, ty, first);
  gpu_arena_give (bench->arena, first);
  GpuTensor second = gpu_arena_take (bench->arena, 8, 8);
  g_assert_true (second.buffer == first.buffer && second.offset == first.offset);
  gpu_stream_copy (bench->stream, second, tw);
  gpu_stream_copy (bench->stream, tz, second);
  gpu_arena_give (bench->arena, second);
  g_assert_cmpuint (gpu_stream_get_barriers (bench->stream), ==, 3);
  test_bench_run (bench);
  g_autofree double *y = test_download (bench, ty), *z = test_download (bench, tz);
  test_each_near ("first", y, x, 8, 8, 0);
  test_each_near ("second", z, w, 8, 8, 0);
}

/* A forecast may be any size; the device refuses it by name. */
static void
beyond_device (TestBench *bench, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GpuArena) arena = gpu_arena_new (0);
  guint64 most = gpu_device_get_info (bench->device)->max_allocation_bytes;
  guint64 before = gpu_device_get_allocated (bench->device);
  guint rows = (guint) MIN (most / 65536 + 1, G_MAXUINT);
  (void) data;
  gpu_arena_take (arena, rows, 16384);
  g_assert_cmpuint (gpu_arena_get_bytes (arena), ==, gpu_tensor_footprint (rows, 16384));
  g_assert_false (gpu_arena_commit (arena, bench->device, &error));
  g_assert_error (error, GPU_ERROR, GPU_ERROR_LIMIT);
  g_assert_cmpuint (gpu_device_get_allocated (bench->device), ==, before);
}

/* A plan may be far beyond any device: it is still counted right, to be refused with its size. */
static void
counts_the_huge (void)
{
  g_autoptr (GpuArena) arena = gpu_arena_new (0);
  GpuTensor small = gpu_arena_take (arena, 1, 64);
  GpuTensor huge = gpu_arena_take (arena, G_MAXINT32, 524288), next;
  const guint64 bytes = gpu_tensor_footprint (G_MAXINT32, 524288);
  g_assert_cmpuint (gpu_arena_get_bytes (arena), ==, bytes + 256);
  gpu_arena_give (arena, small);
  gpu_arena_give (arena, huge);
  next = gpu_arena_take (arena, G_MAXINT32, 524288);
  g_assert_cmpuint (next.offset, ==, huge.offset);
  g_assert_cmpuint (gpu_arena_get_bytes (arena), ==, bytes + 256);
}

int
main (int argc, char **argv)
{
  test_init (&argc, &argv);
  g_test_add_func ("/arena/reuse", reuses_and_joins);
  g_test_add_func ("/arena/huge", counts_the_huge);
  test_add ("arena", "model", like_model, NULL);
  test_add ("arena", "order", orders_reuse, NULL);
  test_add ("arena", "beyond-device", beyond_device, NULL);
  return test_run ();
}
