#include "app/widgets/step-slider.h"

#include "app/draw/format.h"

#define PLAY_MILLISECONDS 250
#define PAGE 10
#define MARK_HEIGHT 4
#define MARK_GAP 5      /* px below the trough */
#define MARK_DISTANCE 3 /* px; where they stand closer, some are left out */

struct _WbStepSlider
{
  GtkWidget parent_instance;

  GtkWidget *play, *scale, *label, *newest;
  GtkAdjustment *adjustment;
  GArray *steps; /* gint64, ascending */
  guint index;   /* of steps */
  guint timer;
  gboolean following, busy, updating;
};

enum
{
  PROP_0,
  PROP_STEP,
  PROP_FOLLOWING,
  PROP_PLAYING,
  PROP_BUSY,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (WbStepSlider, wb_step_slider, GTK_TYPE_WIDGET)

static gint64
step_at (WbStepSlider *self, guint index)
{
  return g_array_index (self->steps, gint64, index);
}

static guint
find_nearest (WbStepSlider *self, gint64 step)
{
  guint nearest = 0;

  for (guint i = 1; i < self->steps->len; i++)
    if (ABS (step_at (self, i) - step) < ABS (step_at (self, nearest) - step))
      nearest = i;
  return nearest;
}

static void
update_label (WbStepSlider *self)
{
  const guint n = self->steps->len;
  char step[DRAW_FORMAT_SIZE], last[DRAW_FORMAT_SIZE];

  if (n == 0)
    {
      gtk_label_set_text (GTK_LABEL (self->label), "no snapshot");
      return;
    }
  draw_format (step, (double) step_at (self, self->index), DRAW_INTEGER);
  draw_format (last, (double) step_at (self, n - 1), DRAW_INTEGER);
  g_autofree char *text = g_strdup_printf ("step %s of %s", step, last);
  gtk_label_set_text (GTK_LABEL (self->label), text);
  gtk_label_set_width_chars (GTK_LABEL (self->label),
                             (int) (2 * strlen (last) + strlen ("step  of ")));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->scale), GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT,
                                  text, -1);
}

static void
update (WbStepSlider *self)
{
  const guint n = self->steps->len;

  self->updating = TRUE;
  if (n > 0)
    gtk_adjustment_configure (self->adjustment, (double) step_at (self, self->index),
                              (double) step_at (self, 0), (double) step_at (self, n - 1), 1, 10, 0);
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (self->newest), self->following);
  self->updating = FALSE;
  gtk_widget_set_sensitive (self->play, n > 1);
  gtk_widget_set_sensitive (self->scale, n > 1);
  gtk_widget_set_sensitive (self->newest, n > 0);
  update_label (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
set_following (WbStepSlider *self, gboolean following)
{
  if (self->following == following)
    return;
  self->following = following;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_FOLLOWING]);
}

/* Moved by hand or by playing: the newest is followed from there on. */
static void
go_to (WbStepSlider *self, guint index)
{
  if (self->steps->len == 0)
    return;
  const gboolean moved = index != self->index;
  self->index = index;
  set_following (self, index + 1 == self->steps->len);
  update (self);
  if (moved)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STEP]);
}

static gboolean
play_on (gpointer data)
{
  WbStepSlider *self = data;

  if (self->busy)
    return G_SOURCE_CONTINUE;
  if (self->index + 1 < self->steps->len)
    go_to (self, self->index + 1);
  if (self->index + 1 >= self->steps->len)
    wb_step_slider_set_playing (self, FALSE);
  return G_SOURCE_CONTINUE;
}

/* The range asks where to go; the answer is always a snapshot. */
static gboolean
on_change_value (GtkRange *range, GtkScrollType scroll, double value, WbStepSlider *self)
{
  (void) range;
  if (scroll != GTK_SCROLL_JUMP)
    wb_step_slider_set_playing (self, FALSE);
  switch (scroll)
    {
    case GTK_SCROLL_STEP_BACKWARD:
    case GTK_SCROLL_STEP_LEFT:
    case GTK_SCROLL_STEP_DOWN:
      wb_step_slider_move (self, -1);
      break;
    case GTK_SCROLL_STEP_FORWARD:
    case GTK_SCROLL_STEP_RIGHT:
    case GTK_SCROLL_STEP_UP:
      wb_step_slider_move (self, 1);
      break;
    case GTK_SCROLL_PAGE_BACKWARD:
    case GTK_SCROLL_PAGE_LEFT:
    case GTK_SCROLL_PAGE_DOWN:
      wb_step_slider_move (self, -PAGE);
      break;
    case GTK_SCROLL_PAGE_FORWARD:
    case GTK_SCROLL_PAGE_RIGHT:
    case GTK_SCROLL_PAGE_UP:
      wb_step_slider_move (self, PAGE);
      break;
    default:
      wb_step_slider_set_step (self, (gint64) (value + 0.5));
    }
  return TRUE;
}

