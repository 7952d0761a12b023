#include "app/widgets/chart.h"

#include "app/draw/text.h"
#include "app/widgets/chart-input.h"
#include "app/widgets/chart-lines.h"
#include "app/widgets/theme.h"

#include <math.h>

#define MOST_CURVES 64
#define DESCRIBE_MS 500 /* readers of screens need no more */
#define RING 2.0

struct _WbChart
{
  GtkWidget parent_instance;

  char *title, *hint;
  DrawUnit unit;
  gboolean compact, log;
  WbChartGroup *group;
  GArray *curves; /* WbChartLine */
  DrawReference reference;
  char *reference_label;

  DrawRange y;      /* shown while not zoomed: grows in steps */
  DrawRange zoom_y; /* empty: none */
  DrawSmoothing smoothing;
  double span;
  guint describing;
};

enum
{
  PROP_0,
  PROP_TITLE,
  PROP_HINT,
  PROP_COMPACT,
  PROP_LOG,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (WbChart, wb_chart, GTK_TYPE_WIDGET)

/* A curve by its number. */
#define CURVE(self, i) (&g_array_index ((self)->curves, WbChartLine, i))

/* What painters want to know, with room for the curves that are shown. */
typedef struct
{
  DrawCurves curves;
  DrawCurve shown[MOST_CURVES];
} View;

static void
make_view (WbChart *self, const DrawTheme *theme, View *view)
{
  const double cursor = wb_chart_group_get_cursor (self->group);

  view->curves = (DrawCurves){ .title = self->title,
                               .curves = view->shown,
                               .references = &self->reference,
                               .n_references = isfinite (self->reference.y) ? 1 : 0,
                               .axis = wb_chart_group_get_axis (self->group),
                               .unit = self->unit,
                               .log = self->log,
                               .compact = self->compact,
                               .has_cursor = isfinite (cursor),
                               .cursor = cursor };
  view->curves.n_curves = wb_chart_lines_show (self->curves, theme, view->shown, MOST_CURVES);
}

/* With the ranges that are shown now. Where x is zoomed, y shows what lies there as large as it can
 * be, whatever the reference. */
static void
make_ranged_view (WbChart *self, const DrawTheme *theme, View *view)
{
  make_view (self, theme, view);
  view->curves.x = wb_chart_group_get_shown (self->group);
  if (draw_range_is_empty (wb_chart_group_get_zoom (self->group)))
    self->y = draw_curves_follow_y (&view->curves, view->curves.x, self->y);
  else
    {
      const unsigned n_references = view->curves.n_references;

      view->curves.n_references = 0;
      self->y = draw_curves_fit_y (&view->curves, view->curves.x);
      view->curves.n_references = n_references;
    }
  view->curves.y = draw_range_is_empty (self->zoom_y) ? self->y : self->zoom_y;
}

static gboolean
describe (gpointer data)
{
  WbChart *self = data;
  g_autofree char *text = wb_chart_lines_tell (self->curves, wb_chart_group_get_axis (self->group),
                                               wb_chart_group_get_cursor (self->group), self->unit);

  self->describing = 0;
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text,
                                  -1);
  return G_SOURCE_REMOVE;
}

/* Drawing is once a frame, however often this is called. */
static void
queue_update (WbChart *self)
{
  gtk_widget_queue_draw (GTK_WIDGET (self));
  if (self->describing == 0)
    self->describing = g_timeout_add (DESCRIBE_MS, describe, self);
}

static void
wb_chart_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum,
                  int *natural, int *minimum_baseline, int *natural_baseline)
{
  const gboolean across = orientation == GTK_ORIENTATION_HORIZONTAL;
  const gboolean compact = WB_CHART (widget)->compact;

  (void) for_size;
  *minimum = across ? (compact ? 112 : 200) : (compact ? 72 : 120);
  *natural = across ? (compact ? 180 : 480) : (compact ? 110 : 320);
  *minimum_baseline = *natural_baseline = -1;
}

static void
draw_focus (cairo_t *cr, const DrawTheme *theme, double width, double height)
{
  cairo_rectangle (cr, RING / 2, RING / 2, width - RING, height - RING);
  cairo_set_line_width (cr, RING);
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_ROUND);
  draw_set_color (cr, theme->accent, 0.6);
  cairo_stroke (cr);
}

/* What will be here, in the middle of the empty plot. */
static void
draw_hint (WbChart *self, cairo_t *cr, const DrawTheme *theme, const DrawCurves *curves)
{
  GtkWidget *widget = GTK_WIDGET (self);
  const DrawPlot plot =
      draw_curves_plot (curves, gtk_widget_get_width (widget), gtk_widget_get_height (widget));

  draw_text (cr, theme,
             &(DrawText){ .text = self->hint,
                          .x = plot.rect.x + plot.rect.width / 2,
                          .y = plot.rect.y + plot.rect.height / 2,
                          .align = 0.5,
                          .at = DRAW_AT_MIDDLE,
                          .color = &theme->muted,
                          .max_width = plot.rect.width });
}

