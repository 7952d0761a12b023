#include "app/measure.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PERIOD_MS 5
#define SETTLE_US (3 * G_USEC_PER_SEC) /* opening is told apart from what follows */

typedef struct
{
  gint64 begun;  /* of the current frame, us */
  gint64 first;  /* end of the first frame */
  gint64 served; /* the timer's last call */
  gint64 longest_frame, longest_stall;
  guint frames, slow_frames;
  guint timer;
} Measure;

/* Seconds since this process was started, from the kernel's clock ticks. */
static double
process_age (void)
{
  g_autofree char *stat = NULL, *uptime = NULL;
  if (!g_file_get_contents ("/proc/self/stat", &stat, NULL, NULL)
      || !g_file_get_contents ("/proc/uptime", &uptime, NULL, NULL))
    return 0;
  const char *fields = strrchr (stat, ')');
  unsigned long long started = 0;
  if (!fields
      || sscanf (fields + 1,
                 " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
                 "%*d %*d %llu",
                 &started)
             != 1)
    return 0;
  return g_ascii_strtod (uptime, NULL) - (double) started / (double) sysconf (_SC_CLK_TCK);
}

static gboolean
settled (const Measure *measure)
{
  return measure->first && g_get_monotonic_time () - measure->first > SETTLE_US;
}

static void
before_paint (GdkFrameClock *clock, gpointer data)
{
  (void) clock;
  ((Measure *) data)->begun = g_get_monotonic_time ();
}

static void
after_paint (GdkFrameClock *clock, gpointer data)
{
  Measure *measure = data;
  const gint64 now = g_get_monotonic_time ();
  (void) clock;
  if (!measure->first)
    {
      measure->first = now;
      printf ("first frame %.0f ms after the start\n", 1000 * process_age ());
      fflush (stdout);
    }
  if (!measure->begun || !settled (measure))
    return;
  measure->frames++;
  measure->slow_frames += now - measure->begun > 50000;
  measure->longest_frame = MAX (measure->longest_frame, now - measure->begun);
}

static gboolean
tick (gpointer data)
{
  Measure *measure = data;
  const gint64 now = g_get_monotonic_time ();
  if (measure->served && settled (measure))
    measure->longest_stall = MAX (measure->longest_stall, now - measure->served - PERIOD_MS * 1000);
  measure->served = now;
  return G_SOURCE_CONTINUE;
}

static double
resident_megabytes (void)
{
  g_autofree char *text = NULL;
  const char *line = NULL;
  if (g_file_get_contents ("/proc/self/status", &text, NULL, NULL))
    line = strstr (text, "VmRSS:");
  return line ? g_ascii_strtod (line + strlen ("VmRSS:"), NULL) / 1024 : 0;
}

static void
report (GtkWidget *window, gpointer data)
{
  Measure *measure = data;
  (void) window;
  printf ("%u frames, longest %.1f ms, %u over 50 ms; longest stall of the main loop %.1f ms; "
          "%.0f MiB resident\n",
          measure->frames, measure->longest_frame / 1000.0, measure->slow_frames,
          measure->longest_stall / 1000.0, resident_megabytes ());
  fflush (stdout);
  g_clear_handle_id (&measure->timer, g_source_remove);
}

static void
realized (GtkWidget *window, gpointer data)
{
  GdkFrameClock *clock = gtk_widget_get_frame_clock (window);
  g_signal_connect (clock, "before-paint", G_CALLBACK (before_paint), data);
  g_signal_connect (clock, "after-paint", G_CALLBACK (after_paint), data);
}

void
wb_measure (GtkWindow *window)
{
  Measure *measure = g_new0 (Measure, 1);
  measure->timer = g_timeout_add_full (G_PRIORITY_DEFAULT, PERIOD_MS, tick, measure, NULL);
  g_object_set_data_full (G_OBJECT (window), "measure", measure, g_free);
  g_signal_connect (window, "realize", G_CALLBACK (realized), measure);
  g_signal_connect (window, "unrealize", G_CALLBACK (report), measure);
}
