#include "app/session/run.h"

#include "app/session/method.h"
#include "app/session/poller.h"
#include "app/session/record.h"

#include <math.h>
#include <string.h>

#define LIVE_MS 250
#define OPEN_MS 1000

struct _WbRun
{
  GObject parent_instance;

  char *path;
  char *problem;
  WbSummary *summary;
  double rate, time_left;
  gboolean loaded, gone, launching;

  NnConfig *config;
  WbRecord *record;

  guint opened;
  WbPoller *poller; /* while the run is wanted */
};

enum
{
  PROP_0,
  PROP_PATH,
  PROP_ID,
  PROP_NAME,
  PROP_METHOD,
  PROP_DATA_NAME,
  PROP_REASON,
  PROP_PROBLEM,
  PROP_STATE,
  PROP_LIVE,
  PROP_STEP,
  PROP_TOTAL,
  PROP_CREATED,
  PROP_PROGRESS,
  PROP_COMPILED,
  PROP_TO_COMPILE,
  PROP_RATE,
  PROP_TIME_LEFT,
  PROP_RECALL,
  PROP_KEEP_RATE,
  PROP_COLOUR,
  PROP_LOADED,
  N_PROPS
};

static GParamSpec *props[N_PROPS];
static guint changed_signal;

G_DEFINE_FINAL_TYPE (WbRun, wb_run, G_TYPE_OBJECT)

static double
get_progress (const WbSummary *summary)
{
  return summary->total > 0 ? CLAMP ((double) summary->step / (double) summary->total, 0, 1) : 0;
}

static void
wb_run_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  WbRun *self = WB_RUN (object);
  const WbSummary *summary = self->summary;

  switch (id)
    {
    case PROP_PATH:
      g_value_set_string (value, self->path);
      break;
    case PROP_ID:
      g_value_set_string (value, summary->id);
      break;
    case PROP_NAME:
      g_value_set_string (value, summary->name);
      break;
    case PROP_METHOD:
      g_value_set_string (value, summary->method);
      break;
    case PROP_DATA_NAME:
      g_value_set_string (value, summary->data);
      break;
    case PROP_REASON:
      g_value_set_string (value, summary->reason);
      break;
    case PROP_PROBLEM:
      g_value_set_string (value, self->problem);
      break;
    case PROP_STATE:
      g_value_set_enum (value, (int) wb_run_get_state (self));
      break;
    case PROP_LIVE:
      g_value_set_boolean (value, wb_run_state_is_live (wb_run_get_state (self)));
      break;
    case PROP_STEP:
      g_value_set_int64 (value, summary->step);
      break;
    case PROP_TOTAL:
      g_value_set_int64 (value, summary->total);
      break;
    case PROP_CREATED:
      g_value_set_int64 (value, summary->created);
      break;
    case PROP_PROGRESS:
      g_value_set_double (value, get_progress (summary));
      break;
    case PROP_COMPILED:
      g_value_set_uint (value, summary->compiled);
      break;
    case PROP_TO_COMPILE:
      g_value_set_uint (value, summary->to_compile);
      break;
    case PROP_RATE:
      g_value_set_double (value, self->rate);
      break;
    case PROP_TIME_LEFT:
      g_value_set_double (value, self->time_left);
      break;
    case PROP_RECALL:
      g_value_set_double (value, summary->recall);
      break;
    case PROP_KEEP_RATE:
      g_value_set_double (value, summary->keep_rate);
      break;
    case PROP_COLOUR:
      g_value_set_uint (value, summary->colour);
      break;
    case PROP_LOADED:
      g_value_set_boolean (value, self->loaded);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
stop_polling (WbRun *self)
{
  if (self->poller)
    wb_poller_stop (self->poller);
  g_clear_object (&self->poller);
}

static void
wb_run_dispose (GObject *object)
{
  WbRun *self = WB_RUN (object);

  stop_polling (self);
  G_OBJECT_CLASS (wb_run_parent_class)->dispose (object);
}

static void
wb_run_finalize (GObject *object)
{
  WbRun *self = WB_RUN (object);

  wb_record_free (self->record);
  wb_summary_free (self->summary);
  g_free (self->config);
  g_free (self->problem);
  g_free (self->path);
  G_OBJECT_CLASS (wb_run_parent_class)->finalize (object);
}

static void
install_properties (GObjectClass *class)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;
  const double most = G_MAXDOUBLE;
  static const struct
  {
    guint id;
    const char *name;
  } texts[] = { { PROP_PATH, "path" },          { PROP_ID, "id" },
                { PROP_NAME, "name" },          { PROP_METHOD, "method" },
                { PROP_REASON, "reason" },      { PROP_PROBLEM, "problem" },
                { PROP_DATA_NAME, "data-name" } },
    wholes[] = { { PROP_STEP, "step" }, { PROP_TOTAL, "total" }, { PROP_CREATED, "created" } },
    numbers[] = { { PROP_PROGRESS, "progress" },
                  { PROP_RATE, "rate" },
                  { PROP_RECALL, "recall" },
                  { PROP_TIME_LEFT, "time-left" },
                  { PROP_KEEP_RATE, "keep-rate" } },
    counts[] = { { PROP_COMPILED, "compiled" }, { PROP_TO_COMPILE, "to-compile" } },
    flags_[] = { { PROP_LIVE, "live" }, { PROP_LOADED, "loaded" } };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    props[texts[i].id] = g_param_spec_string (texts[i].name, NULL, NULL, NULL, flags);
  for (guint i = 0; i < G_N_ELEMENTS (wholes); i++)
    props[wholes[i].id] = g_param_spec_int64 (wholes[i].name, NULL, NULL, 0, G_MAXINT64, 0, flags);
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    props[numbers[i].id] = g_param_spec_double (numbers[i].name, NULL, NULL, -most, most, 0, flags);
  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    props[counts[i].id] = g_param_spec_uint (counts[i].name, NULL, NULL, 0, G_MAXUINT, 0, flags);
  for (guint i = 0; i < G_N_ELEMENTS (flags_); i++)
    props[flags_[i].id] = g_param_spec_boolean (flags_[i].name, NULL, NULL, FALSE, flags);
  props[PROP_STATE] =
      g_param_spec_enum ("state", NULL, NULL, WB_TYPE_RUN_STATE, WB_RUN_STARTING, flags);
  props[PROP_COLOUR] = g_param_spec_uint ("colour", NULL, NULL, 0, G_MAXUINT, WB_NO_COLOUR, flags);
  g_object_class_install_properties (class, N_PROPS, props);
}

