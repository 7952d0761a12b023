#include "app/pages/reel.h"

/* Where one is in a run. */
typedef struct
{
  gint64 step;
  gboolean following;
} Place;

struct _WbReel
{
  GObject parent_instance;

  WbStepSlider *slider;
  WbRun *run;
  WbSnapshots *snapshots; /* of run */
  GHashTable *places;     /* path of a run -> Place */
  gint64 last;            /* newest step known; -1: none */
  gboolean shown, restored;
};

static guint changed_signal;

G_DEFINE_FINAL_TYPE (WbReel, wb_reel, G_TYPE_OBJECT)

static void
emit_changed (WbReel *self)
{
  const gboolean busy = self->snapshots && wb_snapshots_is_loading (self->snapshots);

  wb_step_slider_set_busy (self->slider, busy);
  g_signal_emit (self, changed_signal, 0);
}

static void
want (WbReel *self)
{
  const gint64 step = wb_step_slider_get_step (self->slider);

  if (self->snapshots && self->shown && self->restored && step >= 0)
    wb_snapshots_want (self->snapshots, step);
}

static void
restore_place (WbReel *self)
{
  const Place *place = g_hash_table_lookup (self->places, wb_run_get_path (self->run));

  self->restored = TRUE;
  if (place && !place->following)
    {
      wb_step_slider_set_step (self->slider, place->step);
      wb_step_slider_set_following (self->slider, FALSE);
    }
  else
    wb_step_slider_set_following (self->slider, TRUE);
}

static void
save_place (WbReel *self)
{
  if (!self->run || !self->restored)
    return;
  Place *place = g_new (Place, 1);
  place->step = wb_step_slider_get_step (self->slider);
  place->following = wb_step_slider_get_following (self->slider);
  g_hash_table_insert (self->places, g_strdup (wb_run_get_path (self->run)), place);
}

/* A run that was resumed from before its newest snapshot writes some of them again. */
static void
take_steps (WbReel *self)
{
  guint n;
  const gint64 *steps = wb_run_get_snapshots (self->run, &n);
  const gint64 last = n > 0 ? steps[n - 1] : -1;

  if (last < self->last)
    wb_snapshots_forget (self->snapshots);
  self->last = last;
  wb_step_slider_set_steps (self->slider, steps, n);
  if (n > 0 && !self->restored)
    restore_place (self);
  want (self);
}

static void
on_run_changed (WbRun *run, guint changes, guint first_row, WbReel *self)
{
  (void) run;
  (void) first_row;
  if (!self->shown)
    return;
  if (changes & WB_CHANGED_SNAPSHOTS)
    take_steps (self);
  if (changes & (WB_CHANGED_SNAPSHOTS | WB_CHANGED_CONFIG | WB_CHANGED_SUMMARY))
    emit_changed (self);
}

/* A run that has been closed has forgotten its snapshots; the slider keeps them. */
static void
on_loaded (WbRun *run, GParamSpec *pspec, WbReel *self)
{
  gboolean loaded;

  (void) pspec;
  g_object_get (run, "loaded", &loaded, NULL);
  if (!loaded || !self->shown)
    return;
  take_steps (self);
  emit_changed (self);
}

static void
on_step (WbStepSlider *slider, GParamSpec *pspec, WbReel *self)
{
  (void) slider;
  (void) pspec;
  want (self);
  emit_changed (self);
}

static void
open_run (WbReel *self)
{
  wb_run_open (self->run);
  on_loaded (self->run, NULL, self);
}

static void
let_go (WbReel *self)
{
  if (!self->run)
    return;
  save_place (self);
  g_signal_handlers_disconnect_by_data (self->run, self);
  g_signal_handlers_disconnect_by_data (self->snapshots, self);
  if (self->shown)
    wb_run_close (self->run);
  g_clear_object (&self->snapshots);
  g_clear_object (&self->run);
}

