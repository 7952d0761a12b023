#include "app/widgets/matrix-view.h"

#include "app/draw/matrix.h"
#include "app/widgets/theme.h"

#include <math.h>

#define LEAST_WIDTH 300
#define LEAST_HEIGHT 150
#define RANGE_TICKS 8
#define BELOW 76 /* px of names and legends below the matrices */

struct _WbMatrixView
{
  GtkWidget parent_instance;

  WbSnapshot *snapshot;
  float *difference;                 /* [n][n] student - teacher; NULL: no teacher */
  DrawRange range, range_difference; /* of the colours; grow in steps */
  gboolean has_cell;
  guint picture, caption; /* pointed at */
};

static guint pointed_signal, resized_signal;

G_DEFINE_FINAL_TYPE (WbMatrixView, wb_matrix_view, GTK_TYPE_WIDGET)

#define MOST_MATRICES 3

static DrawMatrices
describe (WbMatrixView *self, DrawMatrix matrices[MOST_MATRICES])
{
  const WbSnapshot *s = self->snapshot;

  matrices[0] = (DrawMatrix){ "Student", s->student_similarity, DRAW_SEQUENTIAL };
  matrices[1] = (DrawMatrix){ "Teacher", s->teacher_similarity, DRAW_SEQUENTIAL };
  matrices[2] = (DrawMatrix){ "Difference", self->difference, DRAW_DIVERGING };
  return (DrawMatrices){ .matrices = matrices,
                         .n_matrices = self->difference ? MOST_MATRICES : 1,
                         .rows = s->n,
                         .columns = s->n,
                         .legend = "cosine similarity",
                         .legend_difference = "student − teacher",
                         .range = self->range,
                         .range_difference = self->range_difference,
                         .has_hover = self->has_cell,
                         .hover_row = self->picture,
                         .hover_column = self->caption };
}

/* What leaves room stands in the middle of the height. */
static void
find_place (WbMatrixView *self, const DrawMatrices *all, double *y, double *height)
{
  GtkWidget *widget = GTK_WIDGET (self);
  const double width = gtk_widget_get_width (widget);
  *height = gtk_widget_get_height (widget);
  const DrawRect rect = draw_matrices_rect (all, width, *height, 0);
  const double used = rect.y + rect.height + BELOW;

  *y = 0;
  if (used < *height)
    {
      *y = floor ((*height - used) / 2);
      *height = used;
    }
}

static void
tell (WbMatrixView *self)
{
  g_autofree char *text =
      self->has_cell
          ? g_strdup_printf ("Picture %u and caption %u", self->picture + 1, self->caption + 1)
          : g_strdup ("Rows are pictures, columns captions; arrow keys go from pair to "
                      "pair");

  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text,
                                  -1);
}

static void
point_at (WbMatrixView *self, gboolean any, guint picture, guint caption)
{
  if (any == self->has_cell && (!any || (picture == self->picture && caption == self->caption)))
    return;
  self->has_cell = any;
  self->picture = picture;
  self->caption = caption;
  tell (self);
  g_signal_emit (self, pointed_signal, 0);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
on_motion (GtkEventControllerMotion *controller, double x, double y, gpointer data)
{
  WbMatrixView *self = data;
  DrawMatrix matrices[MOST_MATRICES];
  guint matrix, row, column;
  double top, height;

  (void) controller;
  if (!self->snapshot)
    return;
  const DrawMatrices all = describe (self, matrices);
  find_place (self, &all, &top, &height);
  if (draw_matrices_hit (&all, gtk_widget_get_width (data), height, x, y - top, &matrix, &row,
                         &column))
    point_at (self, TRUE, row, column);
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

/* args: by how many rows and columns, as far as there are some. The first key only shows where one
 * is. */
static gboolean
on_arrow (GtkWidget *widget, GVariant *args, gpointer data)
{
  WbMatrixView *self = WB_MATRIX_VIEW (widget);
  int rows, columns;

  (void) data;
  if (!self->snapshot)
    return FALSE;
  g_variant_get (args, "(ii)", &rows, &columns);
  const gint64 last = (gint64) self->snapshot->n - 1;
  if (!self->has_cell)
    rows = columns = 0;
  point_at (self, TRUE, (guint) CLAMP ((gint64) self->picture + rows, 0, last),
            (guint) CLAMP ((gint64) self->caption + columns, 0, last));
  return TRUE;
}

static gboolean
on_escape (GtkWidget *widget, GVariant *args, gpointer data)
{
  WbMatrixView *self = WB_MATRIX_VIEW (widget);
  const gboolean pointed = self->has_cell;

  (void) args;
  (void) data;
  point_at (self, FALSE, self->picture, self->caption);
  return pointed;
}

static void
wb_matrix_view_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  WbMatrixView *self = WB_MATRIX_VIEW (widget);
  const int width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);
  DrawMatrix matrices[MOST_MATRICES];
  DrawTheme theme;
  double top, used;

  if (!self->snapshot || width < 1 || height < 1)
    return;
  const DrawMatrices all = describe (self, matrices);
  cairo_t *cr = gtk_snapshot_append_cairo (
      snapshot, &GRAPHENE_RECT_INIT (0, 0, (float) width, (float) height));
  wb_theme_init (&theme, widget);
  find_place (self, &all, &top, &used);
  cairo_translate (cr, 0, top);
  draw_matrices (cr, &theme, &all, width, used);
  cairo_destroy (cr);
}

static void
wb_matrix_view_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum,
                        int *natural, int *minimum_baseline, int *natural_baseline)
{
  (void) widget;
  (void) for_size;
  *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? LEAST_WIDTH : LEAST_HEIGHT;
  *natural = *minimum * 2;
  *minimum_baseline = *natural_baseline = -1;
}