static void
wb_run_class_init (WbRunClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);

  object_class->get_property = wb_run_get_property;
  object_class->dispose = wb_run_dispose;
  object_class->finalize = wb_run_finalize;
  install_properties (object_class);
  changed_signal = g_signal_new ("changed", WB_TYPE_RUN, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 2, G_TYPE_UINT, G_TYPE_UINT);
}

static void
wb_run_init (WbRun *self)
{
  self->rate = self->time_left = NAN;
  self->record = wb_record_new ();
}

WbRun *
wb_run_new (const char *path, WbSummary *summary)
{
  WbRun *self = g_object_new (WB_TYPE_RUN, NULL);
  g_autofree char *id = g_path_get_basename (path);

  self->path = g_canonicalize_filename (path, NULL);
  self->summary = summary ? summary : wb_summary_new (id);
  return self;
}

/* What bindings look at, to notify of just what differs. */
typedef struct
{
  GValue values[N_PROPS];
} Before;

static void
remember (WbRun *self, Before *before)
{
  memset (before, 0, sizeof *before);
  for (guint i = 1; i < N_PROPS; i++)
    {
      g_value_init (&before->values[i], props[i]->value_type);
      wb_run_get_property (G_OBJECT (self), i, &before->values[i], props[i]);
    }
}

static gboolean
is_same (const GValue *a, const GValue *b, GParamSpec *pspec)
{
  if (G_VALUE_HOLDS_DOUBLE (a) && isnan (g_value_get_double (a)) && isnan (g_value_get_double (b)))
    return TRUE;
  if (G_VALUE_HOLDS_DOUBLE (a))
    return g_value_get_double (a) == g_value_get_double (b);
  return g_param_values_cmp (pspec, a, b) == 0;
}

