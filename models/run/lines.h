/* Files of whole lines that are appended to, for events.c and control.c: a line is in the file
 * whole or not at all, as far as one process can see to it, and half a line left by another is cut.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A RUN_ERROR_IO "cannot DOING PATH: why; remedy". Returns FALSE. */
gboolean run_fail (GError **error, const char *doing, const char *path, int failure);

/* Where the last whole line ends. FALSE with errno. */
gboolean run_lines_end (int fd, gint64 *end);

/* Cuts the file behind its last newline. `size` gets the size that is left. */
gboolean run_lines_cut (int fd, const char *path, gint64 *size, GError **error);

/* Appends text that ends in a newline to a file of `*size` bytes; on failure cuts it back to that.
 */
gboolean run_lines_append (int fd, const char *path, gint64 *size, const char *text, gsize length,
                           GError **error);

G_END_DECLS
