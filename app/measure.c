#include "app/measure.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SETTLE_US (3 * G_USEC_PER_SEC) /* opening is told apart from what follows */
#define SLOW_US 50000
#define WORST 8

typedef enum
{
  EVENTS, /* input, as the frame clock hands it out */
  TICKS,
  LAYOUT,
  PAINT,
  N_PHASES
} Phase;

/* A frame, or a turn of the main loop. */
typedef struct
{
  gint64 us, processor; /* as long as it took; of it the main thread on a processor */
  gint64 phases[N_PHASES];
  const char *page;
} Span;

/* The longest first. */
typedef struct
{
  Span spans[WORST];
  guint n;
} Worst;

typedef struct
{
  WbWindow *window; /* which owns this */
  gint64 first;     /* end of the first frame, us */
  gint64 last;      /* end of the last phase */
  gint64 processor; /* at the frame's begin */
  Span frame;       /* the current one */
  guint frames, slow_frames;
  Worst worst_frames, worst_turns;

  GPollFunc poll;
  gint64 turn, turn_processor;     /* the turn's begin */
  gint64 framed, framed_processor; /* of the turn: in frames */
} Measure;

static Measure *measured; /* a poll function has no data of its own */

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

/* Of this thread, us. */
static gint64
processor_time (void)
{
  struct timespec now;
  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return (gint64) now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

static void
remember (Worst *worst, const Span *span)
{
  guint at = worst->n;
  while (at > 0 && worst->spans[at - 1].us < span->us)
    at--;
  if (at == WORST)
    return;
  worst->n = MIN (worst->n + 1, WORST);
  memmove (&worst->spans[at + 1], &worst->spans[at], (worst->n - at - 1) * sizeof *span);
  worst->spans[at] = *span;
}

/* A frame begins where its input is handed out, or, without any, where it is painted. */
static void
begin (Measure *measure)
{
  measure->last = g_get_monotonic_time ();
  measure->processor = processor_time ();
}

static void
end_phase (Measure *measure, Phase phase)
{
  const gint64 now = g_get_monotonic_time ();
  measure->frame.phases[phase] += now - measure->last;
  measure->last = now;
}

/* What a frame took stays out of what the main loop's turn took beside it. */
static void
take_time (Measure *measure, gint64 since)
{
  const gint64 us = g_get_monotonic_time () - since;
  const gint64 processor = processor_time () - measure->processor;
  measure->frame.us += us;
  measure->frame.processor += processor;
  measure->framed += us;
  measure->framed_processor += processor;
}

static void
before_events (Measure *measure)
{
  measure->frame = (Span){ 0 };
  begin (measure);
}

static void
after_events (Measure *measure)
{
  const gint64 since = measure->last;
  end_phase (measure, EVENTS);
  take_time (measure, since);
}

static void
after_ticks (Measure *measure)
{
  end_phase (measure, TICKS);
}

static void
after_layout (Measure *measure)
{
  end_phase (measure, LAYOUT);
}

static void
tell_first (Measure *measure)
{
  measure->first = g_get_monotonic_time ();
  printf ("first frame %.0f ms after the start\n", 1000 * process_age ());
  fflush (stdout);
}

static void
after_paint (Measure *measure)
{
  Span *frame = &measure->frame;
  const gint64 before = frame->phases[TICKS] + frame->phases[LAYOUT];
  const gint64 since = measure->last - before;
  end_phase (measure, PAINT);
  take_time (measure, since);
  if (!measure->first)
    tell_first (measure);
  else if (settled (measure))
    {
      frame->page = wb_window_get_page (measure->window);
      measure->frames++;
      measure->slow_frames += frame->us > SLOW_US;
      remember (&measure->worst_frames, frame);
    }
  measure->frame = (Span){ 0 };
}

/* A turn of the main loop lies between two waits. */
static gint
poll_and_measure (GPollFD *fds, guint n, gint timeout)
{
  Measure *measure = measured;
  if (measure->turn && settled (measure))
    remember (&measure->worst_turns,
              &(Span){ .us = g_get_monotonic_time () - measure->turn - measure->framed,
                       .processor =
                           processor_time () - measure->turn_processor - measure->framed_processor,
                       .page = wb_window_get_page (measure->window) });
  const gint ready = measure->poll (fds, n, timeout);
  measure->turn = g_get_monotonic_time ();
  measure->turn_processor = processor_time ();
  measure->framed = measure->framed_processor = 0;
  return ready;
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
print_frames (const Worst *worst)
{
  printf ("longest frames, ms:   all  processor    input    ticks   layout    paint  page\n");
  for (guint i = 0; i < worst->n; i++)
    {
      const Span *span = &worst->spans[i];
      printf ("%25.1f %10.1f", span->us / 1000.0, span->processor / 1000.0);
      for (guint p = 0; p < N_PHASES; p++)
        printf (" %8.1f", span->phases[p] / 1000.0);
      printf ("  %s\n", span->page);
    }
}

static void
print_turns (const Worst *worst)
{
  printf ("longest between, ms:  all  processor  page\n");
  for (guint i = 0; i < worst->n; i++)
    printf ("%25.1f %10.1f  %s\n", worst->spans[i].us / 1000.0, worst->spans[i].processor / 1000.0,
            worst->spans[i].page);
}

static void
report (GtkWidget *window, gpointer data)
{
  Measure *measure = data;
  const Worst *frames = &measure->worst_frames, *turns = &measure->worst_turns;
  (void) window;
  g_main_context_set_poll_func (NULL, measure->poll);
  measured = NULL;
  printf ("%u frames, longest %.1f ms, %u over 50 ms; longest stall between frames %.1f ms; "
          "%.0f MiB resident\n",
          measure->frames, frames->spans[0].us / 1000.0, measure->slow_frames,
          turns->spans[0].us / 1000.0, resident_megabytes ());
  print_frames (frames);
  print_turns (turns);
  fflush (stdout);
}

static void
realized (GtkWidget *window, gpointer data)
{
  GdkFrameClock *clock = gtk_widget_get_frame_clock (window);
  const GConnectFlags last = G_CONNECT_SWAPPED | G_CONNECT_AFTER;
  g_signal_connect_swapped (clock, "flush-events", G_CALLBACK (before_events), data);
  g_signal_connect_data (clock, "flush-events", G_CALLBACK (after_events), data, NULL, last);
  g_signal_connect_swapped (clock, "before-paint", G_CALLBACK (begin), data);
  g_signal_connect_data (clock, "update", G_CALLBACK (after_ticks), data, NULL, last);
  g_signal_connect_data (clock, "layout", G_CALLBACK (after_layout), data, NULL, last);
  g_signal_connect_data (clock, "after-paint", G_CALLBACK (after_paint), data, NULL, last);
}

void
wb_measure (WbWindow *window)
{
  g_return_if_fail (measured == NULL);
  Measure *measure = measured = g_new0 (Measure, 1);
  measure->window = window;
  measure->poll = g_main_context_get_poll_func (NULL);
  g_main_context_set_poll_func (NULL, poll_and_measure);
  g_object_set_data_full (G_OBJECT (window), "measure", measure, g_free);
  g_signal_connect (window, "realize", G_CALLBACK (realized), measure);
  g_signal_connect (window, "unrealize", G_CALLBACK (report), measure);
}
