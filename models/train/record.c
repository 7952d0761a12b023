/* Everything a trainer writes into its run. */
#include "models/train/private.h"

#include <glib/gstdio.h>

static gint64
now (void)
{
  return g_get_monotonic_time ();
}

double
train_wall (const Trainer *trainer)
{
  if (trainer->paused)
    return trainer->wall_before;
  return trainer->wall_before + (double) (now () - trainer->started) / G_USEC_PER_SEC;
}

void
train_say (Trainer *trainer, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *line = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  if (trainer->observer.said)
    trainer->observer.said (line, trainer->observer.data);
}

gboolean
train_record (Trainer *trainer, RunEvent *event, GError **error)
{
  trainer->last_event_at = now ();
  return run_events_append (trainer->events, event, error);
}

static RunEvent *
new_event (Trainer *trainer, const char *type)
{
  RunEvent *event = run_event_new (type);
  run_event_add_whole (event, "step", trainer->done);
  return event;
}

gboolean
train_record_state (Trainer *trainer, const char *state, const char *reason, GError **error)
{
  RunEvent *event = new_event (trainer, "state");
  run_event_add_text (event, "state", state);
  run_event_add_text (event, "reason", reason);
  return train_record (trainer, event, error);
}

gboolean
train_record_alert (Trainer *trainer, const char *text, GError **error)
{
  RunEvent *event = new_event (trainer, "alert");
  run_event_add_text (event, "text", text);
  train_say (trainer, "%s", text);
  return train_record (trainer, event, error);
}

gboolean
train_record_step (Trainer *trainer, const NnStepResult *result, double lr, double seconds,
                   GError **error)
{
  const gint64 batch = trainer->config.schedule.batch_size;
  const double rate = (double) batch / MAX (seconds, 1e-9);
  RunEvent *event = new_event (trainer, "step");
  run_event_add_number (event, "epoch", (double) trainer->done / (double) trainer->steps_per_epoch);
  run_event_add_whole (event, "samples", trainer->done * batch);
  run_event_add_number (event, "wall", train_wall (trainer));
  run_event_add_number (event, "loss", result->loss);
  run_event_add_number (event, "contrastive", result->contrastive);
  run_event_add_number (event, "distillation", result->distillation);
  run_event_add_number (event, "lr", lr);
  run_event_add_number (event, "logit_scale", result->logit_scale);
  run_event_add_number (event, "grad_norm", result->grad_norm);
  run_event_add_number (event, "keep_rate", trainer->keep_rate);
  run_event_add_number (event, "pairs_per_s", rate);
  run_event_add_whole (event, "device_bytes", (gint64) gpu_device_get_allocated (trainer->device));

  const TrainReport report = { .step = trainer->done,
                               .total = trainer->total,
                               .loss = result->loss,
                               .contrastive = result->contrastive,
                               .distillation = result->distillation,
                               .pairs_per_s = rate };
  if (trainer->observer.stepped)
    trainer->observer.stepped (&report, trainer->observer.data);
  return train_record (trainer, event, error);
}

static RunEvent *
new_kernel (const GpuProfileRow *row, guint64 total)
{
  const double seconds = (double) MAX (row->nanoseconds, 1) / 1e9;
  RunEvent *item = run_event_item_new ();
  run_event_add_text (item, "kernel", row->kernel);
  run_event_add_whole (item, "calls", row->calls);
  run_event_add_number (item, "ms", seconds * 1e3);
  run_event_add_number (item, "share", (double) row->nanoseconds / (double) MAX (total, 1));
  run_event_add_number (item, "gflops", (double) row->flops / seconds / 1e9);
  run_event_add_number (item, "gb_per_s", (double) row->bytes / seconds / 1e9);
  return item;
}

gboolean
train_record_profile (Trainer *trainer, GError **error)
{
  g_autoptr (GArray) rows = nn_step_get_profile (trainer->step, GPU_PROFILE_KERNELS, error);
  g_autoptr (GPtrArray) kernels = g_ptr_array_new_with_free_func ((GDestroyNotify) run_event_free);
  if (!rows)
    return FALSE;
  for (guint i = 0; i < rows->len; i++)
    g_ptr_array_add (
        kernels, new_kernel (&g_array_index (rows, GpuProfileRow, i), gpu_profile_total (rows)));
  if (rows->len == 0) /* a device without timestamps */
    return TRUE;
  RunEvent *event = new_event (trainer, "profile");
  run_event_add_items (event, "kernels", kernels);
  return train_record (trainer, event, error);
}

gboolean
train_snapshot (Trainer *trainer, GError **error)
{
  const char *run = run_folder_path (trainer->run);
  const gint64 budget = (gint64) trainer->config.run.snapshot_budget_mb * 1000000;
  g_autofree char *path = run_step_path (run, RUN_SNAPSHOTS, trainer->done);
  g_autofree char *name =
      g_strdup_printf (RUN_SNAPSHOTS "/%" G_GINT64_FORMAT ".safetensors", trainer->done);
  if (!train_probes_snapshot (trainer->probes, path, trainer->keep_rate, error)
      || !run_thin_snapshots (run, budget, error))
    return FALSE;
  RunEvent *event = new_event (trainer, "snapshot");
  run_event_add_text (event, "path", name);
  return train_record (trainer, event, error);
}

