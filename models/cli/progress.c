#include "models/cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BAR 24
#define TERMINAL_PERIOD (G_USEC_PER_SEC / 10)
#define PLAIN_PERIOD (10 * G_USEC_PER_SEC)

struct CliProgress
{
  char *label;
  char *unit;
  gint64 total;
  gint64 first_done; /* the rate counts from the first update: what was before it was warming up */
  gint64 first_time;
  gint64 shown_time;
  gboolean terminal;
  gboolean started;
  gboolean drawn;
};

CliProgress *
cli_progress_new (const char *label, const char *unit, gint64 start, gint64 total)
{
  CliProgress *progress = g_new0 (CliProgress, 1);

  progress->label = g_strdup (label);
  progress->unit = g_strdup (unit);
  progress->total = total;
  progress->first_done = start;
  progress->terminal = isatty (STDERR_FILENO) != 0;
  progress->shown_time = g_get_monotonic_time ();
  return progress;
}

void
cli_progress_hide (CliProgress *progress)
{
  if (progress->drawn)
    fputs ("\r\033[K", stderr);
  progress->drawn = FALSE;
}

void
cli_progress_free (CliProgress *progress)
{
  if (progress == NULL)
    return;
  cli_progress_hide (progress);
  g_free (progress->label);
  g_free (progress->unit);
  g_free (progress);
}

static void
append_time (GString *text, double seconds)
{
  gint64 whole = (gint64) (seconds + 0.5);

  if (whole >= 3600)
    g_string_append_printf (text, ", %" G_GINT64_FORMAT " h %02d min left", whole / 3600,
                            (int) (whole / 60 % 60));
  else if (whole >= 60)
    g_string_append_printf (text, ", %d min %02d s left", (int) (whole / 60), (int) (whole % 60));
  else
    g_string_append_printf (text, ", %d s left", (int) whole);
}

char *
cli_progress_format (const CliProgressLine *line)
{
  GString *text = g_string_new (line->label);
  double share = line->total > 0 ? CLAMP ((double) line->done / (double) line->total, 0, 1) : 0;

  if (line->columns > 0)
    {
      int full = (int) (share * BAR);

      g_string_append (text, " [");
      for (int i = 0; i < BAR; i++)
        g_string_append_c (text, i < full ? '=' : i == full ? '>' : ' ');
      g_string_append_c (text, ']');
    }
  g_string_append_printf (text, " %" G_GINT64_FORMAT, line->done);
  if (line->total > 0)
    g_string_append_printf (text, "/%" G_GINT64_FORMAT, line->total);
  g_string_append_printf (text, " %s", line->unit);
  if (line->rate > 0)
    {
      g_string_append_printf (text, ", %.3g/s", line->rate);
      if (line->total > line->done && (double) (line->total - line->done) / line->rate < 1e9)
        append_time (text, (double) (line->total - line->done) / line->rate);
    }
  if (line->note)
    g_string_append_printf (text, ", %s", line->note);
  if (line->columns > 0 && g_utf8_strlen (text->str, -1) > line->columns)
    g_string_truncate (text,
                       (gsize) (g_utf8_offset_to_pointer (text->str, line->columns) - text->str));
  return g_string_free (text, FALSE);
}

static int
terminal_columns (void)
{
  struct winsize size;

  if (ioctl (STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col < 20)
    return 79;
  return size.ws_col - 1;
}

void
cli_progress_update (CliProgress *progress, gint64 done, const char *note)
{
  gint64 now = g_get_monotonic_time ();
  gint64 period = progress->terminal ? TERMINAL_PERIOD : PLAIN_PERIOD;

  if (!progress->started)
    {
      progress->started = TRUE;
      progress->first_done = done;
      progress->first_time = now;
    }
  if (now - progress->shown_time < period && done < progress->total)
    return;
  progress->shown_time = now;

  double seconds = (double) (now - progress->first_time) / G_USEC_PER_SEC;
  gint64 counted = done - progress->first_done;
  CliProgressLine line = { .label = progress->label,
                           .unit = progress->unit,
                           .note = note,
                           .done = done,
                           .total = progress->total,
                           .rate = seconds > 0 && counted > 0 ? (double) counted / seconds : 0,
                           .columns = progress->terminal ? terminal_columns () : 0 };
  g_autofree char *text = cli_progress_format (&line);
  fprintf (stderr, progress->terminal ? "\r%s\033[K" : "%s\n", text);
  fflush (stderr);
  progress->drawn = progress->terminal;
}

void
cli_progress_say (CliProgress *progress, const char *format, ...)
{
  va_list args;

  cli_progress_hide (progress);
  va_start (args, format);
  vfprintf (stderr, format, args);
  va_end (args);
  fputc ('\n', stderr);
  fflush (stderr);
}
