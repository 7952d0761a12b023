#include "models/cli/training.h"

#include "models/cli/progress.h"
#include "models/cli/report.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static volatile sig_atomic_t interrupts;
static CliProgress *bar, *decoding, *compiling;
static gboolean want_json;

static void
on_signal (int number)
{
  if (interrupts++ > 0)
    _exit (128 + number);
}

static gboolean
should_stop (gpointer data)
{
  (void) data;
  return interrupts > 0;
}

static void
print_step (const TrainReport *report)
{
  cJSON *object = cJSON_CreateObject ();
  cJSON_AddStringToObject (object, "type", "step");
  cJSON_AddNumberToObject (object, "step", (double) report->step);
  cJSON_AddNumberToObject (object, "loss", report->loss);
  cJSON_AddNumberToObject (object, "contrastive", report->contrastive);
  cJSON_AddNumberToObject (object, "distillation", report->distillation);
  cJSON_AddNumberToObject (object, "pairs_per_s", report->pairs_per_s);
  cli_print_json (object);
  cJSON_Delete (object);
}

static void
stepped (const TrainReport *report, gpointer data)
{
  char note[64];
  (void) data;
  if (want_json)
    print_step (report);
  if (!bar)
    bar = cli_progress_new ("training", "steps", report->step - 1, report->total);
  g_snprintf (note, sizeof note, "loss %.3f  %.1f pairs/s", report->loss, report->pairs_per_s);
  cli_progress_update (bar, report->step, note);
}

static void
said (const char *line, gpointer data)
{
  (void) data;
  if (bar)
    cli_progress_say (bar, "%s", line);
  else
    fprintf (stderr, "%s\n", line);
}

static void
decoded (gsize done, gsize total, gpointer data)
{
  (void) data;
  if (!decoding)
    decoding = cli_progress_new ("decoding pictures", "pictures", 0, (gint64) total);
  cli_progress_update (decoding, (gint64) done, NULL);
  if (done == total)
    g_clear_pointer (&decoding, cli_progress_free);
  g_clear_pointer (&compiling, cli_progress_free);
}

static void
compiled (guint done, guint total, gpointer data)
{
  (void) data;
  if (!compiling)
    compiling = cli_progress_new ("compiling kernels", "kernels", 0, total);
  cli_progress_update (compiling, done, NULL);
  if (done == total)
    g_clear_pointer (&compiling, cli_progress_free);
}

void
cli_training_observe (TrainObserver *observer, gboolean json)
{
  struct sigaction action = { .sa_handler = on_signal };
  sigaction (SIGINT, &action, NULL);
  sigaction (SIGTERM, &action, NULL);
  want_json = json;
  *observer = (TrainObserver){ .stepped = stepped,
                               .said = said,
                               .should_stop = should_stop,
                               .decoding = decoded,
                               .compiling = compiled };
}

static void
print_end (const Trainer *trainer)
{
  cJSON *object = cJSON_CreateObject ();
  cJSON_AddStringToObject (object, "type", "end");
  cJSON_AddStringToObject (object, "run", train_get_run (trainer));
  cJSON_AddBoolToObject (object, "finished", train_is_finished (trainer));
  cli_print_json (object);
  cJSON_Delete (object);
}

int
cli_training_run (Trainer *trainer, GError *error)
{
  gboolean done = trainer && train_run (trainer, &error);
  g_clear_pointer (&bar, cli_progress_free);
  g_clear_pointer (&decoding, cli_progress_free);
  if (done && want_json)
    print_end (trainer);
  else if (done)
    printf (train_is_finished (trainer) ? "finished: %s\n"
                                        : "stopped; go on with: penumbra-cli resume %s\n",
            train_get_run (trainer));
  train_free (trainer);
  return done ? CLI_OK : cli_report_error (error);
}
