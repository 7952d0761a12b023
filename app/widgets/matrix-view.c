#include "app/widgets/matrix-view.h"

#include "app/draw/matrix.h"
#include "app/widgets/theme.h"

#include <math.h>

#define LEAST_WIDTH 300
#define LEAST_HEIGHT 150
#define RANGE_TICKS 8

struct _WbMatrixView
{
  WbPointing parent_instance;

  WbSnapshot *snapshot;
  float *difference;                 /* [n][n] student - teacher; NULL: no teacher */
  DrawRange range, range_difference; /* of the colours; grow in steps */
};

static guint pointed_signal, resized_signal;

G_DEFINE_FINAL_TYPE (WbMatrixView, wb_matrix_view, WB_TYPE_POINTING)

#define MOST_MATRICES 3

static DrawMatrices
describe (WbMatrixView *self, DrawMatrix matrices[MOST_MATRICES])
{
  const WbSnapshot *s = self->snapshot;
  WbPlace cell; /* picture, caption */
  const gboolean has_cell = wb_pointing_get (WB_POINTING (self), &cell);

  matrices[0] = (DrawMatrix){ "Student", s->student_similarity, DRAW_SEQUENTIAL };
  matrices[1] = (DrawMatrix){ "Teacher", s->teacher_similarity, DRAW_SEQUENTIAL };
  matrices[2] = (DrawMatrix){ "Difference", self->difference, DRAW_DIVERGING };
  return (DrawMatrices){ .matrices = matrices,
                         .n_matrices = self->difference ? MOST_MATRICES : 1,
                         .rows = s->n,
                         .columns = s->n,
                         .legend = "cosine similarity",
                         .legend_difference = "student − teacher",
                         .pairs = TRUE,
                         .range = self->range,
                         .range_difference = self->range_difference,
                         .has_hover = has_cell,
                         .hover_row = cell.a,
                         .hover_column = cell.b };
}

/* What leaves room stands in the middle of the height. */
static void
find_place (WbMatrixView *self, const DrawMatrices *all, double *y, double *height)
{
  GtkWidget *widget = GTK_WIDGET (self);
  const double width = gtk_widget_get_width (widget), room = gtk_widget_get_height (widget);

  *height = draw_matrices_height (all, width, room);
  *y = floor ((room - *height) / 2);
}

static void
tell (WbMatrixView *self)
{
  WbPlace cell;
  g_autofree char *text =
      wb_pointing_get (WB_POINTING (self), &cell)
          ? g_strdup_printf ("Picture %u and caption %u", cell.a + 1, cell.b + 1)
          : g_strdup ("Rows are pictures, columns captions; arrow keys go from pair to "
                      "pair");

  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text,
                                  -1);
}

static void
wb_matrix_view_pointed (WbPointing *pointing)
{
  tell (WB_MATRIX_VIEW (pointing));
  g_signal_emit (pointing, pointed_signal, 0);
}

static gboolean
wb_matrix_view_hit (WbPointing *pointing, double x, double y, WbPlace *cell)
{
  WbMatrixView *self = WB_MATRIX_VIEW (pointing);
  DrawMatrix matrices[MOST_MATRICES];
  guint matrix;
  double top, height;

  if (!self->snapshot)
    return FALSE;
  const DrawMatrices all = describe (self, matrices);
  find_place (self, &all, &top, &height);
  return draw_matrices_hit (&all, gtk_widget_get_width (GTK_WIDGET (self)), height, x, y - top,
                            &matrix, &cell->a, &cell->b);
}

static gboolean
wb_matrix_view_move (WbPointing *pointing, WbPlace *cell, int right, int down, int on)
{
  const WbSnapshot *snapshot = WB_MATRIX_VIEW (pointing)->snapshot;

  (void) on;
  if (!snapshot)
    return FALSE;
  cell->a = (guint) CLAMP ((gint64) cell->a + down, 0, (gint64) snapshot->n - 1);
  cell->b = (guint) CLAMP ((gint64) cell->b + right, 0, (gint64) snapshot->n - 1);
  return TRUE;
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
wb_matrix_view_class_init (WbMatrixViewClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);
  WbPointingClass *pointing_class = WB_POINTING_CLASS (class);
  const int all = 1 << 20;

  G_OBJECT_CLASS (class)->dispose = wb_matrix_view_dispose;
  widget_class->snapshot = wb_matrix_view_snapshot;
  widget_class->size_allocate = wb_matrix_view_size_allocate;
  pointed_signal = g_signal_new ("pointed", WB_TYPE_MATRIX_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                 NULL, G_TYPE_NONE, 0);
  resized_signal = g_signal_new ("resized", WB_TYPE_MATRIX_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                 NULL, G_TYPE_NONE, 1, G_TYPE_INT);
  pointing_class->least_width = LEAST_WIDTH;
  pointing_class->least_height = LEAST_HEIGHT;
  pointing_class->keeps = TRUE;
  pointing_class->hit = wb_matrix_view_hit;
  pointing_class->move = wb_matrix_view_move;
  pointing_class->pointed = wb_matrix_view_pointed;
  wb_pointing_class_bind_arrows (pointing_class);
  wb_pointing_class_bind (pointing_class, GDK_KEY_Home, GDK_KEY_KP_Home, -all, 0, 0);
  wb_pointing_class_bind (pointing_class, GDK_KEY_End, GDK_KEY_KP_End, all, 0, 0);
  wb_pointing_class_bind (pointing_class, GDK_KEY_Page_Up, GDK_KEY_KP_Page_Up, 0, -all, 0);
  wb_pointing_class_bind (pointing_class, GDK_KEY_Page_Down, GDK_KEY_KP_Page_Down, 0, all, 0);
  gtk_widget_class_set_css_name (widget_class, "matrices");
}

static void
wb_matrix_view_init (WbMatrixView *self)
{
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
  WbPlace cell;

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
  if (wb_pointing_get (WB_POINTING (self), &cell)
      && (!snapshot || MAX (cell.a, cell.b) >= snapshot->n))
    wb_pointing_leave (WB_POINTING (self));
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
  WbPlace cell;
  const gboolean any = wb_pointing_get (WB_POINTING (self), &cell);

  *picture = cell.a;
  *caption = cell.b;
  return any;
}

void
wb_matrix_view_set_cell (WbMatrixView *self, guint picture, guint caption)
{
  if (self->snapshot && MAX (picture, caption) < self->snapshot->n)
    wb_pointing_set (WB_POINTING (self), (WbPlace){ picture, caption });
  else
    wb_pointing_leave (WB_POINTING (self));
}
