/* The tables of tiles: what their kernels take for granted, and the choice for devices that are not
 * here. */
#include "compute/ops/tiles.h"
#include "shaders/abi/attention.h"

/* The least that a device may have, a large card, an integrated device with narrow subgroups. */
static const GpuDeviceInfo floor_of_limits = {
  .type = GPU_TYPE_DISCRETE, .subgroup_size = 64, .max_invocations = 256, .max_shared_bytes = 16384
};
static const GpuDeviceInfo card = {
  .type = GPU_TYPE_DISCRETE, .subgroup_size = 32, .max_invocations = 1024, .max_shared_bytes = 49152
};
static const GpuDeviceInfo narrow = { .type = GPU_TYPE_INTEGRATED,
                                      .subgroup_size = 16,
                                      .max_invocations = 1024,
                                      .max_shared_bytes = 65536 };

/* Every invocation loads the same number of vec4s of a slice; parties work through whole vec4s of k;
 * turned operands keep out of each other's banks in groups of 32. */
static void
gemm_tables (void)
{
  for (guint i = 0; i < gpu_n_gemm_tiles; i++)
    {
      const GpuGemmTile *tile = &gpu_gemm_tiles[i];
      guint lanes = gpu_gemm_tile_lanes (tile);
      g_assert_cmpuint (tile->rows * tile->depth / 4 % lanes, ==, 0);
      g_assert_cmpuint (tile->cols * tile->depth / 4 % lanes, ==, 0);
      g_assert_cmpuint (tile->depth % (4 * tile->groups), ==, 0);
      g_assert_true (tile->rows % 32 == 0 && tile->cols % 32 == 0);
      g_assert_true (tile->depth == 16 || tile->depth == 32);
      g_assert_true (tile->own_rows % 4 == 0 && tile->own_cols % 4 == 0);
    }
}

static void
attention_tables (void)
{
  for (guint i = 0; i < gpu_n_attention_tiles; i++)
    {
      guint lanes = gpu_attention_tile_lanes (&gpu_attention_tiles[i]);
      g_assert_cmpuint (lanes, ==, 2 * gpu_attention_tiles[i].rows); /* shaders count on it */
      g_assert_cmpuint (ATTENTION_TILE * ATTENTION_TILE / 4 % lanes, ==, 0);
    }
}

static void
fits_the_floor (void)
{
  const guint sizes[] = { 1, 127, 4160 };
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      const GpuGemmTile *gemm = gpu_gemm_tile_for (&floor_of_limits, sizes[i], 768);
      const GpuAttentionTile *attention = gpu_attention_tile_for (&floor_of_limits, sizes[i], 256);
      g_assert_cmpuint (gpu_gemm_tile_lanes (gemm), <=, 256);
      g_assert_cmpuint (gpu_gemm_tile_shared (gemm), <=, 16384);
      g_assert_cmpuint (gpu_attention_tile_lanes (attention), <=, 256);
      g_assert_cmpuint (gpu_attention_tile_shared (attention), <=, 16384);
    }
}

static void
fills_the_device (void)
{
  g_assert_cmpstr (gpu_gemm_tile_for (&card, 4160, 768)->name, ==, "128x128");
  g_assert_cmpstr (gpu_gemm_tile_for (&card, 6304, 192)->name, ==, "128x64");
  g_assert_cmpstr (gpu_gemm_tile_for (&card, 768, 768)->name, ==, "64x64");
  g_assert_cmpstr (gpu_gemm_tile_for (&card, 128, 128)->name, ==, "32x32");
  g_assert_cmpstr (gpu_gemm_tile_for (&card, 1, 512)->name, ==, "32x32");
  g_assert_cmpstr (gpu_gemm_tile_for (&narrow, 4160, 768)->name, ==, "64x64-narrow");
  g_assert_cmpstr (gpu_attention_tile_for (&card, 197, 48)->name, ==, "32-rows");
  g_assert_cmpstr (gpu_attention_tile_for (&card, 256, 48)->name, ==, "64-rows");
  g_assert_cmpstr (gpu_attention_tile_for (&card, 65, 256)->name, ==, "32-rows");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tiles/gemm", gemm_tables);
  g_test_add_func ("/tiles/attention", attention_tables);
  g_test_add_func ("/tiles/floor", fits_the_floor);
  g_test_add_func ("/tiles/choice", fills_the_device);
  return g_test_run ();
}
