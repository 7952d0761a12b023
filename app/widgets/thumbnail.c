#include "app/widgets/thumbnail.h"

#include "app/session/pictures.h"
#include "app/widgets/theme.h"

#define RADIUS 8

struct _WbThumbnail
{
  GtkWidget parent;
  guint size;
  char *path;
  gboolean marked, wanted, failed;
  GCancellable *cancellable; /* of a loading under way */
  GdkTexture *texture;
};

G_DEFINE_FINAL_TYPE (WbThumbnail, wb_thumbnail, GTK_TYPE_WIDGET)

static void
take_picture (WbThumbnail *thumbnail, GBytes *rgb)
{
  const int size = (int) thumbnail->size;
  thumbnail->wanted = FALSE;
  g_set_object (&thumbnail->texture, NULL);
  thumbnail->texture =
      gdk_memory_texture_new (size, size, GDK_MEMORY_R8G8B8, rgb, 3 * (gsize) size);
  gtk_widget_queue_draw (GTK_WIDGET (thumbnail));
}

static void
loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (WbThumbnail) thumbnail = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) rgb = wb_picture_load_finish (result, &error);
  (void) source;
  /* Another picture may have been set meanwhile: only its own cancellable counts. */
  if (g_task_get_cancellable (G_TASK (result)) != thumbnail->cancellable)
    return;
  g_clear_object (&thumbnail->cancellable);
  if (rgb)
    take_picture (thumbnail, rgb);
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      thumbnail->failed = TRUE;
      thumbnail->wanted = FALSE;
      gtk_widget_queue_draw (GTK_WIDGET (thumbnail));
    }
}

static void
load (WbThumbnail *thumbnail)
{
  if (!thumbnail->wanted || thumbnail->cancellable
      || !gtk_widget_get_mapped (GTK_WIDGET (thumbnail)))
    return;
  thumbnail->cancellable = g_cancellable_new ();
  wb_picture_load_async (thumbnail->path, thumbnail->size, thumbnail->cancellable, loaded,
                         g_object_ref (thumbnail));
}

static void
stop_loading (WbThumbnail *thumbnail)
{
  g_cancellable_cancel (thumbnail->cancellable);
  g_clear_object (&thumbnail->cancellable);
}

static void
map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (wb_thumbnail_parent_class)->map (widget);
  load (WB_THUMBNAIL (widget));
}

static void
measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural,
         int *minimum_baseline, int *natural_baseline)
{
  const int size = (int) WB_THUMBNAIL (widget)->size;
  (void) orientation;
  *minimum = 0;
  *natural = for_size > 0 ? for_size : size;
  *minimum_baseline = *natural_baseline = -1;
}

static void
outline (GtkSnapshot *snapshot, const GskRoundedRect *rect, float width, GdkRGBA color)
{
  const float widths[4] = { width, width, width, width };
  const GdkRGBA colors[4] = { color, color, color, color };
  gtk_snapshot_append_border (snapshot, rect, widths, colors);
}

static void
draw_failure (WbThumbnail *thumbnail, GtkSnapshot *snapshot, float x, float y, float side)
{
  DrawTheme theme;
  const graphene_rect_t area = GRAPHENE_RECT_INIT (x, y, side, side);
  cairo_t *cr = gtk_snapshot_append_cairo (snapshot, &area);
  wb_theme_init (&theme, GTK_WIDGET (thumbnail));
  draw_set_color (cr, theme.muted, 1);
  cairo_set_line_width (cr, 1.5);
  cairo_translate (cr, x + side / 2, y + side / 2);
  cairo_arc (cr, 0, 0, 10, 0, 2 * G_PI);
  cairo_move_to (cr, -7, 7);
  cairo_line_to (cr, 7, -7);
  cairo_stroke (cr);
  cairo_destroy (cr);
}

static void
snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  WbThumbnail *thumbnail = WB_THUMBNAIL (widget);
  const float width = (float) gtk_widget_get_width (widget);
  const float height = (float) gtk_widget_get_height (widget);
  const float side = MIN (width, height), x = (width - side) / 2, y = (height - side) / 2;
  const graphene_rect_t area = GRAPHENE_RECT_INIT (x, y, side, side);
  GskRoundedRect rect;
  GdkRGBA ink, accent = { 0.2f, 0.5f, 0.9f, 1 };
  if (side <= 0)
    return;
  gtk_style_context_get_color (gtk_widget_get_style_context (widget), &ink);
  gtk_style_context_lookup_color (gtk_widget_get_style_context (widget), "accent_color", &accent);
  gsk_rounded_rect_init_from_rect (&rect, &area, RADIUS);
  gtk_snapshot_push_rounded_clip (snapshot, &rect);
  ink.alpha = 0.06f;
  if (thumbnail->texture)
    gtk_snapshot_append_texture (snapshot, thumbnail->texture, &area);
  else
    gtk_snapshot_append_color (snapshot, &ink, &area);
  gtk_snapshot_pop (snapshot);
  if (thumbnail->failed)
    draw_failure (thumbnail, snapshot, x, y, side);
  ink.alpha = 0.15f;
  if (thumbnail->marked)
    outline (snapshot, &rect, 3, accent);
  else
    outline (snapshot, &rect, 1, ink);
}

static GtkSizeRequestMode
get_request_mode (GtkWidget *widget)
{
  (void) widget;
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
dispose (GObject *object)
{
  stop_loading (WB_THUMBNAIL (object));
  G_OBJECT_CLASS (wb_thumbnail_parent_class)->dispose (object);
}

static void
finalize (GObject *object)
{
  WbThumbnail *thumbnail = WB_THUMBNAIL (object);
  g_clear_object (&thumbnail->texture);
  g_free (thumbnail->path);
  G_OBJECT_CLASS (wb_thumbnail_parent_class)->finalize (object);
}

static void
wb_thumbnail_class_init (WbThumbnailClass *class)
{
  GtkWidgetClass *widget = GTK_WIDGET_CLASS (class);
  G_OBJECT_CLASS (class)->dispose = dispose;
  G_OBJECT_CLASS (class)->finalize = finalize;
  widget->map = map;
  widget->measure = measure;
  widget->get_request_mode = get_request_mode;
  widget->snapshot = snapshot;
  gtk_widget_class_set_accessible_role (widget, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
wb_thumbnail_init (WbThumbnail *thumbnail)
{
  thumbnail->size = 64;
}

GtkWidget *
wb_thumbnail_new (guint size)
{
  WbThumbnail *thumbnail = g_object_new (WB_TYPE_THUMBNAIL, NULL);
  thumbnail->size = size;
  return GTK_WIDGET (thumbnail);
}

void
wb_thumbnail_set_path (WbThumbnail *thumbnail, const char *path)
{
  if (g_strcmp0 (thumbnail->path, path) == 0)
    return;
  stop_loading (thumbnail);
  g_free (thumbnail->path);
  thumbnail->path = g_strdup (path);
  thumbnail->failed = FALSE;
  thumbnail->wanted = path != NULL;
  g_clear_object (&thumbnail->texture);
  g_autoptr (GBytes) known = path ? wb_picture_peek (path, thumbnail->size) : NULL;
  if (known)
    take_picture (thumbnail, known);
  load (thumbnail);
  gtk_widget_queue_draw (GTK_WIDGET (thumbnail));
}

void
wb_thumbnail_set_marked (WbThumbnail *thumbnail, gboolean marked)
{
  if (thumbnail->marked == marked)
    return;
  thumbnail->marked = marked;
  gtk_widget_queue_draw (GTK_WIDGET (thumbnail));
}
