/* Opening a run, new or old, and the loop. */
#include "models/train/private.h"

#include <string.h>

#define EARLY_PROFILE 10

G_DEFINE_QUARK (train_error, train_error)

gboolean
train_plan_step (Trainer *trainer, GError **error)
{
  const double epoch = (double) trainer->done / (double) trainer->steps_per_epoch;
  const double keep_rate = nn_config_keep_rate (&trainer->config, epoch);
  if (trainer->step && trainer->keep_rate == keep_rate)
    return TRUE;
  g_clear_pointer (&trainer->step, nn_step_free); /* its memory first, then the new plan's */
  trainer->keep_rate = keep_rate;
  trainer->step =
      nn_step_new (trainer->model,
                   &(NnStepOptions){ .batch = (guint) trainer->config.schedule.batch_size,
                                     .keep_rate = keep_rate },
                   error);
  return trainer->step && train_warm (trainer, error) && train_plan_evaluation (trainer, error);
}

/* Decoding takes a while the first time: a wish to stop is heard meanwhile. */
static void
decoded (gsize done, gsize total, gpointer data)
{
  Trainer *trainer = data;
  const TrainObserver *observer = &trainer->observer;
  if (observer->decoding)
    observer->decoding (done, total, observer->data);
  if (observer->should_stop && observer->should_stop (observer->data))
    g_cancellable_cancel (trainer->cancellable);
}

static gboolean
open_pairs (Trainer *trainer, GError **error)
{
  const NnConfig *config = &trainer->config;
  const DataPairsOptions options = { .folder = config->data.path,
                                     .size = (guint) config->vision.image_size,
                                     .context = (guint) config->text.context_length,
                                     .vocab_size = (guint) config->text.vocab_size,
                                     .progress = decoded,
                                     .data = trainer,
                                     .cancellable = trainer->cancellable };
  if (!*config->data.path)
    {
      g_set_error (error, NN_CONFIG_ERROR, NN_CONFIG_ERROR_FIELD,
                   "data.path is empty: name a data set's folder, e.g. --set data.path=FOLDER");
      return FALSE;
    }
  trainer->pairs = data_pairs_open (&options, error);
  return trainer->pairs != NULL;
}

static gboolean
open_batches (Trainer *trainer, GError **error)
{
  const NnConfig *config = &trainer->config;
  const guint size = (guint) config->vision.image_size;
  gsize n = 0;
  g_autofree guint32 *items = data_pairs_dup_split (trainer->pairs, DATA_SPLIT_TRAIN, &n);
  const DataBatchesOptions options = { .cache = trainer->pairs->cache,
                                       .captions = trainer->pairs->captions,
                                       .items = items,
                                       .n_items = n,
                                       .batch_size = (guint) config->schedule.batch_size,
                                       .seed = (guint64) config->run.seed,
                                       .shift = (guint) config->data.shift,
                                       .crop_scale = config->data.crop_scale,
                                       .flip = config->data.flip,
                                       .row_stride = gpu_stride (3 * size * size) };
  trainer->batches = data_batches_new (&options, error);
  if (trainer->batches)
    trainer->steps_per_epoch = (gint64) data_batches_get_steps_per_epoch (trainer->batches);
  return trainer->batches != NULL;
}

/* The schedule's horizon is all epochs; asking for more steps stretches it, once, and is said. */
static gboolean
resolve (Trainer *trainer, gint64 steps, char **note)
{
  NnConfig *config = &trainer->config;
  const gint64 epochs = config->schedule.epochs * trainer->steps_per_epoch;
  const gint64 before = config->schedule.horizon ? config->schedule.horizon : epochs;
  if (steps > 0)
    config->run.steps = steps;
  trainer->total = config->run.steps ? config->run.steps : before;
  config->schedule.horizon = MAX (before, trainer->total);
  if (config->schedule.horizon == before)
    return FALSE;
  *note =
      g_strdup_printf ("%" G_GINT64_FORMAT " steps are more than the schedule's %" G_GINT64_FORMAT
                       ": it is stretched over them",
                       trainer->total, before);
  return TRUE;
}

