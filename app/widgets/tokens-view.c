#include "app/widgets/tokens-view.h"

#include "app/draw/tokens.h"
#include "app/widgets/shrinks.h"
#include "app/widgets/theme.h"

#include <adwaita.h>
#include <math.h>

#define FADE_MILLISECONDS 150
#define LEAST_WIDTH 240
#define LEAST_HEIGHT 160
#define ATTENTION_TICKS 5
#define BELOW 32  /* px of a caption */
#define LEGEND 64 /* px of the legend for heat */

struct _WbTokensView
{
  GtkWidget parent_instance;

  WbProbes *probes;
  DrawPicture *picture; /* of probe shown->probe; made when it changes */
  WbShrinks *shown;     /* NULL: nothing */
  WbShrinks *before;    /* what is being faded from, of the same shape; NULL: nothing is */
  AdwAnimation *fade;
  DrawRange attention; /* of the colours; grows in steps */
  gboolean heat, has_hover, by_key;
  guint panel, patch; /* pointed at */
  char *hint;
};

enum
{
  PROP_0,
  PROP_HEAT,
  PROP_HINT,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (WbTokensView, wb_tokens_view, GTK_TYPE_WIDGET)

static double
get_fade (WbTokensView *self)
{
  return self->before ? adw_animation_get_value (self->fade) : 1;
}

/* panels has room for those shown. */
static DrawTokens
describe (WbTokensView *self, DrawTokensPanel *panels)
{
  const WbShrinks *shown = self->shown;

  for (guint i = 0; i < shown->n_panels; i++)
    panels[i] = (DrawTokensPanel){ .caption = shown->captions[i],
                                   .patches = shown->patches[i],
                                   .before = self->before ? self->before->patches[i] : NULL };
  return (DrawTokens){ .picture = self->picture,
                       .columns = shown->snapshot->side,
                       .rows = shown->snapshot->side,
                       .panels = panels,
                       .n_panels = shown->n_panels,
                       .heat = self->heat,
                       .attention = self->attention,
                       .fade = get_fade (self),
                       .has_hover = self->has_hover,
                       .hover_panel = self->panel,
                       .hover_patch = self->patch };
}

/* What belongs to a single row of panels stands in the middle of the height. */
static void
find_place (WbTokensView *self, const DrawTokens *tokens, double *y, double *height)
{
  GtkWidget *widget = GTK_WIDGET (self);
  const double width = gtk_widget_get_width (widget);
  *height = gtk_widget_get_height (widget);
  const DrawRect first = draw_tokens_panel_rect (tokens, width, *height, 0);
  const DrawRect last = draw_tokens_panel_rect (tokens, width, *height, tokens->n_panels - 1);
  const double used = last.y + last.height + (self->heat ? BELOW + LEGEND : BELOW);

  *y = 0;
  if (first.y == last.y && used < *height)
    {
      *y = floor ((*height - used) / 2);
      *height = used;
    }
}

static void
update_hint (WbTokensView *self)
{
  g_autofree char *hint = self->shown && self->has_hover
                              ? wb_shrinks_tell (self->shown, self->panel, self->patch)
                              : NULL;

  if (g_strcmp0 (hint, self->hint) == 0)
    return;
  g_free (self->hint);
  self->hint = g_steal_pointer (&hint);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  self->hint ? self->hint
                                             : "Arrow keys go from patch to patch, Page Up and "
                                               "Page Down from block to block",
                                  -1);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_HINT]);
}

