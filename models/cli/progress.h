/* Progress on stderr: on a terminal one line, rewritten at most ten times a second; elsewhere a
 * plain line every ten seconds. One thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct CliProgress CliProgress;

/* `label` says what is done ("training"), `unit` what is counted ("steps"). `start` of `total` were
 * done before. */
CliProgress *cli_progress_new (const char *label, const char *unit, gint64 start, gint64 total);

/* Removes the line from the terminal; NULL is fine. */
void cli_progress_free (CliProgress *progress);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CliProgress, cli_progress_free)

/* `note` is shown at the end of the line ("loss 1.31"), or NULL. */
void cli_progress_update (CliProgress *progress, gint64 done, const char *note);

/* Takes the line off the terminal until the next update: something else is printed. */
void cli_progress_hide (CliProgress *progress);

/* Writes a line of its own above the progress, e.g. the result of an evaluation. */
void cli_progress_say (CliProgress *progress, const char *format, ...) G_GNUC_PRINTF (2, 3);

typedef struct
{
  const char *label;
  const char *unit;
  const char *note; /* or NULL */
  gint64 done;
  gint64 total;
  double rate; /* units a second; 0: not known yet */
  int columns; /* the line's greatest length; 0: no bar, any length */
} CliProgressLine;

/* The text of a line, without its end (g_free). */
char *cli_progress_format (const CliProgressLine *line);

G_END_DECLS
