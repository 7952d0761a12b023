/* Pictures of files, decoded on workers to squares for the screen; those used last are at hand. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Pictures kept in memory, of 192 KB each at 256 px. */
#define WB_PICTURES_KEPT 64

/* rgb[size * size * 3] of a file, whole on white. Main thread only. Errors: DATA_PICTURE_ERROR, or
 * G_IO_ERROR_CANCELLED. */
void wb_picture_load_async (const char *path, guint size, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer data);
GBytes *wb_picture_load_finish (GAsyncResult *result, GError **error);

/* The same if it is at hand, else NULL; for what is to be shown without a flicker. */
GBytes *wb_picture_peek (const char *path, guint size);

G_END_DECLS