static void
point_at (WbTokensView *self, gboolean any, guint panel, guint patch)
{
  if (any == self->has_hover && (!any || (panel == self->panel && patch == self->patch)))
    return;
  self->has_hover = any;
  self->panel = panel;
  self->patch = patch;
  update_hint (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
on_motion (GtkEventControllerMotion *controller, double x, double y, gpointer data)
{
  WbTokensView *self = data;
  guint panel = 0, patch = 0;
  double top, height;

  (void) controller;
  if (!self->shown)
    return;
  g_autofree DrawTokensPanel *panels = g_new (DrawTokensPanel, self->shown->n_panels);
  const DrawTokens tokens = describe (self, panels);
  find_place (self, &tokens, &top, &height);
  const gboolean hit =
      draw_tokens_hit (&tokens, gtk_widget_get_width (data), height, x, y - top, &panel, &patch);
  self->by_key = FALSE;
  point_at (self, hit, panel, patch);
}

static void
on_leave (GtkEventControllerMotion *controller, gpointer data)
{
  WbTokensView *self = data;

  (void) controller;
  if (!self->by_key)
    point_at (self, FALSE, self->panel, self->patch);
}

static void
on_focus_out (GtkEventControllerFocus *controller, gpointer data)
{
  (void) controller;
  point_at (data, FALSE, WB_TOKENS_VIEW (data)->panel, WB_TOKENS_VIEW (data)->patch);
}

static void
on_pressed (GtkGestureClick *gesture, int n, double x, double y, gpointer data)
{
  (void) gesture;
  (void) n;
  (void) x;
  (void) y;
  gtk_widget_grab_focus (data);
}

/* args: by how many columns, rows and blocks. The first key only shows where one is. */
static gboolean
on_arrow (GtkWidget *widget, GVariant *args, gpointer data)
{
  WbTokensView *self = WB_TOKENS_VIEW (widget);
  int dx, dy, dpanel;

  (void) data;
  if (!self->shown)
    return FALSE;
  g_variant_get (args, "(iii)", &dx, &dy, &dpanel);
  const int side = (int) self->shown->snapshot->side;
  const guint panel = MIN (self->panel, self->shown->n_panels - 1);
  const guint patch = MIN (self->patch, (guint) (side * side) - 1);
  const int x = (int) patch % side + dx, y = (int) patch / side + dy, to = (int) panel + dpanel;
  self->by_key = TRUE;
  if (!self->has_hover)
    point_at (self, TRUE, panel, patch);
  else if (x >= 0 && x < side && y >= 0 && y < side && to >= 0 && to < (int) self->shown->n_panels)
    point_at (self, TRUE, (guint) to, (guint) (y * side + x));
  return TRUE;
}

static gboolean
on_escape (GtkWidget *widget, GVariant *args, gpointer data)
{
  WbTokensView *self = WB_TOKENS_VIEW (widget);
  const gboolean pointed = self->has_hover;

  (void) args;
  (void) data;
  point_at (self, FALSE, self->panel, self->patch);
  return pointed;
}

static void
on_fade (double value, gpointer data)
{
  (void) value;
  gtk_widget_queue_draw (data);
}

static void
on_faded (AdwAnimation *animation, WbTokensView *self)
{
  (void) animation;
  g_clear_pointer (&self->before, wb_shrinks_free);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/* The picture before all blocks has no attention and is shown as it is; what outlines a patch of it
 * stays. */
static void
draw_entering_picture (WbTokensView *self, cairo_t *cr, const DrawTokens *tokens, double width,
                       double height)
{
  const DrawRect rect = draw_tokens_panel_rect (tokens, width, height, 0);
  const DrawRect patch = draw_tokens_patch_rect (tokens, width, height, 0, self->patch);

  cairo_save (cr);
  cairo_set_fill_rule (cr, CAIRO_FILL_RULE_EVEN_ODD);
  cairo_rectangle (cr, rect.x, rect.y, rect.width, rect.height);
  if (self->has_hover)
    {
      const double half = self->panel == 0 ? 2 : 1.5;
      cairo_clip (cr);
      cairo_rectangle (cr, rect.x, rect.y, rect.width, rect.height);
      cairo_rectangle (cr, patch.x - half, patch.y - half, patch.width + 2 * half,
                       patch.height + 2 * half);
      cairo_rectangle (cr, patch.x + half, patch.y + half, patch.width - 2 * half,
                       patch.height - 2 * half);
    }
  draw_set_picture (cr, draw_picture_get_color (self->picture), &rect);
  cairo_fill (cr);
  cairo_restore (cr);
}

static void
wb_tokens_view_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  WbTokensView *self = WB_TOKENS_VIEW (widget);
  const int width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);
  DrawTheme theme;
  double top, used;

  if (!self->shown || !self->picture || width < 1 || height < 1)
    return;
  g_autofree DrawTokensPanel *panels = g_new (DrawTokensPanel, self->shown->n_panels);
  const DrawTokens tokens = describe (self, panels);
  cairo_t *cr = gtk_snapshot_append_cairo (
      snapshot, &GRAPHENE_RECT_INIT (0, 0, (float) width, (float) height));
  wb_theme_init (&theme, widget);
  find_place (self, &tokens, &top, &used);
  cairo_translate (cr, 0, top);
  draw_tokens (cr, &theme, &tokens, width, used);
  if (self->heat)
    draw_entering_picture (self, cr, &tokens, width, used);
  cairo_destroy (cr);
}

static void
wb_tokens_view_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum,
                        int *natural, int *minimum_baseline, int *natural_baseline)
{
  (void) widget;
  (void) for_size;
  *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? LEAST_WIDTH : LEAST_HEIGHT;
  *natural = *minimum * 2;
  *minimum_baseline = *natural_baseline = -1;
}

