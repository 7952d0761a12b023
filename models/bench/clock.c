#include "models/bench/clock.h"

#define LEAST_REPEATS 5
#define QUICK_REPEATS 2

void
bench_clock_init (BenchClock *clock, const Bench *bench, double seconds)
{
  *clock = (BenchClock){ .samples = g_array_new (FALSE, FALSE, sizeof (double)),
                         .begun = g_get_monotonic_time (),
                         .seconds = bench->quick ? 0 : seconds,
                         .least = bench->quick ? QUICK_REPEATS : LEAST_REPEATS };
}

void
bench_clock_clear (BenchClock *clock)
{
  g_clear_pointer (&clock->samples, g_array_unref);
}

gboolean
bench_clock_is_on (const BenchClock *clock)
{
  const double passed = (double) (g_get_monotonic_time () - clock->begun) / G_USEC_PER_SEC;
  return clock->samples->len < clock->least || passed < clock->seconds;
}

void
bench_clock_add (BenchClock *clock, double seconds)
{
  g_array_append_val (clock->samples, seconds);
}

static int
ascending (gconstpointer a, gconstpointer b)
{
  const double *x = a, *y = b;
  return (*x > *y) - (*x < *y);
}

double
bench_clock_median (const BenchClock *clock)
{
  g_assert (clock->samples->len > 0);
  g_autoptr (GArray) sorted = g_array_copy (clock->samples);
  g_array_sort (sorted, ascending);
  return g_array_index (sorted, double, sorted->len / 2);
}

double
bench_clock_mean (const BenchClock *clock)
{
  double sum = 0;
  for (guint i = 0; i < clock->samples->len; i++)
    sum += g_array_index (clock->samples, double, i);
  return sum / clock->samples->len;
}

double
bench_now (void)
{
  return (double) g_get_monotonic_time () / G_USEC_PER_SEC;
}
