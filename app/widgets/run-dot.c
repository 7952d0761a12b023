#include "app/widgets/run-dot.h"

#include "app/widgets/theme.h"

#define SIZE 12
#define DIAMETER 10.0
#define RING 2.0

struct _WbRunDot
{
  GtkWidget parent_instance;

  gboolean shown, live;
  guint colour;
};

G_DEFINE_FINAL_TYPE (WbRunDot, wb_run_dot, GTK_TYPE_WIDGET)

static void
wb_run_dot_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum,
                    int *natural, int *minimum_baseline, int *natural_baseline)
{
  (void) widget;
  (void) orientation;
  (void) for_size;
  *minimum = *natural = SIZE;
  *minimum_baseline = *natural_baseline = -1;
}

static void
wb_run_dot_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  WbRunDot *self = WB_RUN_DOT (widget);
  const double width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);
  DrawTheme theme;

  if (!self->shown)
    return;
  cairo_t *cr = gtk_snapshot_append_cairo (
      snapshot, &GRAPHENE_RECT_INIT (0, 0, (float) width, (float) height));
  wb_theme_init (&theme, widget);
  draw_set_color (cr,
                  self->colour == WB_NO_COLOUR
                      ? theme.muted
                      : draw_theme_run_color (&theme, self->colour, DRAW_SHADE_BASE),
                  1);
  cairo_arc (cr, width / 2, height / 2, (DIAMETER - (self->live ? 0 : RING)) / 2, 0, 2 * G_PI);
  cairo_set_line_width (cr, RING);
  if (self->live)
    cairo_fill (cr);
  else
    cairo_stroke (cr);
  cairo_destroy (cr);
}

static void
wb_run_dot_class_init (WbRunDotClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  widget_class->measure = wb_run_dot_measure;
  widget_class->snapshot = wb_run_dot_snapshot;
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_PRESENTATION);
  gtk_widget_class_set_css_name (widget_class, "rundot");
}

static void
wb_run_dot_init (WbRunDot *self)
{
  gtk_widget_set_valign (GTK_WIDGET (self), GTK_ALIGN_CENTER);
}

GtkWidget *
wb_run_dot_new (void)
{
  return g_object_new (WB_TYPE_RUN_DOT, NULL);
}

void
wb_run_dot_set_summary (WbRunDot *self, const WbSummary *summary)
{
  const gboolean live = summary && wb_run_state_is_live (summary->state);
  const guint colour = summary ? summary->colour : WB_NO_COLOUR;

  if (self->shown == (summary != NULL) && self->live == live && self->colour == colour)
    return;
  self->shown = summary != NULL;
  self->live = live;
  self->colour = colour;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}
