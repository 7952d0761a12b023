/* A bench for kernels: a validating device for each way of reading, host matrices, comparisons.
 *
 * Host values are doubles that hold floats exactly, tight row-major, so that the device and a
 * double-precision reference start from the same numbers. Every tensor of a bench is filled with
 * NaN first, padding included, and so is its scratch arena: what a kernel forgets to write shows.
 * After each case the validation layer must have been silent.
 *
 *   static void
 *   scales (TestBench *bench, gconstpointer data)
 *   {
 *     g_autofree double *x = test_random (7 * 5, 1, 1.0);
 *     GpuTensor tx = test_upload (bench, 7, 5, x), ty = test_tensor (bench, 7, 5);
 *     gpu_scale (bench->stream, ty, tx);
 *     test_bench_run (bench);
 *     g_autofree double *y = test_download (bench, ty);
 *     ...
 *     test_near ("y", y, want, 7, 5, 1e-6);
 *   }
 *
 *   int
 *   main (int argc, char **argv)
 *   {
 *     test_init (&argc, &argv);
 *     test_add ("scale", "small", scales, NULL); // /scale/texel/small and /scale/storage/small
 *     return test_run ();
 *   }
 */
#pragma once

#include "compute/stream.h"

#include <math.h>

G_BEGIN_DECLS

typedef struct
{
  GpuDevice *device;
  GpuRead read;
  GpuStream *stream; /* empty; record into it, then test_bench_run() */
  GpuArena *arena;   /* committed: 16 MiB of NaN for kernels that take scratch memory */
  GPtrArray *buffers;
  guint messages; /* of the validation layer, before this case */
} TestBench;

typedef void (*TestCase) (TestBench *bench, gconstpointer data);

void test_init (int *argc, char ***argv);
/* Registers /family/texel/name, where the driver can read so, and /family/storage/name; data must
 * outlive test_run(). */
void test_add (const char *family, const char *name, TestCase run, gconstpointer data);
/* Registers /family/tile-<tile>/name for each row of a table of compute/ops/tiles.h, whatever the
 * shapes would choose. */
void test_add_gemm_tiles (const char *family, const char *name, TestCase run, gconstpointer data);
void test_add_attention_tiles (const char *family, const char *name, TestCase run,
                               gconstpointer data);
/* Runs all, closes the devices, returns main's status. */
int test_run (void);

/* For cases without test_add(); tile as in GpuDeviceOptions. All benches of a way share a device. */
TestBench *test_bench_new (GpuRead read, guint tile);
/* Also fails the case if the validation layer had something to say. */
void test_bench_free (TestBench *bench);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TestBench, test_bench_free)

/* Runs what was recorded; an error ends the test. The stream is then reset for more recording. */
void test_bench_run (TestBench *bench);

/* Tensors live as long as the bench. */
GpuTensor test_tensor (TestBench *bench, guint rows, guint cols);
GpuTensor test_upload (TestBench *bench, guint rows, guint cols, const double *values);
GpuTensor test_upload_ints (TestBench *bench, guint rows, guint cols, const gint32 *values);
/* Tight rows, to be freed; fails the case if padding is not zero. */
double *test_download (TestBench *bench, GpuTensor tensor);
gint32 *test_download_ints (TestBench *bench, GpuTensor tensor);

/* Uniform in [-scale, scale], exact in float; the same for the same seed. */
double *test_random (gsize n, guint32 seed, double scale);
double *test_zeros (gsize n);
double *test_copy (const double *values, gsize n);

/* |got - want| / |want| as norms over the matrix at most tolerance (absolute where want is zero);
 * on failure the case fails with the worst element's place and both values. */
void test_near (const char *what, const double *got, const double *want, guint rows, guint cols,
                double tolerance);
/* Every element: |got - want| <= tolerance. */
void test_each_near (const char *what, const double *got, const double *want, guint rows,
                     guint cols, double tolerance);
void test_ints_equal (const char *what, const gint32 *got, const gint32 *want, guint rows,
                      guint cols);

/* The loss as a function of values that data leads to and test_gradient() varies in place. */
typedef double (*TestLoss) (gpointer data);
/* Central differences in double of the loss by n values against the gradient, as norms. */
void test_gradient (const char *what, TestLoss loss, gpointer data, double *values, gsize n,
                    const double *gradient, double tolerance);

G_END_DECLS
