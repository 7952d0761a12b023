/* Type for painters: Pango's, in the font of widgets.
 *
 * Painters set texts in pieces, figures one by one, and most pieces come again with each frame;
 * laying one out costs fifty times what showing it does. So layouts are kept until the font changes
 * or there are too many of them. The main thread's.
 */
#pragma once

#include "app/draw/theme.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Type as the widget's own; valid while the widget lives. */
DrawFont wb_type_get_font (GtkWidget *widget);

G_END_DECLS