static void
wb_matrix_view_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  GTK_WIDGET_CLASS (wb_matrix_view_parent_class)->size_allocate (widget, width, height, baseline);
  g_signal_emit (widget, resized_signal, 0, width);
}

static void
wb_matrix_view_dispose (GObject *object)
{
  WbMatrixView *self = WB_MATRIX_VIEW (object);

  g_clear_pointer (&self->snapshot, wb_snapshot_unref);
  g_clear_pointer (&self->difference, g_free);
  G_OBJECT_CLASS (wb_matrix_view_parent_class)->dispose (object);
}

static void
add_arrow (GtkWidgetClass *class, guint key, guint keypad, int rows, int columns)
{
  gtk_widget_class_add_binding (class, key, 0, on_arrow, "(ii)", rows, columns);
  gtk_widget_class_add_binding (class, keypad, 0, on_arrow, "(ii)", rows, columns);
}

static void
wb_matrix_view_class_init (WbMatrixViewClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);
  const int all = 1 << 20;

  G_OBJECT_CLASS (class)->dispose = wb_matrix_view_dispose;
  widget_class->snapshot = wb_matrix_view_snapshot;
  widget_class->measure = wb_matrix_view_measure;
  widget_class->size_allocate = wb_matrix_view_size_allocate;
  pointed_signal = g_signal_new ("pointed", WB_TYPE_MATRIX_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                 NULL, G_TYPE_NONE, 0);
  resized_signal = g_signal_new ("resized", WB_TYPE_MATRIX_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                 NULL, G_TYPE_NONE, 1, G_TYPE_INT);
  add_arrow (widget_class, GDK_KEY_Left, GDK_KEY_KP_Left, 0, -1);
  add_arrow (widget_class, GDK_KEY_Right, GDK_KEY_KP_Right, 0, 1);
  add_arrow (widget_class, GDK_KEY_Up, GDK_KEY_KP_Up, -1, 0);
  add_arrow (widget_class, GDK_KEY_Down, GDK_KEY_KP_Down, 1, 0);
  add_arrow (widget_class, GDK_KEY_Home, GDK_KEY_KP_Home, 0, -all);
  add_arrow (widget_class, GDK_KEY_End, GDK_KEY_KP_End, 0, all);
  add_arrow (widget_class, GDK_KEY_Page_Up, GDK_KEY_KP_Page_Up, -all, 0);
  add_arrow (widget_class, GDK_KEY_Page_Down, GDK_KEY_KP_Page_Down, all, 0);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Escape, 0, on_escape, NULL);
  gtk_widget_class_set_css_name (widget_class, "matrices");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
wb_matrix_view_init (WbMatrixView *self)
{
  GtkEventController *motion = gtk_event_controller_motion_new ();
  GtkGesture *click = gtk_gesture_click_new ();

  g_signal_connect (motion, "enter", G_CALLBACK (on_motion), self);
  g_signal_connect (motion, "motion", G_CALLBACK (on_motion), self);
  g_signal_connect (click, "pressed", G_CALLBACK (on_pressed), self);
  gtk_widget_add_controller (GTK_WIDGET (self), motion);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (click));
  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  "Similarity of each picture to each caption", -1);
  tell (self);
}

GtkWidget *
wb_matrix_view_new (void)
{
  return g_object_new (WB_TYPE_MATRIX_VIEW, NULL);
}

static float *
subtract (const WbSnapshot *snapshot)
{
  const gsize n = (gsize) snapshot->n * snapshot->n;

  if (!snapshot->teacher_similarity)
    return NULL;
  float *difference = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    difference[i] = snapshot->student_similarity[i] - snapshot->teacher_similarity[i];
  return difference;
}

/* What is shown stays the range while the new values lie in it and fill it well. */
static DrawRange
follow (WbMatrixView *self, DrawRange shown, DrawMapKind kind)
{
  DrawMatrix matrices[MOST_MATRICES];
  DrawMatrices all = describe (self, matrices);

  all.range = all.range_difference = (DrawRange){ 0 };
  return draw_range_follow (shown, draw_matrices_range (&all, kind), RANGE_TICKS, DRAW_NUMBER, 0);
}

void
wb_matrix_view_show (WbMatrixView *self, WbSnapshot *snapshot)
{
  if (self->snapshot == snapshot)
    return;
  g_clear_pointer (&self->snapshot, wb_snapshot_unref);
  g_clear_pointer (&self->difference, g_free);
  if (!snapshot)
    self->range = self->range_difference = (DrawRange){ 0 };
  if (snapshot)
    {
      self->snapshot = wb_snapshot_ref (snapshot);
      self->difference = subtract (snapshot);
      self->range = follow (self, self->range, DRAW_SEQUENTIAL);
      self->range_difference = follow (self, self->range_difference, DRAW_DIVERGING);
    }
  if (self->has_cell && (!snapshot || MAX (self->picture, self->caption) >= snapshot->n))
    point_at (self, FALSE, 0, 0);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

gboolean
wb_matrix_view_is_shown (WbMatrixView *self)
{
  return self->snapshot != NULL;
}

gboolean
wb_matrix_view_get_cell (WbMatrixView *self, guint *picture, guint *caption)
{
  *picture = self->picture;
  *caption = self->caption;
  return self->has_cell;
}

void
wb_matrix_view_set_cell (WbMatrixView *self, guint picture, guint caption)
{
  const gboolean any = self->snapshot && MAX (picture, caption) < self->snapshot->n;

  point_at (self, any, any ? picture : 0, any ? caption : 0);
}
