/* Obeying control.jsonl. Each command is answered by an event with its id. */
#include "models/train/private.h"

#include <string.h>

#define HEARTBEAT_US (10 * G_USEC_PER_SEC)
#define POLL_US (100 * 1000)

/* Fields that mean the same from one step to the next; the rest would make another run of it. */
static const char *const settable[] = {
  "optimizer.lr",          "optimizer.weight_decay", "optimizer.grad_clip_norm",
  "distill_cfg.weight",    "distill_cfg.momentum",   "expedition_cfg.keep_rate",
  "eval.every_epochs",     "run.snapshot_every",     "run.checkpoint_minutes",
  "run.snapshot_budget_mb"
};

static gboolean
may_set (const char *assignment)
{
  for (guint i = 0; i < G_N_ELEMENTS (settable); i++)
    if (g_str_has_prefix (assignment, settable[i]) && assignment[strlen (settable[i])] == '=')
      return TRUE;
  return FALSE;
}

/* A wrong assignment is the asker's fault and must not end the run: it becomes an alert. */
static gboolean
set (Trainer *trainer, const char *assignment, GError **error)
{
  NnConfig changed = trainer->config;
  g_autoptr (GError) problem = NULL;
  if (!may_set (assignment))
    {
      g_autofree char *text =
          g_strdup_printf ("%s cannot be set while training: start a new run", assignment);
      return train_record_alert (trainer, text, error);
    }
  if (!nn_config_set (&changed, assignment, &problem) || !nn_config_check (&changed, &problem))
    return train_record_alert (trainer, problem->message, error);
  trainer->config = trainer->model->config = changed;
  g_clear_pointer (&trainer->step, nn_step_free);
  return run_folder_write_config (trainer->run, &trainer->config, error)
         && train_plan_step (trainer, error);
}

static gboolean
set_paused (Trainer *trainer, gboolean paused, GError **error)
{
  if (trainer->paused == paused)
    return TRUE;
  if (!paused)
    {
      trainer->paused = FALSE;
      /* Time spent paused is not time trained. */
      trainer->started = g_get_monotonic_time ();
      return train_record_state (trainer, "running", NULL, error);
    }
  trainer->wall_before = train_wall (trainer);
  trainer->paused = TRUE;
  return train_record_state (trainer, "paused", NULL, error);
}

static gboolean
obey (Trainer *trainer, const RunCommand *command, GError **error)
{
  RunEvent *answer = run_event_new ("control");
  run_event_add_whole (answer, "id", command->id);
  run_event_add_text (answer, "command", run_command_name (command->kind));
  if (!train_record (trainer, answer, error))
    return FALSE;
  switch (command->kind)
    {
    case RUN_COMMAND_PAUSE:
      return set_paused (trainer, TRUE, error);
    case RUN_COMMAND_RESUME:
      return set_paused (trainer, FALSE, error);
    case RUN_COMMAND_CHECKPOINT:
      return train_save (trainer, FALSE, error);
    case RUN_COMMAND_STOP:
      trainer->stopping = TRUE;
      return TRUE;
    case RUN_COMMAND_SET:
      return set (trainer, command->assignment, error);
    case RUN_COMMAND_WRONG:
      return train_record_alert (trainer, command->problem, error);
    }
  g_assert_not_reached ();
}

static gboolean
obey_all (Trainer *trainer, GError **error)
{
  for (;;)
    {
      g_auto (RunCommand) command = { 0 };
      if (trainer->stopping || !run_control_next (trainer->control, &command))
        return TRUE;
      if (!obey (trainer, &command, error))
        return FALSE;
    }
}

static gboolean
heartbeat (Trainer *trainer, GError **error)
{
  if (g_get_monotonic_time () - trainer->last_event_at < HEARTBEAT_US)
    return TRUE;
  return train_record (trainer, run_event_new ("heartbeat"), error);
}

static gboolean
asked_to_stop (Trainer *trainer)
{
  const TrainObserver *observer = &trainer->observer;
  if (observer->should_stop && observer->should_stop (observer->data))
    trainer->stopping = TRUE;
  return trainer->stopping;
}

gboolean
train_obey (Trainer *trainer, GError **error)
{
  if (!obey_all (trainer, error))
    return FALSE;
  while (!asked_to_stop (trainer) && trainer->paused)
    {
      g_usleep (POLL_US);
      if (!heartbeat (trainer, error) || !obey_all (trainer, error))
        return FALSE;
    }
  return TRUE;
}
