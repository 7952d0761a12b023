/* A square picture of a file with round corners, loaded on a worker when it is first on the screen;
 * until then, a quiet ground. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define WB_TYPE_THUMBNAIL (wb_thumbnail_get_type ())
G_DECLARE_FINAL_TYPE (WbThumbnail, wb_thumbnail, WB, THUMBNAIL, GtkWidget)

/* size: px of a side, as it is loaded and as it would like to be shown. */
GtkWidget *wb_thumbnail_new (guint size);

/* NULL: none. */
void wb_thumbnail_set_path (WbThumbnail *thumbnail, const char *path);

/* Outlined in the accent colour. */
void wb_thumbnail_set_marked (WbThumbnail *thumbnail, gboolean marked);

G_END_DECLS
