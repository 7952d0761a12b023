#include "app/session/forecast.h"

#include "app/session/method.h"
#include "app/session/work.h"
#include "models/cli/device_choice.h"
#include "models/data/dataset.h"
#include "models/train/forecast.h"

#include <string.h>
#include <sys/stat.h>

#define PATIENCE_MS 150

/* The data set asked about last; the worker's alone. */
typedef struct
{
  char *path;
  gint64 time, size;
  guint train, held_out, vocabulary;
  char *problem;
} Counts;

struct _WbForecaster
{
  GObject parent_instance;

  NnConfig *config;
  WbForecast *forecast;
  Counts *counts;
  guint64 serial; /* of the config */
  gboolean working;
  guint timer;
};

static guint changed_signal;

G_DEFINE_FINAL_TYPE (WbForecaster, wb_forecaster, G_TYPE_OBJECT)

typedef struct
{
  NnConfig config;
  Counts *counts; /* borrowed while at work */
  guint64 serial;
} Question;

static void
forecast_free (WbForecast *forecast)
{
  g_free (forecast->problem_path);
  g_free (forecast->problem);
  g_free (forecast);
}

static void
counts_clear (Counts *counts)
{
  g_clear_pointer (&counts->path, g_free);
  g_clear_pointer (&counts->problem, g_free);
  *counts = (Counts){ 0 };
}

static void
wb_forecaster_dispose (GObject *object)
{
  WbForecaster *self = WB_FORECASTER (object);

  g_clear_handle_id (&self->timer, g_source_remove);
  G_OBJECT_CLASS (wb_forecaster_parent_class)->dispose (object);
}

static void
wb_forecaster_finalize (GObject *object)
{
  WbForecaster *self = WB_FORECASTER (object);

  g_clear_pointer (&self->forecast, forecast_free);
  counts_clear (self->counts);
  g_free (self->counts);
  g_free (self->config);
  G_OBJECT_CLASS (wb_forecaster_parent_class)->finalize (object);
}

static void
wb_forecaster_class_init (WbForecasterClass *class)
{
  G_OBJECT_CLASS (class)->dispose = wb_forecaster_dispose;
  G_OBJECT_CLASS (class)->finalize = wb_forecaster_finalize;
  changed_signal = g_signal_new ("changed", WB_TYPE_FORECASTER, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                 NULL, G_TYPE_NONE, 0);
}

static void
wb_forecaster_init (WbForecaster *self)
{
  self->counts = g_new0 (Counts, 1);
}

WbForecaster *
wb_forecaster_new (void)
{
  return g_object_new (WB_TYPE_FORECASTER, NULL);
}

/* On the worker. */

static void
count (Counts *counts, const char *path)
{
  g_autofree char *file = g_build_filename (path, "items.jsonl", NULL);
  g_autoptr (GError) error = NULL;
  struct stat info = { 0 };

  if (stat (file, &info) == 0 && g_strcmp0 (counts->path, path) == 0
      && counts->time == info.st_mtime && counts->size == info.st_size)
    return;
  counts_clear (counts);
  counts->path = g_strdup (path);
  counts->time = info.st_mtime;
  counts->size = info.st_size;
  g_autoptr (DataSet) set = data_set_open (path, &error);
  if (!set)
    {
      counts->problem = g_strdup (error->message);
      return;
    }
  data_set_get_split (set, DATA_SPLIT_TRAIN, &counts->train);
  data_set_get_split (set, DATA_SPLIT_VAL, &counts->held_out);
  counts->vocabulary = data_set_get_vocabulary_size (set);
}

G_GNUC_PRINTF (3, 4)
static void
add_problem (WbForecast *forecast, const char *path, const char *format, ...)
{
  va_list args;

  if (forecast->problem)
    return;
  va_start (args, format);
  forecast->problem = g_strdup_vprintf (format, args);
  va_end (args);
  forecast->problem_path = g_strdup (path);
}