/* The wheel over the slider. */
static gboolean
on_scroll (GtkEventControllerScroll *controller, double dx, double dy, WbStepSlider *self)
{
  (void) controller;
  const double by = ABS (dx) > ABS (dy) ? dx : dy;
  if (by != 0)
    wb_step_slider_move (self, by > 0 ? 1 : -1);
  return GDK_EVENT_STOP;
}

static void
on_play (GtkToggleButton *button, WbStepSlider *self)
{
  wb_step_slider_set_playing (self, gtk_toggle_button_get_active (button));
}

static void
on_newest (GtkToggleButton *button, WbStepSlider *self)
{
  if (!self->updating)
    wb_step_slider_set_following (self, gtk_toggle_button_get_active (button));
}

static gboolean
on_space (GtkWidget *widget, GVariant *args, gpointer data)
{
  WbStepSlider *self = WB_STEP_SLIDER (widget);

  (void) args;
  (void) data;
  if (self->steps->len > 1)
    wb_step_slider_set_playing (self, self->timer == 0);
  return TRUE;
}

/* How much of the trough the knob takes, which is less than what it shows: 0 if it is not found. */
static int
measure_knob (WbStepSlider *self)
{
  int width = 0;

  for (GtkWidget *trough = gtk_widget_get_first_child (self->scale); trough;
       trough = gtk_widget_get_next_sibling (trough))
    for (GtkWidget *part = gtk_widget_get_first_child (trough); part;
         part = gtk_widget_get_next_sibling (part))
      if (g_strcmp0 (gtk_widget_get_css_name (part), "slider") == 0)
        gtk_widget_measure (part, GTK_ORIENTATION_HORIZONTAL, -1, &width, NULL, NULL, NULL);
  return MAX (width, 0);
}

/* Marks stand below the trough, where the middle of the knob stands on their snapshot. */
static void
snapshot_marks (WbStepSlider *self, GtkSnapshot *snapshot)
{
  const guint n = self->steps->len;
  const int knob = measure_knob (self);
  GdkRectangle range;
  double x, y, last = -MARK_DISTANCE;
  GdkRGBA color;

  if (n < 2)
    return;
  gtk_range_get_range_rect (GTK_RANGE (self->scale), &range);
  gtk_widget_translate_coordinates (self->scale, GTK_WIDGET (self), range.x, range.y, &x, &y);
  gtk_style_context_get_color (gtk_widget_get_style_context (GTK_WIDGET (self)), &color);
  color.alpha *= 0.4f;
  const double first = (double) step_at (self, 0), span = (double) step_at (self, n - 1) - first;
  for (guint i = 0; i < n; i++)
    {
      const double share = ((double) step_at (self, i) - first) / span;
      const double at = x + knob / 2.0 + share * (range.width - knob);
      if (at - last < MARK_DISTANCE)
        continue;
      last = at;
      gtk_snapshot_append_color (snapshot, &color,
                                 &GRAPHENE_RECT_INIT ((float) (int) at,
                                                      (float) (y + range.height) + MARK_GAP, 1,
                                                      MARK_HEIGHT));
    }
}

static void
wb_step_slider_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  WbStepSlider *self = WB_STEP_SLIDER (widget);

  snapshot_marks (self, snapshot);
  GTK_WIDGET_CLASS (wb_step_slider_parent_class)->snapshot (widget, snapshot);
}

/* Nobody sees what plays in a hidden page. */
static void
wb_step_slider_unmap (GtkWidget *widget)
{
  wb_step_slider_set_playing (WB_STEP_SLIDER (widget), FALSE);
  GTK_WIDGET_CLASS (wb_step_slider_parent_class)->unmap (widget);
}

static void
wb_step_slider_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  WbStepSlider *self = WB_STEP_SLIDER (object);

  switch (id)
    {
    case PROP_STEP:
      g_value_set_int64 (value, wb_step_slider_get_step (self));
      break;
    case PROP_FOLLOWING:
      g_value_set_boolean (value, self->following);
      break;
    case PROP_PLAYING:
      g_value_set_boolean (value, self->timer != 0);
      break;
    case PROP_BUSY:
      g_value_set_boolean (value, self->busy);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
wb_step_slider_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  WbStepSlider *self = WB_STEP_SLIDER (object);

  switch (id)
    {
    case PROP_FOLLOWING:
      wb_step_slider_set_following (self, g_value_get_boolean (value));
      break;
    case PROP_PLAYING:
      wb_step_slider_set_playing (self, g_value_get_boolean (value));
      break;
    case PROP_BUSY:
      wb_step_slider_set_busy (self, g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
wb_step_slider_dispose (GObject *object)
{
  WbStepSlider *self = WB_STEP_SLIDER (object);
  GtkWidget *child;

  g_clear_handle_id (&self->timer, g_source_remove);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))))
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (wb_step_slider_parent_class)->dispose (object);
}