static void
wb_tokens_view_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  WbTokensView *self = WB_TOKENS_VIEW (object);

  if (id == PROP_HEAT)
    g_value_set_boolean (value, self->heat);
  else if (id == PROP_HINT)
    g_value_set_string (value, self->hint);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
wb_tokens_view_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (id == PROP_HEAT)
    wb_tokens_view_set_heat (WB_TOKENS_VIEW (object), g_value_get_boolean (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
wb_tokens_view_dispose (GObject *object)
{
  WbTokensView *self = WB_TOKENS_VIEW (object);

  if (self->fade)
    g_signal_handlers_disconnect_by_data (self->fade, self);
  g_clear_object (&self->fade);
  g_clear_pointer (&self->before, wb_shrinks_free);
  g_clear_pointer (&self->shown, wb_shrinks_free);
  g_clear_pointer (&self->picture, draw_picture_free);
  g_clear_pointer (&self->probes, wb_probes_unref);
  g_clear_pointer (&self->hint, g_free);
  G_OBJECT_CLASS (wb_tokens_view_parent_class)->dispose (object);
}

static void
add_arrow (GtkWidgetClass *class, guint key, guint keypad, int dx, int dy, int dpanel)
{
  gtk_widget_class_add_binding (class, key, 0, on_arrow, "(iii)", dx, dy, dpanel);
  gtk_widget_class_add_binding (class, keypad, 0, on_arrow, "(iii)", dx, dy, dpanel);
}

static void
wb_tokens_view_class_init (WbTokensViewClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  object_class->get_property = wb_tokens_view_get_property;
  object_class->set_property = wb_tokens_view_set_property;
  object_class->dispose = wb_tokens_view_dispose;
  widget_class->snapshot = wb_tokens_view_snapshot;
  widget_class->measure = wb_tokens_view_measure;
  props[PROP_HEAT] =
      g_param_spec_boolean ("heat", NULL, NULL, FALSE,
                            G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  props[PROP_HINT] =
      g_param_spec_string ("hint", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);
  add_arrow (widget_class, GDK_KEY_Left, GDK_KEY_KP_Left, -1, 0, 0);
  add_arrow (widget_class, GDK_KEY_Right, GDK_KEY_KP_Right, 1, 0, 0);
  add_arrow (widget_class, GDK_KEY_Up, GDK_KEY_KP_Up, 0, -1, 0);
  add_arrow (widget_class, GDK_KEY_Down, GDK_KEY_KP_Down, 0, 1, 0);
  add_arrow (widget_class, GDK_KEY_Page_Up, GDK_KEY_KP_Page_Up, 0, 0, -1);
  add_arrow (widget_class, GDK_KEY_Page_Down, GDK_KEY_KP_Page_Down, 0, 0, 1);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Escape, 0, on_escape, NULL);
  gtk_widget_class_set_css_name (widget_class, "tokens");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
add_controllers (WbTokensView *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  GtkEventController *motion = gtk_event_controller_motion_new ();
  GtkEventController *focus = gtk_event_controller_focus_new ();
  GtkGesture *click = gtk_gesture_click_new ();

  g_signal_connect (motion, "enter", G_CALLBACK (on_motion), self);
  g_signal_connect (motion, "motion", G_CALLBACK (on_motion), self);
  g_signal_connect (motion, "leave", G_CALLBACK (on_leave), self);
  g_signal_connect (focus, "leave", G_CALLBACK (on_focus_out), self);
  g_signal_connect (click, "pressed", G_CALLBACK (on_pressed), self);
  gtk_widget_add_controller (widget, motion);
  gtk_widget_add_controller (widget, focus);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (click));
}

static void
wb_tokens_view_init (WbTokensView *self)
{
  AdwAnimationTarget *target = adw_callback_animation_target_new (on_fade, self, NULL);

  self->fade = adw_timed_animation_new (GTK_WIDGET (self), 0, 1, FADE_MILLISECONDS, target);
  g_signal_connect (self->fade, "done", G_CALLBACK (on_faded), self);
  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  "The picture's tokens at each shrinking block", -1);
  add_controllers (self);
}

GtkWidget *
wb_tokens_view_new (void)
{
  return g_object_new (WB_TYPE_TOKENS_VIEW, NULL);
}

/* A picture that could not be read is grey. */
static DrawPicture *
make_picture (const WbProbes *probes, guint probe)
{
  static const guint8 grey[3] = { 128, 128, 128 };

  if (!probes->pictures[probe])
    return draw_picture_new (grey, 1, 1, sizeof grey);
  return draw_picture_new (probes->pictures[probe], (int) probes->size, (int) probes->size,
                           (gsize) probes->size * 3);
}

static gboolean
is_same_shape (const WbShrinks *a, const WbShrinks *b)
{
  return a->n_panels == b->n_panels && a->snapshot->side == b->snapshot->side;
}

/* Takes what is shown from now on. */
static void
replace (WbTokensView *self, WbShrinks *shrinks, gboolean fade)
{
  WbShrinks *old = g_steal_pointer (&self->shown);

  adw_animation_reset (self->fade);
  g_clear_pointer (&self->before, wb_shrinks_free);
  self->shown = shrinks;
  if (fade && old && shrinks && is_same_shape (old, shrinks))
    {
      self->before = old;
      adw_animation_play (self->fade);
    }
  else
    wb_shrinks_free (old);
  if (self->has_hover && shrinks
      && (self->panel >= shrinks->n_panels || self->patch >= shrinks->snapshot->patches))
    self->has_hover = FALSE;
}

void
wb_tokens_view_show (WbTokensView *self, WbSnapshot *snapshot, WbProbes *probes, guint probe,
                     gboolean fuses)
{
  const gboolean any =
      snapshot && probes && snapshot->patches > 0 && probe < snapshot->n && probe < probes->n;
  const gboolean same = any && self->shown && self->probes == probes && self->shown->probe == probe;

  if (same && self->shown->snapshot == snapshot && self->shown->fuses == fuses)
    return;
  if (!same)
    {
      g_clear_pointer (&self->picture, draw_picture_free);
      self->attention = (DrawRange){ 0 };
    }
  replace (self, any ? wb_shrinks_new (snapshot, probe, fuses) : NULL, same);
  if (any && !self->picture)
    self->picture = make_picture (probes, probe);
  if (any)
    self->attention =
        draw_range_follow (self->attention, (DrawRange){ 0, self->shown->most_attention },
                           ATTENTION_TICKS, DRAW_PERCENT, 0);
  WbProbes *old = g_steal_pointer (&self->probes);
  self->probes = probes ? wb_probes_ref (probes) : NULL;
  wb_probes_unref (old);
  update_hint (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

gboolean
wb_tokens_view_get_heat (WbTokensView *self)
{
  return self->heat;
}

void
wb_tokens_view_set_heat (WbTokensView *self, gboolean heat)
{
  heat = heat != FALSE;
  if (self->heat == heat)
    return;
  self->heat = heat;
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_HEAT]);
}
