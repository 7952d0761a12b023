#include "app/widgets/sparkline.h"

#include "app/draw/format.h"
#include "app/draw/sparkline.h"
#include "app/widgets/theme.h"

#include <math.h>
#include <string.h>

#define WIDTH 64
#define NATURAL_WIDTH 96
#define HEIGHT 22

struct _WbSparkline
{
  GtkWidget parent_instance;

  DrawSeries *series;
  guint n;
  float values[WB_SPARK]; /* what the series was made of */
  gint64 step, total;
  guint colour;
};

G_DEFINE_FINAL_TYPE (WbSparkline, wb_sparkline, GTK_TYPE_WIDGET)

static void
wb_sparkline_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum,
                      int *natural, int *minimum_baseline, int *natural_baseline)
{
  const gboolean across = orientation == GTK_ORIENTATION_HORIZONTAL;

  (void) widget;
  (void) for_size;
  *minimum = across ? WIDTH : HEIGHT;
  *natural = across ? NATURAL_WIDTH : HEIGHT;
  *minimum_baseline = *natural_baseline = -1;
}

static void
wb_sparkline_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  WbSparkline *self = WB_SPARKLINE (widget);
  const int width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);

  if (self->n == 0 || width <= 0 || height <= 0)
    return;
  cairo_t *cr = gtk_snapshot_append_cairo (
      snapshot, &GRAPHENE_RECT_INIT (0, 0, (float) width, (float) height));
  DrawTheme theme;
  wb_theme_init (&theme, widget);
  draw_sparkline (
      cr, &theme,
      &(DrawSparkline){ .series = self->series,
                        .x_end = (double) self->total,
                        .color = draw_theme_run_color (&theme, self->colour, DRAW_SHADE_BASE) },
      width, height);
  cairo_destroy (cr);
}

static void
wb_sparkline_finalize (GObject *object)
{
  draw_series_free (WB_SPARKLINE (object)->series);
  G_OBJECT_CLASS (wb_sparkline_parent_class)->finalize (object);
}

static void
wb_sparkline_class_init (WbSparklineClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  G_OBJECT_CLASS (class)->finalize = wb_sparkline_finalize;
  widget_class->measure = wb_sparkline_measure;
  widget_class->snapshot = wb_sparkline_snapshot;
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
  gtk_widget_class_set_css_name (widget_class, "sparkline");
}

static void
wb_sparkline_init (WbSparkline *self)
{
  self->series = draw_series_new ();
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, "Loss",
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, "No steps yet", -1);
}

GtkWidget *
wb_sparkline_new (void)
{
  return g_object_new (WB_TYPE_SPARKLINE, NULL);
}

/* The means of equal spans stand in the spans' middles. */
static void
fill (WbSparkline *self)
{
  draw_series_truncate (self->series, 0);
  for (guint i = 0; i < self->n; i++)
    {
      const double x = (i + 0.5) / self->n * (double) self->step;

      draw_series_append (self->series, (const double[DRAW_X_AXES]){ x, x, x }, self->values[i]);
    }
}

static void
describe (WbSparkline *self)
{
  char newest[DRAW_FORMAT_SIZE], first[DRAW_FORMAT_SIZE];
  g_autofree char *text = NULL;

  if (self->n > 0)
    text = g_strdup_printf ("From %s to %s", draw_format (first, self->values[0], DRAW_NUMBER),
                            draw_format (newest, self->values[self->n - 1], DRAW_NUMBER));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  text ? text : "No steps yet", -1);
}

void
wb_sparkline_set_summary (WbSparkline *self, const WbSummary *summary)
{
  const guint n = summary ? MIN (summary->n_spark, WB_SPARK) : 0;
  const gint64 step = n > 0 ? MAX (summary->step, 1) : 0, total = n > 0 ? summary->total : 0;
  const guint colour = n > 0 && summary->colour != WB_NO_COLOUR ? summary->colour : 0;

  g_return_if_fail (WB_IS_SPARKLINE (self));
  if (n == self->n && step == self->step && total == self->total && colour == self->colour
      && (n == 0 || memcmp (self->values, summary->spark, n * sizeof *self->values) == 0))
    return;
  self->n = n;
  self->step = step;
  self->total = total;
  self->colour = colour;
  if (n > 0)
    memcpy (self->values, summary->spark, n * sizeof *self->values);
  fill (self);
  describe (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}