static void
wb_reel_dispose (GObject *object)
{
  WbReel *self = WB_REEL (object);

  let_go (self);
  if (self->slider)
    g_signal_handlers_disconnect_by_data (self->slider, self);
  g_clear_object (&self->slider);
  G_OBJECT_CLASS (wb_reel_parent_class)->dispose (object);
}

static void
wb_reel_finalize (GObject *object)
{
  g_hash_table_unref (WB_REEL (object)->places);
  G_OBJECT_CLASS (wb_reel_parent_class)->finalize (object);
}

static void
wb_reel_class_init (WbReelClass *class)
{
  G_OBJECT_CLASS (class)->dispose = wb_reel_dispose;
  G_OBJECT_CLASS (class)->finalize = wb_reel_finalize;
  changed_signal = g_signal_new ("changed", WB_TYPE_REEL, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 0);
}

static void
wb_reel_init (WbReel *self)
{
  self->places = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->last = -1;
}

WbReel *
wb_reel_new (WbStepSlider *slider)
{
  WbReel *self = g_object_new (WB_TYPE_REEL, NULL);

  self->slider = g_object_ref (slider);
  g_signal_connect (slider, "notify::step", G_CALLBACK (on_step), self);
  return self;
}

void
wb_reel_set_run (WbReel *self, WbRun *run)
{
  if (self->run == run)
    return;
  wb_step_slider_set_playing (self->slider, FALSE);
  let_go (self);
  self->restored = FALSE;
  self->last = -1;
  wb_step_slider_set_steps (self->slider, NULL, 0);
  if (run)
    {
      self->run = g_object_ref (run);
      self->snapshots = wb_snapshots_new (wb_run_get_path (run));
      g_signal_connect (run, "changed", G_CALLBACK (on_run_changed), self);
      g_signal_connect (run, "notify::loaded", G_CALLBACK (on_loaded), self);
      g_signal_connect_swapped (self->snapshots, "changed", G_CALLBACK (emit_changed), self);
      g_signal_connect_swapped (self->snapshots, "notify", G_CALLBACK (emit_changed), self);
      if (self->shown)
        open_run (self);
    }
  emit_changed (self);
}

WbRun *
wb_reel_get_run (WbReel *self)
{
  return self->run;
}

void
wb_reel_set_shown (WbReel *self, gboolean shown)
{
  if (self->shown == shown)
    return;
  self->shown = shown;
  if (self->run && shown)
    open_run (self);
  else if (self->run)
    wb_run_close (self->run);
  if (shown)
    emit_changed (self);
}

static gboolean
is_loaded (WbReel *self)
{
  gboolean loaded;

  g_object_get (self->run, "loaded", &loaded, NULL);
  return loaded;
}

WbReelState
wb_reel_get_state (WbReel *self)
{
  if (!self->run)
    return WB_REEL_NO_RUN;
  if (wb_snapshots_get (self->snapshots) && wb_snapshots_get_probes (self->snapshots))
    return WB_REEL_READY;
  if (wb_snapshots_get_problem (self->snapshots))
    return WB_REEL_FAILED;
  if (wb_step_slider_get_step (self->slider) >= 0)
    return WB_REEL_LOADING;
  if (!is_loaded (self))
    return WB_REEL_LOADING;
  return wb_run_state_is_live (wb_run_get_state (self->run)) ? WB_REEL_WAITING : WB_REEL_NONE;
}

const char *
wb_reel_get_problem (WbReel *self)
{
  return self->snapshots ? wb_snapshots_get_problem (self->snapshots) : NULL;
}

void
wb_reel_retry (WbReel *self)
{
  want (self);
}

WbSnapshot *
wb_reel_get_snapshot (WbReel *self)
{
  return wb_reel_get_state (self) == WB_REEL_READY ? wb_snapshots_get (self->snapshots) : NULL;
}

WbProbes *
wb_reel_get_probes (WbReel *self)
{
  return wb_reel_get_state (self) == WB_REEL_READY ? wb_snapshots_get_probes (self->snapshots)
                                                   : NULL;
}
