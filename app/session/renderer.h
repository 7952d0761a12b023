/* How a toolkit should draw on this machine. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Whether a graphics card draws: there is a render node in `folder`, on Linux "/dev/dri". */
gboolean wb_has_render_node (const char *folder);

G_END_DECLS
