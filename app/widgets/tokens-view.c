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

struct _WbTokensView
{
  WbPointing parent_instance;

  WbProbes *probes;
  DrawPicture *picture; /* of probe shown->probe; made when it changes */
  WbShrinks *shown;     /* NULL: nothing */
  WbShrinks *before;    /* what is being faded from, of the same shape; NULL: nothing is */
  AdwAnimation *fade;
  DrawRange attention; /* of the colours; grows in steps */
  gboolean heat;
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

G_DEFINE_FINAL_TYPE (WbTokensView, wb_tokens_view, WB_TYPE_POINTING)

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
  WbPlace at; /* panel, patch */
  const gboolean has_hover = wb_pointing_get (WB_POINTING (self), &at);

  for (guint i = 0; i < shown->n_panels; i++)
    panels[i] = (DrawTokensPanel){ .caption = shown->captions[i],
                                   .patches = shown->patches[i],
                                   .before = self->before ? self->before->patches[i] : NULL };
  return (DrawTokens){ .picture = self->picture,
                       .columns = shown->snapshot->side,
                       .rows = shown->snapshot->side,
                       .panels = panels,
                       .n_panels = shown->n_panels,
                       .show = self->heat ? DRAW_TOKENS_BOTH : DRAW_TOKENS_KEPT,
                       .attention = self->attention,
                       .fade = get_fade (self),
                       .has_hover = has_hover,
                       .hover_panel = at.a,
                       .hover_patch = at.b };
}

/* What leaves room stands in the middle of the height. */
static void
find_place (WbTokensView *self, const DrawTokens *tokens, double *y, double *height)
{
  GtkWidget *widget = GTK_WIDGET (self);
  const double width = gtk_widget_get_width (widget), room = gtk_widget_get_height (widget);

  *height = draw_tokens_height (tokens, width, room);
  *y = floor ((room - *height) / 2);
}

static void
update_hint (WbTokensView *self)
{
  WbPlace at;
  g_autofree char *hint = wb_pointing_get (WB_POINTING (self), &at) && self->shown
                              ? wb_shrinks_tell (self->shown, at.a, at.b)
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
wb_tokens_view_pointed (WbPointing *pointing)
{
  update_hint (WB_TOKENS_VIEW (pointing));
}

static gboolean
wb_tokens_view_hit (WbPointing *pointing, double x, double y, WbPlace *at)
{
  WbTokensView *self = WB_TOKENS_VIEW (pointing);
  double top, height;

  if (!self->shown)
    return FALSE;
  g_autofree DrawTokensPanel *panels = g_new (DrawTokensPanel, self->shown->n_panels);
  const DrawTokens tokens = describe (self, panels);
  find_place (self, &tokens, &top, &height);
  return draw_tokens_hit (&tokens, gtk_widget_get_width (GTK_WIDGET (self)), height, x, y - top,
                          &at->a, &at->b);
}

static gboolean
wb_tokens_view_move (WbPointing *pointing, WbPlace *at, int right, int down, int on)
{
  const WbShrinks *shown = WB_TOKENS_VIEW (pointing)->shown;

  if (!shown)
    return FALSE;
  const int side = (int) shown->snapshot->side, n_panels = (int) shown->n_panels;
  at->a = MIN (at->a, shown->n_panels - 1);
  at->b = MIN (at->b, (guint) (side * side) - 1);
  const int x = (int) at->b % side + right, y = (int) at->b / side + down, to = (int) at->a + on;
  if (x >= 0 && x < side && y >= 0 && y < side && to >= 0 && to < n_panels)
    *at = (WbPlace){ (guint) to, (guint) (y * side + x) };
  return TRUE;
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
  cairo_destroy (cr);
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
wb_tokens_view_class_init (WbTokensViewClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);
  WbPointingClass *pointing_class = WB_POINTING_CLASS (class);

  object_class->get_property = wb_tokens_view_get_property;
  object_class->set_property = wb_tokens_view_set_property;
  object_class->dispose = wb_tokens_view_dispose;
  widget_class->snapshot = wb_tokens_view_snapshot;
  props[PROP_HEAT] =
      g_param_spec_boolean ("heat", NULL, NULL, TRUE,
                            G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  props[PROP_HINT] =
      g_param_spec_string ("hint", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);
  pointing_class->least_width = LEAST_WIDTH;
  pointing_class->least_height = LEAST_HEIGHT;
  pointing_class->hit = wb_tokens_view_hit;
  pointing_class->move = wb_tokens_view_move;
  pointing_class->pointed = wb_tokens_view_pointed;
  wb_pointing_class_bind_arrows (pointing_class);
  wb_pointing_class_bind (pointing_class, GDK_KEY_Page_Up, GDK_KEY_KP_Page_Up, 0, 0, -1);
  wb_pointing_class_bind (pointing_class, GDK_KEY_Page_Down, GDK_KEY_KP_Page_Down, 0, 0, 1);
  gtk_widget_class_set_css_name (widget_class, "tokens");
}

static void
wb_tokens_view_init (WbTokensView *self)
{
  AdwAnimationTarget *target = adw_callback_animation_target_new (on_fade, self, NULL);

  self->heat = TRUE;
  self->fade = adw_timed_animation_new (GTK_WIDGET (self), 0, 1, FADE_MILLISECONDS, target);
  g_signal_connect (self->fade, "done", G_CALLBACK (on_faded), self);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  "The picture's tokens at each shrinking block", -1);
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
  WbPlace at;

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
  if (wb_pointing_get (WB_POINTING (self), &at) && shrinks
      && (at.a >= shrinks->n_panels || at.b >= shrinks->snapshot->patches))
    wb_pointing_leave (WB_POINTING (self));
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
