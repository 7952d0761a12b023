/* Pictures and texts made up. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* N (0, 1) pixels: images [batch][stride] of which [pixels]. */
void bench_fill_images (float *images, guint batch, gsize pixels, gsize stride);

/* Texts of 13 ids, or as many as fit, the last being the end of text; behind it ids of other words,
 * as padding would not be. tokens [batch][context] in [1, vocab). */
void bench_fill_tokens (gint32 *tokens, guint batch, guint context, guint vocab);

G_END_DECLS