static void
sign (Trainer *trainer)
{
  const GpuDeviceInfo *info = gpu_device_get_info (trainer->device);
  NnRunConfig *run = &trainer->config.run;
  g_strlcpy (run->device, info->name, sizeof run->device);
  g_strlcpy (run->device_uuid, info->uuid, sizeof run->device_uuid);
  g_strlcpy (run->driver, info->driver, sizeof run->driver);
  g_strlcpy (run->version, PENUMBRA_VERSION, sizeof run->version);
  g_strlcpy (run->data_fingerprint, data_set_get_fingerprint (trainer->pairs->set),
             sizeof run->data_fingerprint);
}

/* Other items would give other batches: the run would go on, but not be the same run. A run that
 * says nothing of its data is taken at its word. */
static gboolean
check_data (const Trainer *trainer, GError **error)
{
  const DataSet *set = trainer->pairs->set;
  const char *before = trainer->config.run.data_fingerprint;
  if (!*before || strcmp (before, data_set_get_fingerprint (set)) == 0)
    return TRUE;
  g_set_error (error, TRAIN_ERROR, TRAIN_ERROR_CHANGED,
               "data set %s has other items (fingerprint %.12s) than this run began with (%.12s): "
               "import it again as it was, or start a new run",
               data_set_get_folder (set), data_set_get_fingerprint (set), before);
  return FALSE;
}

static gboolean
open_run_files (Trainer *trainer, GError **error)
{
  g_autofree char *events = run_folder_file (trainer->run, "events.jsonl");
  trainer->events = run_events_open (events, error);
  trainer->control =
      trainer->events ? run_control_open (run_folder_path (trainer->run), error) : NULL;
  return trainer->control != NULL;
}

static gboolean
open_model (Trainer *trainer, GError **error)
{
  gsize held_out = 0;
  g_free (data_pairs_dup_split (trainer->pairs, DATA_SPLIT_VAL, &held_out));
  trainer->model = nn_model_new (trainer->device, &trainer->config, NN_USE_TRAINING, error);
  if (!trainer->model)
    return FALSE;
  trainer->probes = train_probes_new (trainer->model, trainer->pairs, error);
  if (!trainer->probes)
    return FALSE;
  if (held_out == 0)
    return TRUE;
  trainer->evaluation = eval_retrieval_new (trainer->model, trainer->pairs, DATA_SPLIT_VAL, error);
  return trainer->evaluation != NULL;
}

static Trainer *
new_trainer (const TrainOptions *options)
{
  Trainer *trainer = g_new0 (Trainer, 1);
  trainer->device = gpu_device_ref (options->device);
  trainer->observer = options->observer;
  trainer->cancellable = g_cancellable_new ();
  trainer->saved = trainer->evaluated = -1;
  return trainer;
}

Trainer *
train_new (const NnConfig *config, const TrainOptions *options, GError **error)
{
  g_autoptr (Trainer) trainer = new_trainer (options);
  g_autofree char *note = NULL;
  trainer->config = *config;
  trainer->config.schedule.horizon = 0;
  if (!nn_config_check (config, error) || !open_pairs (trainer, error)
      || !open_batches (trainer, error))
    return NULL;
  sign (trainer);
  if (resolve (trainer, options->steps, &note))
    train_say (trainer, "%s", note);
  if (!open_model (trainer, error)
      || !nn_model_init (trainer->model, (guint64) config->run.seed, error))
    return NULL;
  trainer->run = run_folder_create (options->run, &trainer->config, error);
  if (!trainer->run || !open_run_files (trainer, error)
      || !train_probes_copy (trainer->probes, trainer->run, error))
    return NULL;
  return g_steal_pointer (&trainer);
}

