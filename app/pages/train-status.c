#include "app/pages/train-status.h"

#include "app/draw/format.h"

#define RESUME "Resume", "win.pause"

void
wb_train_status_clear (WbTrainStatus *status)
{
  g_clear_pointer (&status->text, g_free);
}

static gboolean
is_loaded (WbRun *run)
{
  gboolean loaded;

  g_object_get (run, "loaded", &loaded, NULL);
  return loaded;
}

static char *
dup_problem (WbRun *run)
{
  char *problem;

  g_object_get (run, "problem", &problem, NULL);
  return problem;
}

/* By state, of a run without steps; what a reason replaces stands in text. */
static const struct
{
  const char *icon, *title, *text, *remedy, *action;
} states[] = {
  [WB_RUN_STARTING] = { "system-run-symbolic", "Starting",
                        "The trainer opens its device and its data.", NULL, NULL },
  [WB_RUN_RUNNING] = { "system-run-symbolic", "Waiting for the first step",
                       "The trainer takes its memory and saves what it begins with.", NULL, NULL },
  [WB_RUN_PAUSED] = { "media-playback-pause-symbolic", "Paused before the first step",
                      "Go on whenever you like.", RESUME },
  [WB_RUN_STOPPED] = { "media-playback-stop-symbolic", "Stopped before the first step",
                       "Nothing was trained yet. Resuming starts it from its seed.", RESUME },
  [WB_RUN_FINISHED] = { "dialog-information-symbolic", "No steps to show",
                        "The run finished without writing a step.", "New run…", "win.new-run" },
  [WB_RUN_FAILED] = { "dialog-error-symbolic", "Failed before the first step",
                      "The trainer gave no reason.", "New run…", "win.new-run" },
  [WB_RUN_KILLED] = { "dialog-error-symbolic", "The trainer is gone",
                      "Its process ended without a word. Resuming starts the run from its seed.",
                      RESUME },
};

static void
init_by_state (WbTrainStatus *status, WbRun *run)
{
  const WbRunState state = wb_run_get_state (run);
  const WbSummary *summary = wb_run_get_summary (run);

  *status = (WbTrainStatus){
    .icon = states[state].icon,
    .title = states[state].title,
    .text = g_strdup (summary->reason && *summary->reason ? summary->reason : states[state].text),
    .remedy = states[state].remedy,
    .action = states[state].action,
    .working = state == WB_RUN_STARTING || state == WB_RUN_RUNNING,
    .folder = state == WB_RUN_FAILED || state == WB_RUN_KILLED,
    .grave = state == WB_RUN_FAILED || state == WB_RUN_KILLED,
  };
}

static void
init_compiling (WbTrainStatus *status, const WbSummary *summary)
{
  *status = (WbTrainStatus){
    .title = "Compiling kernels",
    .text = g_strdup ("The driver keeps what it compiles, so that later runs start sooner."),
    .working = TRUE,
    .done = summary->compiled,
    .total = summary->to_compile,
  };
}

void
wb_train_status_init_empty (WbTrainStatus *status, WbRun *run, gboolean gone)
{
  g_autofree char *problem = run ? dup_problem (run) : NULL;

  if (!run)
    *status = (WbTrainStatus){
      .icon = "system-run-symbolic",
      .title = "No run selected",
      .text = g_strdup ("Choose one from the list to see how it learns, or start a new one."),
      .remedy = "New run…",
      .action = "win.new-run",
    };
  else if (gone)
    *status = (WbTrainStatus){
      .icon = "folder-symbolic",
      .title = "The folder of this run is gone",
      .text = g_strdup_printf ("There is no %s any more. Choose another run, or restore it from "
                               "the trash.",
                               wb_run_get_path (run)),
      .remedy = "Try again",
      .action = "train.retry",
    };
  else if (problem)
    *status = (WbTrainStatus){
      .icon = "dialog-error-symbolic",
      .title = "This run cannot be read",
      .text = g_steal_pointer (&problem),
      .remedy = "Try again",
      .action = "train.retry",
      .folder = TRUE,
      .grave = TRUE,
    };
  else if (!is_loaded (run))
    *status = (WbTrainStatus){ .title = "", .working = TRUE };
  else if (wb_run_get_summary (run)->to_compile > 0)
    init_compiling (status, wb_run_get_summary (run));
  else
    init_by_state (status, run);
}

static void
init_failure (WbTrainStatus *status, WbRun *run)
{
  const WbSummary *summary = wb_run_get_summary (run);
  const gboolean killed = wb_run_get_state (run) == WB_RUN_KILLED;
  char step[DRAW_FORMAT_SIZE];

  draw_format (step, (double) summary->step, DRAW_INTEGER);
  *status = (WbTrainStatus){ .remedy = "Resume", .action = "win.pause", .grave = TRUE };
  if (killed)
    status->text = g_strdup_printf ("The trainer’s process is gone since step %s. Resuming goes on "
                                    "from the newest checkpoint.",
                                    step);
  else
    status->text = g_strdup_printf ("Failed at step %s: %s", step,
                                    summary->reason && *summary->reason
                                        ? summary->reason
                                        : "the trainer gave no reason, see log.txt in its folder");
}

static void
init_alert (WbTrainStatus *status, const WbAlert *alert, guint n)
{
  char step[DRAW_FORMAT_SIZE];

  draw_format (step, (double) alert->step, DRAW_INTEGER);
  *status = (WbTrainStatus){ .remedy = "Show", .action = "train.show-alert" };
  status->text = n > 1 ? g_strdup_printf ("Step %s: %s (%u alerts)", step, alert->text, n)
                       : g_strdup_printf ("Step %s: %s", step, alert->text);
}

void
wb_train_status_init_strip (WbTrainStatus *status, WbRun *run)
{
  const WbRunState state = wb_run_get_state (run);
  g_autofree char *problem = dup_problem (run);
  guint n;
  const WbAlert *alerts = wb_run_get_alerts (run, &n);

  *status = (WbTrainStatus){ 0 };
  if (state == WB_RUN_FAILED || state == WB_RUN_KILLED)
    init_failure (status, run);
  else if (problem)
    *status = (WbTrainStatus){ .text = g_steal_pointer (&problem),
                               .remedy = "Try again",
                               .action = "train.retry",
                               .grave = TRUE };
  else if (n > 0)
    init_alert (status, &alerts[n - 1], n);
}