/* Notifies of each property that has become another; returns WB_CHANGED_SUMMARY or 0. */
static guint
notify_changes (WbRun *self, Before *before)
{
  guint changes = 0;

  g_object_freeze_notify (G_OBJECT (self));
  for (guint i = 1; i < N_PROPS; i++)
    {
      g_auto (GValue) now = G_VALUE_INIT;

      g_value_init (&now, props[i]->value_type);
      wb_run_get_property (G_OBJECT (self), i, &now, props[i]);
      if (!is_same (&before->values[i], &now, props[i]))
        {
          changes = WB_CHANGED_SUMMARY;
          g_object_notify_by_pspec (G_OBJECT (self), props[i]);
        }
      g_value_unset (&before->values[i]);
    }
  g_object_thaw_notify (G_OBJECT (self));
  return changes;
}

static gboolean
is_named_by_time (const char *id)
{
  return g_regex_match_simple ("^\\d{8}-\\d{6}(-\\d+)?$", id, 0, 0);
}

static void
take_config (WbRun *self, WbDelta *delta)
{
  WbSummary *summary = self->summary;
  const NnConfig *config = delta->config;

  g_free (self->config);
  self->config = g_steal_pointer (&delta->config);
  summary->total = config->run.steps ? config->run.steps : config->schedule.horizon;
  summary->keep_rate = wb_method_keep_rate (config);
  g_free (summary->method);
  summary->method = g_strdup (wb_method_name (wb_method_of (config)));
  g_free (summary->data);
  summary->data = g_steal_pointer (&delta->data);
  g_free (summary->name);
  summary->name =
      is_named_by_time (summary->id) ? wb_method_label (config) : g_strdup (summary->id);
}

static guint
take_record (WbRun *self, WbDelta *delta, guint *first_row)
{
  const WbRecordChanges changes = wb_record_take (self->record, delta);

  *first_row = changes.first_row;
  return (changes.series ? WB_CHANGED_SERIES : 0) | (changes.evals ? WB_CHANGED_EVALS : 0)
         | (changes.alerts ? WB_CHANGED_ALERTS : 0) | (changes.snapshots ? WB_CHANGED_SNAPSHOTS : 0)
         | (changes.checkpoints ? WB_CHANGED_CHECKPOINTS : 0)
         | (changes.profile ? WB_CHANGED_PROFILE : 0);
}

static void
measure_pace (WbRun *self)
{
  const WbSummary *summary = self->summary;
  double step_seconds;

  self->rate = self->time_left = NAN;
  if (wb_run_get_state (self) != WB_RUN_RUNNING)
    return;
  wb_record_measure_pace (self->record, &self->rate, &step_seconds);
  self->time_left = (double) MAX (0, summary->total - summary->step) * step_seconds;
}

static void
summarise (WbRun *self, const WbDelta *delta, guint changes)
{
  WbSummary *summary = self->summary;

  if (changes || !self->loaded)
    wb_record_summarise (self->record, summary);
  summary->state = delta->state;
  summary->compiled = delta->compiled;
  summary->to_compile = delta->to_compile;
  summary->stamp = delta->stamp;
  g_free (summary->reason);
  summary->reason = g_strdup (delta->reason);
  if (wb_run_state_is_live (delta->state) && delta->state != WB_RUN_STARTING)
    self->launching = FALSE;
  measure_pace (self);
}

static gboolean
is_wanted (WbRun *self)
{
  return self->opened > 0 || wb_run_state_is_live (wb_run_get_state (self));
}

/* A run that is over and that nobody looks at keeps its summary only. */
static void
release (WbRun *self)
{
  stop_polling (self);
  g_clear_pointer (&self->config, g_free);
  wb_record_free (self->record);
  self->record = wb_record_new ();
  if (self->loaded)
    {
      self->loaded = FALSE;
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_LOADED]);
    }
}