static void
look_at_data (WbForecast *forecast, const NnConfig *config, Counts *counts)
{
  const guint batch = (guint) config->schedule.batch_size;

  if (*config->data.path == '\0')
    return;
  count (counts, config->data.path);
  forecast->train = counts->train;
  forecast->held_out = counts->held_out;
  forecast->vocabulary = counts->vocabulary;
  forecast->steps_per_epoch = counts->train / batch;
  forecast->steps =
      config->run.steps ? config->run.steps : forecast->steps_per_epoch * config->schedule.epochs;
  if (counts->problem)
    add_problem (forecast, "data.path", "%s", counts->problem);
  else if (counts->train < batch)
    add_problem (forecast, "schedule.batch_size",
                 "is %u: must be at most the %u pictures there are to train on", batch,
                 counts->train);
  else if (counts->vocabulary > (guint) config->text.vocab_size)
    add_problem (forecast, "data.path",
                 "has a tokenizer of %u ids: must be at most text_cfg.vocab_size %d",
                 counts->vocabulary, config->text.vocab_size);
}

static guint64
find_memory (void)
{
  static gsize known;
  static guint64 memory;

  if (g_once_init_enter (&known))
    {
      g_autoptr (GPtrArray) infos = gpu_device_list (NULL);
      const int chosen = infos ? cli_default_device (infos, NULL) : -1;

      if (chosen >= 0)
        memory = ((const GpuDeviceInfo *) infos->pdata[chosen])->memory_bytes;
      g_once_init_leave (&known, 1);
    }
  return memory;
}

static void
forecast_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Question *question = data;
  const NnConfig *config = &question->config;
  const guint batch = (guint) config->schedule.batch_size;
  WbForecast *forecast = g_new0 (WbForecast, 1);

  (void) source;
  (void) cancellable;
  forecast->keep_rate = wb_method_keep_rate (config);
  forecast->n_tokens = (guint) config->vision.layers + 1;
  for (guint i = 0; i < forecast->n_tokens; i++)
    forecast->tokens[i] = nn_config_tokens (config, forecast->keep_rate, (int) i);
  forecast->full_tokens = nn_config_tokens (config, 1, 0);
  look_at_data (forecast, config, question->counts);
  train_forecast (&forecast->numbers, config, forecast->held_out > 0);
  forecast->pair_flops = (double) forecast->numbers.step_flops / batch;
  forecast->memory = find_memory ();
  if (forecast->memory && forecast->numbers.device_bytes > forecast->memory)
    add_problem (forecast, "schedule.batch_size",
                 "is %u: must be less, for this takes %.3g GB of the %.3g GB there are", batch,
                 (double) forecast->numbers.device_bytes / 1e9, (double) forecast->memory / 1e9);
  g_task_return_pointer (task, forecast, (GDestroyNotify) forecast_free);
}

/* On the main thread. */

static void work (gpointer data);

static void
on_forecast (GObject *source, GAsyncResult *result, gpointer data)
{
  WbForecaster *self = WB_FORECASTER (source);
  const Question *question = g_task_get_task_data (G_TASK (result));
  WbForecast *forecast = g_task_propagate_pointer (G_TASK (result), NULL);

  (void) data;
  self->working = FALSE;
  if (question->serial != self->serial)
    {
      forecast_free (forecast);
      if (!self->timer && self->config)
        work (self);
      return;
    }
  self->forecast = forecast;
  g_signal_emit (self, changed_signal, 0);
}

static void
work (gpointer data)
{
  WbForecaster *self = data;
  Question *question;

  self->timer = 0;
  if (self->working)
    return;
  self->working = TRUE;
  question = g_new (Question, 1);
  *question = (Question){ *self->config, self->counts, self->serial };
  g_autoptr (GTask) task = g_task_new (self, NULL, on_forecast, NULL);
  g_task_set_task_data (task, question, g_free);
  wb_work_run (task, forecast_in_thread);
}

void
wb_forecaster_set_config (WbForecaster *self, const NnConfig *config)
{
  g_return_if_fail (WB_IS_FORECASTER (self));
  if (config && self->config && memcmp (config, self->config, sizeof *config) == 0)
    return;
  self->serial++;
  g_clear_handle_id (&self->timer, g_source_remove);
  g_clear_pointer (&self->forecast, forecast_free);
  g_free (self->config);
  self->config = config ? g_memdup2 (config, sizeof *config) : NULL;
  if (config)
    self->timer = g_timeout_add_once (PATIENCE_MS, work, self);
  g_signal_emit (self, changed_signal, 0);
}

const WbForecast *
wb_forecaster_get (WbForecaster *self)
{
  return self->forecast;
}

gboolean
wb_forecaster_is_busy (WbForecaster *self)
{
  return self->config && !self->forecast;
}
