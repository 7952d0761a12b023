/* How fast this device runs the kernels, the encoders and the training step of a config.
 *
 * Everything is made up on the spot: no file, no data set. A measurement is the median of repeats
 * after a warm-up, and a row of named values that bench.emit takes; operation counts are those of
 * forecasts. One thread, the device's.
 */
#pragma once

#include "models/bench/row.h"
#include "models/nn/config.h"

#include "compute/device.h"

G_BEGIN_DECLS

typedef struct
{
  GpuDevice *device;
  gboolean quick;                              /* two repeats of everything: do the rows come? */
  void (*emit) (BenchRow *row, gpointer data); /* takes the row over */
  gpointer data;
} Bench;

/* What is measured. */
typedef struct
{
  const char *name;
  const NnConfig *config;
  const double *keep_rates; /* of the image encoder */
  guint n_keep_rates;
} BenchPreset;

/* Products that every comparison should hold, whatever the presets:
 * {"bench":"gemm","layout":"NT","m":..,"n":..,"k":..,"gflops":..,"ms":..} */
gboolean bench_gemm_fixed (const Bench *bench, GError **error);

/* The products of a block of the image encoder, forward (NT) and back (NN: by the inputs, TN: by the
 * weights); with "preset" and "of" (qkv, out, fc, proj). */
gboolean bench_gemm (const Bench *bench, const BenchPreset *preset, GError **error);

/* {"bench":"attention","preset":..,"of":"image" or "text","pass":..,"gflops":..} */
gboolean bench_attention (const Bench *bench, const BenchPreset *preset, GError **error);

/* What is bound by memory: {"bench":"rows","preset":..,"kernel":..,"gb_per_s":..} */
gboolean bench_rows (const Bench *bench, const BenchPreset *preset, GError **error);

/* The image encoder at each keep rate: {"bench":"encode","preset":..,"keep_rate":..,
 * "images_per_s":..}; below 1 with "speedup" against keep rate 1 and "ideal_speedup" from operation
 * counts. The rates take turns, so that whatever else the machine does slows all of them. */
gboolean bench_encode (const Bench *bench, const BenchPreset *preset, GError **error);

/* The kernels of a step by device timestamps, longest first: {"bench":"profile","preset":..,
 * "keep_rate":..,"kernel":..,"shape":"MxNxK" or "","calls":..,"ms":.. (a step's),"share":..,"gflops":..,
 * "gb_per_s":..}, each where it has operations or traffic, and then one row of
 * {"bench":"profile-step",..,"dispatches":..,"kernels_ms":..,"ms":..}: what lies between the two
 * is the gaps between kernels, copies, and the host. Empty where the device has no timestamps. */
gboolean bench_profile (const Bench *bench, const BenchPreset *preset, GError **error);

/* The whole step as the trainer makes it, inputs written: {"bench":"train","preset":..,
 * "keep_rate":..,"pairs_per_s":..}, and
 *   host_share      of the step's time, what was not waited for the device
 *   device_bytes    held by model and step; planned_bytes: forecast without a device
 *   grown_bytes     since the second step
 *   first_step_s    from no model to the end of the first step, compiling included */
gboolean bench_train (const Bench *bench, const BenchPreset *preset, GError **error);

G_END_DECLS