static void
apply (WbRun *self, WbDelta *delta)
{
  Before before;
  guint first_row, changes = 0;

  remember (self, &before);
  if (delta->config)
    {
      take_config (self, delta);
      changes |= WB_CHANGED_CONFIG;
    }
  changes |= take_record (self, delta, &first_row);
  summarise (self, delta, changes);
  g_free (self->problem);
  self->problem = delta->error ? g_strdup (delta->error->message) : NULL;
  self->loaded = TRUE;
  if (delta->gone && !self->gone)
    changes |= WB_CHANGED_GONE;
  self->gone = delta->gone;
  changes |= notify_changes (self, &before);
  if (changes)
    g_signal_emit (self, changed_signal, 0, changes, first_row);
}

/* Whoever hears of it may let the run go. */
static void
on_polled (WbDelta *delta, gpointer data)
{
  g_autoptr (WbRun) self = g_object_ref (data);

  apply (self, delta);
}

static guint
choose_next (gpointer data)
{
  WbRun *self = data;

  if (self->gone)
    return 0;
  if (is_wanted (self))
    return wb_run_state_is_live (wb_run_get_state (self)) ? LIVE_MS : OPEN_MS;
  release (self);
  return 0;
}

static void
poll_now (WbRun *self)
{
  static const WbPollerCalls calls = { on_polled, choose_next };

  if (!self->poller)
    self->poller = wb_poller_new (self->path, &calls, self);
  wb_poller_poke (self->poller);
}

void
wb_run_open (WbRun *self)
{
  g_return_if_fail (WB_IS_RUN (self));
  if (self->opened++ == 0 && !self->loaded)
    poll_now (self);
}

void
wb_run_close (WbRun *self)
{
  g_return_if_fail (WB_IS_RUN (self) && self->opened > 0);
  const gboolean polling = self->poller && wb_poller_is_polling (self->poller);
  if (--self->opened == 0 && !polling && !is_wanted (self))
    release (self);
}

void
wb_run_poke (WbRun *self)
{
  g_return_if_fail (WB_IS_RUN (self));
  self->gone = FALSE;
  poll_now (self);
}

void
wb_run_set_launching (WbRun *self, gboolean launching)
{
  Before before;

  g_return_if_fail (WB_IS_RUN (self));
  remember (self, &before);
  self->launching = launching;
  if (notify_changes (self, &before))
    g_signal_emit (self, changed_signal, 0, WB_CHANGED_SUMMARY,
                   wb_series_get_length (self->record->series));
  wb_run_poke (self);
}

void
wb_run_set_colour (WbRun *self, guint colour)
{
  g_return_if_fail (WB_IS_RUN (self));
  if (self->summary->colour == colour)
    return;
  self->summary->colour = colour;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_COLOUR]);
}

const char *
wb_run_get_path (WbRun *self)
{
  return self->path;
}

const char *
wb_run_get_id (WbRun *self)
{
  return self->summary->id;
}

const WbSummary *
wb_run_get_summary (WbRun *self)
{
  return self->summary;
}

WbRunState
wb_run_get_state (WbRun *self)
{
  return self->launching ? WB_RUN_STARTING : self->summary->state;
}

gboolean
wb_run_is_loaded (WbRun *self)
{
  return self->loaded;
}

const NnConfig *
wb_run_get_config (WbRun *self)
{
  return self->config;
}

const WbSeries *
wb_run_get_series (WbRun *self)
{
  return self->record->series;
}

const WbEval *
wb_run_get_newest_eval (WbRun *self, const char *encoder)
{
  return wb_record_get_newest_eval (self->record, encoder);
}

const WbProfile *
wb_run_get_profile (WbRun *self)
{
  return self->record->profile;
}

const WbEval *
wb_run_get_evals (WbRun *self, guint *n)
{
  *n = self->record->evals->len;
  return (const WbEval *) self->record->evals->data;
}

const WbAlert *
wb_run_get_alerts (WbRun *self, guint *n)
{
  *n = self->record->alerts->len;
  return (const WbAlert *) self->record->alerts->data;
}

const gint64 *
wb_run_get_snapshots (WbRun *self, guint *n)
{
  *n = self->record->snapshots->len;
  return (const gint64 *) self->record->snapshots->data;
}

const gint64 *
wb_run_get_checkpoints (WbRun *self, guint *n)
{
  *n = self->record->checkpoints->len;
  return (const gint64 *) self->record->checkpoints->data;
}
