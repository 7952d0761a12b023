#pragma once

/* Whether a picture file is all there, told without decoding it. */

#include <glib.h>

G_BEGIN_DECLS

/* A regular file, not empty, and if a PNG with all its chunks to the end: decoders that only read
 * the header notice none of these.  Errors (DATA_ERROR) are a reason without the path, for the
 * caller to put after it.  Any thread.  */
gboolean data_picture_file_check (const char *path, GError **error);

G_END_DECLS
