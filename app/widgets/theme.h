/* What painters need to know of the widget they draw for: light or dark, its view's colours, and
 * Pango's fonts with figures of one width. Made anew for each drawing; main thread.
 */
#pragma once

#include "app/draw/theme.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Fills theme for this widget, which it borrows as long as the theme is used. */
void wb_theme_init (DrawTheme *theme, GtkWidget *widget);

G_END_DECLS
