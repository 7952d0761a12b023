/* Repeating something until its median means something. */
#pragma once

#include "models/bench/bench.h"

G_BEGIN_DECLS

/* Seconds of each repeat. */
typedef struct
{
  GArray *samples; /* double */
  gint64 begun;    /* monotonic, us */
  double seconds;  /* to go on for */
  guint least;     /* repeats, however long they take */
} BenchClock;

/* For `seconds`; quick: for two repeats. */
void bench_clock_init (BenchClock *clock, const Bench *bench, double seconds);
void bench_clock_clear (BenchClock *clock);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BenchClock, bench_clock_clear)

/* Another repeat is due. */
gboolean bench_clock_is_on (const BenchClock *clock);
void bench_clock_add (BenchClock *clock, double seconds);

/* Of the samples so far; at least one. */
double bench_clock_median (const BenchClock *clock);
double bench_clock_mean (const BenchClock *clock);

/* Now, in seconds of the monotonic clock. */
double bench_now (void);

G_END_DECLS
