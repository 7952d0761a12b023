/* A recorded sequence of kernels that can be run again and again.
 *
 * Recording cannot fail at the call: the first error sticks to the stream and is reported by
 * gpu_stream_run(), once. Barriers come from what kernels say they read and write: a dispatch that
 * touches a range written (or writes one read) since the last barrier gets a barrier in front, which
 * covers read after write, write after read and write after write alike.
 *
 * A dry stream records nothing and counts work: with a dry arena it is the forecast. One that knows its
 * device also gathers which kernels the recording will need.
 */
#pragma once

#include "compute/arena.h"
#include "compute/kernel.h"
#include "compute/profile.h"
#include "compute/tensor.h"

G_BEGIN_DECLS

typedef struct _GpuStream GpuStream;

typedef struct
{
  GpuTensor tensors[GPU_MAX_BINDINGS]; /* in the order of GpuKernel.bindings */
  const void *push;
  guint32 spec[GPU_MAX_SPEC];
  guint groups[3]; /* workgroups; 0 in y or z means 1 */
  guint64 flops;   /* arithmetic operations, for profiles and forecasts */
  guint64 bytes;   /* memory traffic; 0: the size of all bindings */
  guint shape[3];  /* for profiles, see GpuProfileRow */
} GpuDispatch;

/* device NULL: a dry stream. */
GpuStream *gpu_stream_new (GpuDevice *device);
/* A dry stream that chooses kernels as one of this device does. */
GpuStream *gpu_stream_new_rehearsal (GpuDevice *device);
void gpu_stream_free (GpuStream *stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GpuStream, gpu_stream_free)

GpuDevice *gpu_stream_get_device (GpuStream *stream); /* NULL if dry */
gboolean gpu_stream_is_dry (const GpuStream *stream);

void gpu_stream_dispatch (GpuStream *stream, const GpuKernel *kernel, const GpuDispatch *dispatch);
/* Whole tensors, padding included; the shapes are equal. */
void gpu_stream_copy (GpuStream *stream, GpuTensor to, GpuTensor from);
void gpu_stream_zero (GpuStream *stream, GpuTensor tensor);
/* What we find out ourselves while recording, such as a shape beyond a limit. */
void gpu_stream_fail (GpuStream *stream, GpuError code, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

/* After a rehearsal: makes the pipelines of its kernels on all cores, where recording would make one
 * after the other. */
gboolean gpu_stream_prepare (GpuStream *rehearsal, GError **error);

/* Ends recording at the first call, then runs all that was recorded and waits for it. */
gboolean gpu_stream_run (GpuStream *stream, GError **error);
/* Forgets what was recorded, and the error. */
void gpu_stream_reset (GpuStream *stream);

/* The work recorded so far. */
guint64 gpu_stream_get_flops (const GpuStream *stream);
guint64 gpu_stream_get_bytes (const GpuStream *stream); /* of memory traffic */
guint gpu_stream_get_dispatches (const GpuStream *stream);
guint gpu_stream_get_barriers (const GpuStream *stream);

/* Before recording: time each dispatch. After a run: its GpuProfileRows, longest first; free with
 * g_array_unref. Empty where the device has no timestamps. */
void gpu_stream_set_profiling (GpuStream *stream, gboolean profiling);
GArray *gpu_stream_get_profile (GpuStream *stream, GpuProfileDetail detail, GError **error);

/* For the test that proves that a missing barrier is caught: leaves out the n-th barrier, from 1. */
void gpu_stream_omit_barrier (GpuStream *stream, guint n);

G_END_DECLS
