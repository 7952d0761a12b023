/* Kernels by themselves: tensors of random numbers, a recording of a few calls, its median. */
#pragma once

#include "models/bench/bench.h"

#include "compute/stream.h"

G_BEGIN_DECLS

typedef struct
{
  const Bench *bench;
  GpuArena *arena;
  GpuStream *stream; /* to record into */
  GArray *tensors;   /* GpuTensor, what is filled */
} BenchCase;

/* What a case does; `data` holds its shape and tensors. Each is called more than once. */
typedef struct
{
  void (*place) (BenchCase *c, gpointer data);   /* takes tensors */
  void (*prepare) (BenchCase *c, gpointer data); /* records what runs once before; may be NULL */
  void (*record) (BenchCase *c, gpointer data);  /* records one call of what is measured */
  guint calls;                                   /* a repeat */
} BenchCaseOps;

/* A tensor of the case, filled with numbers in [0, 1). */
GpuTensor bench_case_take (BenchCase *c, guint rows, guint cols);

/* One call's median time, and what it counts. */
typedef struct
{
  double seconds;
  guint64 flops, bytes;
} BenchCaseResult;

gboolean bench_case_run (BenchCaseResult *result, const Bench *bench, const BenchCaseOps *ops,
                         gpointer data, GError **error);

G_END_DECLS