static void
remove_passing_checkpoint (Trainer *trainer)
{
  if (!trainer->saved_in_passing || trainer->saved < 0 || trainer->saved == trainer->done)
    return;
  g_autofree char *old =
      run_step_path (run_folder_path (trainer->run), RUN_CHECKPOINTS, trainer->saved);
  g_remove (old);
}

gboolean
train_save (Trainer *trainer, gboolean in_passing, GError **error)
{
  const TrainProgress progress = { .step = trainer->done, .wall = train_wall (trainer) };
  g_autofree char *path =
      run_step_path (run_folder_path (trainer->run), RUN_CHECKPOINTS, trainer->done);
  g_autofree char *name =
      g_strdup_printf (RUN_CHECKPOINTS "/%" G_GINT64_FORMAT ".safetensors", trainer->done);
  if (trainer->saved == trainer->done)
    return TRUE;
  if (!run_events_sync (trainer->events, error)
      || !train_checkpoint_save (path, trainer->model, &progress, error))
    return FALSE;
  remove_passing_checkpoint (trainer);
  trainer->saved = trainer->done;
  trainer->saved_in_passing = in_passing;
  trainer->last_saved_at = now ();
  gpu_device_save_pipelines (trainer->device);

  RunEvent *event = new_event (trainer, "checkpoint");
  run_event_add_text (event, "path", name);
  return train_record (trainer, event, error);
}

static gboolean
record_recall (Trainer *trainer, const EvalEncoder *encoder, const EvalRecall *recall,
               GError **error)
{
  const char *name = eval_encoder_name (encoder->which);
  RunEvent *event = new_event (trainer, "eval");
  run_event_add_text (event, "task", "retrieval");
  run_event_add_text (event, "split", "val");
  run_event_add_text (event, "encoder", name);
  run_event_add_number (event, "keep_rate", encoder->keep_rate);
  run_event_add_number (event, "t2i_r1", recall->t2i_r1);
  run_event_add_number (event, "t2i_r5", recall->t2i_r5);
  run_event_add_number (event, "t2i_r10", recall->t2i_r10);
  run_event_add_number (event, "t2i_median_rank", recall->t2i_median);
  run_event_add_number (event, "i2t_r1", recall->i2t_r1);
  run_event_add_number (event, "i2t_r5", recall->i2t_r5);
  run_event_add_number (event, "i2t_r10", recall->i2t_r10);
  run_event_add_number (event, "i2t_median_rank", recall->i2t_median);
  train_say (trainer,
             "step %" G_GINT64_FORMAT ", epoch %.3g, %s: text to image R@1/5/10 %.1f/%.1f/%.1f %%, "
             "image to text %.1f/%.1f/%.1f %%",
             trainer->done, (double) trainer->done / (double) trainer->steps_per_epoch, name,
             100 * recall->t2i_r1, 100 * recall->t2i_r5, 100 * recall->t2i_r10,
             100 * recall->i2t_r1, 100 * recall->i2t_r5, 100 * recall->i2t_r10);
  return train_record (trainer, event, error);
}

/* An evaluation takes a while: a wish to stop is heard within a batch of it. */
static void
watch_for_stop (gsize done, gsize total, gpointer data)
{
  Trainer *trainer = data;
  const TrainObserver *observer = &trainer->observer;
  (void) done;
  (void) total;
  if (observer->should_stop && observer->should_stop (observer->data))
    g_cancellable_cancel (trainer->cancellable);
}

/* encoders[2]: the student as it trains now and the teacher; returns how many there are. */
static guint
evaluated_encoders (const Trainer *trainer, EvalEncoder *encoders)
{
  encoders[0] = (EvalEncoder){ NN_SLAB_WEIGHTS, trainer->keep_rate };
  encoders[1] = (EvalEncoder){ NN_SLAB_TEACHER, 1 };
  return nn_model_has_teacher (trainer->model) ? 2 : 1;
}

gboolean
train_plan_evaluation (Trainer *trainer, GError **error)
{
  EvalEncoder encoders[2];
  const guint n = evaluated_encoders (trainer, encoders);
  return !trainer->evaluation || eval_retrieval_plan (trainer->evaluation, encoders, n, error);
}

gboolean
train_evaluate (Trainer *trainer, GError **error)
{
  EvalEncoder encoders[2];
  const guint n = evaluated_encoders (trainer, encoders);
  g_autoptr (GError) problem = NULL;
  const EvalWatch watch = { .progress = watch_for_stop,
                            .data = trainer,
                            .cancellable = trainer->cancellable };
  EvalRecall recalls[2];
  if (!trainer->evaluation || trainer->evaluated == trainer->done)
    return TRUE;
  if (!eval_retrieval_run_all (trainer->evaluation, recalls, encoders, n, &watch, &problem))
    {
      if (g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return TRUE; /* the loop stops next */
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
  trainer->evaluated = trainer->done;
  for (guint i = 0; i < n; i++)
    if (!record_recall (trainer, &encoders[i], &recalls[i], error))
      return FALSE;
  return TRUE;
}
