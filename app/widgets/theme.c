#include "app/widgets/theme.h"

#include "app/widgets/type.h"

#include <adwaita.h>

static void
look_up (GtkWidget *widget, const char *name, DrawColor *color)
{
  GdkRGBA rgba;
  if (gtk_style_context_lookup_color (gtk_widget_get_style_context (widget), name, &rgba)
      && rgba.alpha > 0.99)
    *color = (DrawColor){ rgba.red, rgba.green, rgba.blue };
}

void
wb_theme_init (DrawTheme *theme, GtkWidget *widget)
{
  gboolean dark = adw_style_manager_get_dark (adw_style_manager_get_default ());
  draw_theme_init (theme, dark ? DRAW_DARK : DRAW_LIGHT);
  look_up (widget, "view_bg_color", &theme->ground);
  look_up (widget, "accent_color", &theme->accent);
  theme->font = wb_type_get_font (widget);
}