static void
wb_chart_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  WbChart *self = WB_CHART (widget);
  const int width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);
  DrawTheme theme;
  View view;

  if (width <= 0 || height <= 0)
    return;
  cairo_t *cr = gtk_snapshot_append_cairo (
      snapshot, &GRAPHENE_RECT_INIT (0, 0, (float) width, (float) height));
  wb_theme_init (&theme, widget);
  make_ranged_view (self, &theme, &view);
  draw_curves (cr, &theme, &view.curves, width, height);
  if (self->hint && wb_chart_is_empty (self))
    draw_hint (self, cr, &theme, &view.curves);
  if (gtk_widget_has_visible_focus (widget))
    draw_focus (cr, &theme, width, height);
  cairo_destroy (cr);
}

static void
on_group_changed (WbChart *self)
{
  queue_update (self);
}

static void
wb_chart_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  WbChart *self = WB_CHART (object);

  switch (id)
    {
    case PROP_TITLE:
      g_value_set_string (value, self->title);
      break;
    case PROP_HINT:
      g_value_set_string (value, self->hint);
      break;
    case PROP_COMPACT:
      g_value_set_boolean (value, self->compact);
      break;
    case PROP_LOG:
      g_value_set_boolean (value, self->log);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
wb_chart_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  WbChart *self = WB_CHART (object);

  switch (id)
    {
    case PROP_TITLE:
      wb_chart_set_title (self, g_value_get_string (value));
      break;
    case PROP_HINT:
      g_free (self->hint);
      self->hint = g_value_dup_string (value);
      queue_update (self);
      break;
    case PROP_COMPACT:
      self->compact = g_value_get_boolean (value);
      gtk_widget_queue_resize (GTK_WIDGET (self));
      break;
    case PROP_LOG:
      wb_chart_set_log (self, g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
leave_group (WbChart *self)
{
  g_signal_handlers_disconnect_by_func (self->group, on_group_changed, self);
  wb_chart_group_remove (self->group, self);
}

static void
wb_chart_dispose (GObject *object)
{
  WbChart *self = WB_CHART (object);

  g_clear_handle_id (&self->describing, g_source_remove);
  leave_group (self);
  G_OBJECT_CLASS (wb_chart_parent_class)->dispose (object);
}

static void
wb_chart_finalize (GObject *object)
{
  WbChart *self = WB_CHART (object);

  g_object_unref (self->group);
  g_array_unref (self->curves);
  g_free (self->reference_label);
  g_free (self->title);
  g_free (self->hint);
  G_OBJECT_CLASS (wb_chart_parent_class)->finalize (object);
}

static void
wb_chart_class_init (WbChartClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = wb_chart_get_property;
  object_class->set_property = wb_chart_set_property;
  object_class->dispose = wb_chart_dispose;
  object_class->finalize = wb_chart_finalize;
  widget_class->measure = wb_chart_measure;
  widget_class->snapshot = wb_chart_snapshot;
  props[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL, flags);
  props[PROP_HINT] = g_param_spec_string ("hint", NULL, NULL, NULL, flags);
  props[PROP_COMPACT] = g_param_spec_boolean ("compact", NULL, NULL, FALSE, flags);
  props[PROP_LOG] = g_param_spec_boolean ("log", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
  gtk_widget_class_set_css_name (widget_class, "chart");
}

static void
enter_group (WbChart *self, WbChartGroup *group)
{
  self->group = group;
  wb_chart_group_add (group, self);
  g_signal_connect_swapped (group, "changed", G_CALLBACK (on_group_changed), self);
}

static void
wb_chart_init (WbChart *self)
{
  self->curves = wb_chart_lines_new ();
  self->reference.y = NAN;
  enter_group (self, wb_chart_group_new ());
  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
  wb_chart_input_attach (self);
}

GtkWidget *
wb_chart_new (void)
{
  return g_object_new (WB_TYPE_CHART, NULL);
}

void
wb_chart_set_title (WbChart *self, const char *title)
{
  if (g_strcmp0 (self->title, title) == 0)
    return;
  g_free (self->title);
  self->title = g_strdup (title);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  title ? title : "", -1);
  queue_update (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_TITLE]);
}

void
wb_chart_set_unit (WbChart *self, DrawUnit unit)
{
  self->unit = unit;
  queue_update (self);
}

void
wb_chart_set_log (WbChart *self, gboolean log)
{
  if (self->log == log)
    return;
  self->log = log;
  self->y = self->zoom_y = (DrawRange){ 0, 0 };
  queue_update (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_LOG]);
}

gboolean
wb_chart_get_log (WbChart *self)
{
  return self->log;
}

void
wb_chart_set_group (WbChart *self, WbChartGroup *group)
{
  WbChartGroup *before = self->group;

  leave_group (self);
  enter_group (self, g_object_ref (group));
  g_object_unref (before);
  queue_update (self);
}

WbChartGroup *
wb_chart_get_group (WbChart *self)
{
  return self->group;
}

void
wb_chart_set_reference (WbChart *self, double y, const char *label)
{
  g_free (self->reference_label);
  self->reference_label = g_strdup (label);
  self->reference = (DrawReference){ .y = y, .label = self->reference_label };
  queue_update (self);
}

guint
wb_chart_add_curve (WbChart *self, const WbChartCurve *curve)
{
  const WbChartLine added = { .series = draw_series_new (),
                              .label = g_strdup (curve->label),
                              .colour = curve->colour,
                              .shade = curve->shade,
                              .dashed = curve->dashed };

  draw_series_set_smoothing (added.series, self->smoothing, self->span);
  g_array_append_val (self->curves, added);
  queue_update (self);
  return self->curves->len - 1;
}

void
wb_chart_remove_curves (WbChart *self)
{
  g_array_set_size (self->curves, 0);
  self->y = (DrawRange){ 0, 0 };
  queue_update (self);
}

void
wb_chart_set_hidden (WbChart *self, guint curve, gboolean hidden)
{
  CURVE (self, curve)->hidden = hidden;
  queue_update (self);
}

void
wb_chart_set_colour (WbChart *self, guint colour)
{
  for (guint i = 0; i < self->curves->len; i++)
    CURVE (self, i)->colour = colour;
  queue_update (self);
}

void
wb_chart_append (WbChart *self, guint curve, const double x[DRAW_X_AXES], double y)
{
  draw_series_append (CURVE (self, curve)->series, x, y);
  queue_update (self);
}

void
wb_chart_truncate (WbChart *self, guint n)
{
  for (guint i = 0; i < self->curves->len; i++)
    draw_series_truncate (CURVE (self, i)->series, n);
  if (n == 0)
    self->y = (DrawRange){ 0, 0 };
  queue_update (self);
}

void
wb_chart_set_smoothing (WbChart *self, DrawSmoothing smoothing, double span)
{
  if (smoothing == self->smoothing && span == self->span)
    return;
  self->smoothing = smoothing;
  self->span = span;
  for (guint i = 0; i < self->curves->len; i++)
    draw_series_set_smoothing (CURVE (self, i)->series, smoothing, span);
  queue_update (self);
}

gsize
wb_chart_get_length (WbChart *self)
{
  return wb_chart_lines_get_length (self->curves);
}

gboolean
wb_chart_is_empty (WbChart *self)
{
  return wb_chart_get_length (self) == 0;
}

DrawRange
wb_chart_fit_x (WbChart *self)
{
  View view;

  make_view (self, NULL, &view);
  return draw_curves_fit_x (&view.curves);
}

DrawPlot
wb_chart_get_plot (WbChart *self)
{
  View view;

  make_ranged_view (self, NULL, &view);
  return draw_curves_plot (&view.curves, gtk_widget_get_width (GTK_WIDGET (self)),
                           gtk_widget_get_height (GTK_WIDGET (self)));
}

double
wb_chart_convert (WbChart *self, DrawXAxis from, DrawXAxis to, double x)
{
  return wb_chart_lines_convert (self->curves, from, to, x);
}

DrawRange
wb_chart_get_zoom_y (WbChart *self)
{
  return self->zoom_y;
}

void
wb_chart_set_zoom_y (WbChart *self, DrawRange zoom)
{
  if (self->log && zoom.min <= 0)
    zoom = (DrawRange){ 0, 0 };
  self->zoom_y = zoom;
  queue_update (self);
}

void
wb_chart_reset (WbChart *self)
{
  self->y = self->zoom_y = (DrawRange){ 0, 0 };
  wb_chart_group_set_zoom (self->group, (DrawRange){ 0, 0 });
  queue_update (self);
}

void
wb_chart_step_cursor (WbChart *self, int points)
{
  const double x = wb_chart_lines_step (self->curves, wb_chart_group_get_axis (self->group),
                                        wb_chart_group_get_shown (self->group),
                                        wb_chart_group_get_cursor (self->group), points);

  if (isfinite (x))
    wb_chart_group_set_cursor (self->group, x);
}