/* Loads the newest checkpoint; what lies beyond it did not happen. */
static gboolean
restore (Trainer *trainer, GError **error)
{
  const char *run = run_folder_path (trainer->run);
  g_autoptr (GError) problem = NULL;
  TrainProgress progress = { 0 };
  g_autofree char *path = run_newest_checkpoint (run, NULL, &problem);
  if (path)
    {
      if (!train_checkpoint_load (path, trainer->model, &progress, error))
        return FALSE;
      trainer->saved = progress.step;
    }
  else if (!g_error_matches (problem, RUN_ERROR, RUN_ERROR_NO_CHECKPOINT))
    {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
  else if (!nn_model_init (trainer->model, (guint64) trainer->config.run.seed, error)
           || !train_probes_copy (trainer->probes, trainer->run, error))
    return FALSE;
  trainer->done = progress.step;
  trainer->wall_before = progress.wall;
  return run_remove_later (run, RUN_CHECKPOINTS, progress.step, error)
         && run_remove_later (run, RUN_SNAPSHOTS, progress.step, error);
}

static gboolean
check_total (const Trainer *trainer, GError **error)
{
  if (trainer->total >= trainer->done)
    return TRUE;
  g_set_error (error, NN_CONFIG_ERROR, NN_CONFIG_ERROR_FIELD,
               "run.steps is %" G_GINT64_FORMAT ": %s has made %" G_GINT64_FORMAT
               " already, and --steps is the total",
               trainer->total, run_folder_path (trainer->run), trainer->done);
  return FALSE;
}

/* A run that was stopped while it evaluated has the checkpoint of that step and no result. */
static gboolean
find_evaluated (Trainer *trainer, GError **error)
{
  g_autofree char *path = run_folder_file (trainer->run, "events.jsonl");
  g_autoptr (RunEventReader) reader = run_event_reader_new (path);
  if (!run_event_reader_poll (reader, NULL, error))
    return FALSE;
  for (guint i = 0; i < run_event_reader_count (reader); i++)
    {
      const cJSON *event = run_event_reader_get (reader, i);
      if (g_strcmp0 (run_event_text (event, "type"), "eval") == 0)
        trainer->evaluated = MAX (trainer->evaluated, run_event_whole (event, "step"));
    }
  return TRUE;
}

static gboolean
record_resume (Trainer *trainer, const char *note, GError **error)
{
  RunEvent *event = run_event_new ("resume");
  run_event_add_whole (event, "step", trainer->done);
  return train_record (trainer, event, error)
         && (!note || train_record_alert (trainer, note, error));
}

Trainer *
train_resume (const TrainOptions *options, GError **error)
{
  g_autoptr (Trainer) trainer = new_trainer (options);
  g_autofree char *note = NULL;
  trainer->resumed = TRUE;
  trainer->run = run_folder_open (options->run, &trainer->config, error);
  if (!trainer->run || !open_pairs (trainer, error) || !check_data (trainer, error)
      || !open_batches (trainer, error))
    return NULL;
  resolve (trainer, options->steps, &note);
  if (strcmp (trainer->config.run.device_uuid, gpu_device_get_info (trainer->device)->uuid) != 0)
    train_say (trainer, "this run began on %s: on another device its numbers differ slightly",
               trainer->config.run.device);
  sign (trainer);
  if (!open_model (trainer, error) || !restore (trainer, error) || !check_total (trainer, error)
      || !run_folder_write_config (trainer->run, &trainer->config, error)
      || !open_run_files (trainer, error) || !record_resume (trainer, note, error)
      || !find_evaluated (trainer, error))
    return NULL;
  return g_steal_pointer (&trainer);
}

void
train_free (Trainer *trainer)
{
  if (!trainer)
    return;
  nn_step_free (trainer->step);
  g_clear_pointer (&trainer->evaluation, eval_retrieval_free);
  train_probes_free (trainer->probes);
  nn_model_free (trainer->model);
  g_clear_pointer (&trainer->batches, data_batches_free);
  data_pairs_free (trainer->pairs);
  g_clear_pointer (&trainer->control, run_control_free);
  g_clear_pointer (&trainer->events, run_events_free);
  run_folder_free (trainer->run);
  g_object_unref (trainer->cancellable);
  gpu_device_unref (trainer->device);
  g_free (trainer);
}

const char *
train_get_run (const Trainer *trainer)
{
  return run_folder_path (trainer->run);
}

gboolean
train_is_finished (const Trainer *trainer)
{
  return trainer->finished;
}

static void
fill_step (Trainer *trainer)
{
  const DataBatch *batch = data_batches_get (trainer->batches, (guint64) trainer->done);
  gsize stride = 0;
  float *images = nn_step_images (trainer->step, &stride);
  g_assert (stride == batch->row_stride);
  memcpy (images, batch->images, batch->batch_size * stride * sizeof *images);
  memcpy (nn_step_tokens (trainer->step), batch->tokens,
          (gsize) batch->batch_size * batch->context * sizeof *batch->tokens);
}

/* Timestamps are not free: one early step, when all is compiled, and the last of each epoch. */
static gboolean
is_profiled (const Trainer *trainer)
{
  const gint64 step = trainer->done + 1;
  return step == EARLY_PROFILE || step % trainer->steps_per_epoch == 0;
}

static gboolean
update (Trainer *trainer, GError **error)
{
  const gboolean profiled = is_profiled (trainer);
  if (!train_plan_step (trainer, error))
    return FALSE;
  if (profiled)
    nn_step_set_profiling (trainer->step, TRUE);
  const gint64 begun = g_get_monotonic_time (); /* recording anew is no training */
  fill_step (trainer);
  const NnStepSchedule schedule = { .update = (guint64) trainer->done + 1,
                                    .lr = nn_config_lr (&trainer->config, trainer->done),
                                    .momentum =
                                        nn_config_momentum (&trainer->config, trainer->done) };
  NnStepResult result;
  if (!nn_step_run (trainer->step, &schedule, &result, error))
    return FALSE;
  trainer->done++;
  const double seconds = (double) (g_get_monotonic_time () - begun) / G_USEC_PER_SEC;
  if (!train_record_step (trainer, &result, schedule.lr, seconds, error)
      || (profiled && !train_record_profile (trainer, error)))
    return FALSE;
  if (profiled)
    nn_step_set_profiling (trainer->step, FALSE);
  return TRUE;
}

static gboolean
is_due (gint64 step, gint64 every)
{
  return every > 0 && step % every == 0;
}

static gboolean
evaluate_if_due (Trainer *trainer, GError **error)
{
  const gint64 every = trainer->config.eval.every_epochs * trainer->steps_per_epoch;
  return !(trainer->done == trainer->total || is_due (trainer->done, every))
         || train_evaluate (trainer, error);
}

/* What belongs to the step just made: the checkpoint last, so that all else precedes it. */
static gboolean
after_update (Trainer *trainer, GError **error)
{
  const NnConfig *config = &trainer->config;
  const gint64 epoch = trainer->steps_per_epoch;
  const gboolean at_end = trainer->done == trainer->total;
  const gboolean at_epoch = trainer->done % epoch == 0;
  const double minutes =
      (double) (g_get_monotonic_time () - trainer->last_saved_at) / G_USEC_PER_SEC / 60;
  if (!evaluate_if_due (trainer, error))
    return FALSE;
  if ((at_end || at_epoch || is_due (trainer->done, config->run.snapshot_every))
      && !train_snapshot (trainer, error))
    return FALSE;
  if (at_end || at_epoch)
    return train_save (trainer, FALSE, error);
  if (config->run.checkpoint_minutes > 0 && minutes >= config->run.checkpoint_minutes)
    return train_save (trainer, TRUE, error);
  return TRUE;
}

static gboolean
loop (Trainer *trainer, GError **error)
{
  if (!train_record_state (trainer, "running", NULL, error) || !train_plan_step (trainer, error))
    return FALSE;
  if (trainer->saved < 0
      && (!train_snapshot (trainer, error) || !train_save (trainer, FALSE, error)))
    return FALSE;
  if (trainer->done > 0 && !evaluate_if_due (trainer, error))
    return FALSE;
  while (trainer->done < trainer->total)
    {
      if (!train_obey (trainer, error))
        return FALSE;
      if (trainer->stopping)
        break;
      if (!update (trainer, error) || !after_update (trainer, error))
        return FALSE;
    }
  trainer->finished = trainer->done >= trainer->total
                      && (!trainer->evaluation || trainer->evaluated == trainer->done);
  return train_save (trainer, FALSE, error)
         && train_record_state (trainer, trainer->finished ? "finished" : "stopped", NULL, error);
}

gboolean
train_run (Trainer *trainer, GError **error)
{
  g_autoptr (GError) problem = NULL;
  trainer->started = trainer->last_saved_at = g_get_monotonic_time ();
  if (loop (trainer, &problem))
    return TRUE;

  /* The reason is for watchers; where even that cannot be written, the caller still says it. */
  train_record_state (trainer, "failed", problem->message, NULL);
  if (trainer->saved >= 0)
    g_prefix_error (&problem,
                    "training failed after step %" G_GINT64_FORMAT " (saved: step %" G_GINT64_FORMAT
                    ", go on with penumbra-cli resume %s): ",
                    trainer->done, trainer->saved, run_folder_path (trainer->run));
  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}