static void
wb_step_slider_finalize (GObject *object)
{
  g_array_unref (WB_STEP_SLIDER (object)->steps);
  G_OBJECT_CLASS (wb_step_slider_parent_class)->finalize (object);
}

static void
wb_step_slider_class_init (WbStepSliderClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);
  const GParamFlags both = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = wb_step_slider_get_property;
  object_class->set_property = wb_step_slider_set_property;
  object_class->dispose = wb_step_slider_dispose;
  object_class->finalize = wb_step_slider_finalize;
  widget_class->snapshot = wb_step_slider_snapshot;
  widget_class->unmap = wb_step_slider_unmap;
  props[PROP_STEP] = g_param_spec_int64 ("step", NULL, NULL, -1, G_MAXINT64, -1,
                                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  props[PROP_FOLLOWING] = g_param_spec_boolean ("following", NULL, NULL, TRUE, both);
  props[PROP_PLAYING] = g_param_spec_boolean ("playing", NULL, NULL, FALSE, both);
  props[PROP_BUSY] = g_param_spec_boolean ("busy", NULL, NULL, FALSE, both);
  g_object_class_install_properties (object_class, N_PROPS, props);
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BOX_LAYOUT);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_space, 0, on_space, NULL);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/penumbra/Workbench/ui/step-slider.ui");
  gtk_widget_class_bind_template_child (widget_class, WbStepSlider, play);
  gtk_widget_class_bind_template_child (widget_class, WbStepSlider, scale);
  gtk_widget_class_bind_template_child (widget_class, WbStepSlider, adjustment);
  gtk_widget_class_bind_template_child (widget_class, WbStepSlider, label);
  gtk_widget_class_bind_template_child (widget_class, WbStepSlider, newest);
  gtk_widget_class_bind_template_callback (widget_class, on_change_value);
  gtk_widget_class_bind_template_callback (widget_class, on_scroll);
  gtk_widget_class_bind_template_callback (widget_class, on_play);
  gtk_widget_class_bind_template_callback (widget_class, on_newest);
}

static void
wb_step_slider_init (WbStepSlider *self)
{
  self->steps = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->following = TRUE;
  gtk_widget_init_template (GTK_WIDGET (self));
  update (self);
}

GtkWidget *
wb_step_slider_new (void)
{
  return g_object_new (WB_TYPE_STEP_SLIDER, NULL);
}

void
wb_step_slider_set_steps (WbStepSlider *self, const gint64 *steps, guint n)
{
  const gint64 before = wb_step_slider_get_step (self);

  g_array_set_size (self->steps, 0);
  if (n > 0)
    g_array_append_vals (self->steps, steps, n);
  if (n > 0)
    self->index = self->following || before < 0 ? n - 1 : find_nearest (self, before);
  update (self);
  if (wb_step_slider_get_step (self) != before)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STEP]);
}

gint64
wb_step_slider_get_step (WbStepSlider *self)
{
  return self->steps->len > 0 ? step_at (self, self->index) : -1;
}

void
wb_step_slider_set_step (WbStepSlider *self, gint64 step)
{
  if (self->steps->len > 0)
    go_to (self, find_nearest (self, step));
}

void
wb_step_slider_move (WbStepSlider *self, int snapshots)
{
  const gint64 index = (gint64) self->index + snapshots;

  if (self->steps->len > 0)
    go_to (self, (guint) CLAMP (index, 0, (gint64) self->steps->len - 1));
}

gboolean
wb_step_slider_get_following (WbStepSlider *self)
{
  return self->following;
}

void
wb_step_slider_set_following (WbStepSlider *self, gboolean following)
{
  if (following && self->steps->len > 0)
    go_to (self, self->steps->len - 1);
  set_following (self, following);
  update (self);
}

gboolean
wb_step_slider_get_playing (WbStepSlider *self)
{
  return self->timer != 0;
}

void
wb_step_slider_set_playing (WbStepSlider *self, gboolean playing)
{
  playing = playing && self->steps->len > 1;
  if (playing == (self->timer != 0))
    return;
  if (playing && self->index + 1 == self->steps->len)
    go_to (self, 0);
  if (playing)
    self->timer = g_timeout_add (PLAY_MILLISECONDS, play_on, self);
  else
    g_clear_handle_id (&self->timer, g_source_remove);
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (self->play), playing);
  gtk_button_set_icon_name (GTK_BUTTON (self->play), playing ? "media-playback-pause-symbolic"
                                                             : "media-playback-start-symbolic");
  gtk_widget_set_tooltip_text (self->play,
                               playing ? "Pause (Space)" : "Play the snapshots (Space)");
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PLAYING]);
}

void
wb_step_slider_set_busy (WbStepSlider *self, gboolean busy)
{
  if (self->busy == busy)
    return;
  self->busy = busy;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_BUSY]);
}
