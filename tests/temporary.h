/* What tests do with folders and small disks. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A new empty folder (g_free); abandon it with temporary_remove. */
char *temporary_folder (void);

/* Removes a folder and all that is in it. */
void temporary_remove (const char *folder);

/* Mounts a disk of that many bytes on the folder, until temporary_unmount. FALSE, having failed
 * the test with a message, when this process may not mount; tests/run sees to it that it may. */
gboolean temporary_mount (const char *folder, gsize bytes);
void temporary_unmount (const char *folder);

G_END_DECLS
