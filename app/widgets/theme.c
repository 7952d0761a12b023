#include "app/widgets/theme.h"

#include <adwaita.h>

static PangoLayout *
lay_out (GtkWidget *widget, const char *text, double size, int bold)
{
  PangoLayout *layout = gtk_widget_create_pango_layout (widget, text);
  PangoAttrList *attributes = pango_attr_list_new ();
  pango_attr_list_insert (attributes, pango_attr_size_new_absolute ((int) (size * PANGO_SCALE)));
  pango_attr_list_insert (attributes, pango_attr_font_features_new ("tnum=1"));
  if (bold)
    pango_attr_list_insert (attributes, pango_attr_weight_new (PANGO_WEIGHT_BOLD));
  pango_layout_set_attributes (layout, attributes);
  pango_attr_list_unref (attributes);
  return layout;
}

static double
measure (void *data, cairo_t *cr, const char *text, double size, int bold)
{
  (void) cr;
  PangoLayout *layout = lay_out (data, text, size, bold);
  int width = 0;
  pango_layout_get_size (layout, &width, NULL);
  g_object_unref (layout);
  return (double) width / PANGO_SCALE;
}

static void
show (void *data, cairo_t *cr, const char *text, double size, int bold)
{
  PangoLayout *layout = lay_out (data, text, size, bold);
  cairo_rel_move_to (cr, 0, -(double) pango_layout_get_baseline (layout) / PANGO_SCALE);
  pango_cairo_show_layout (cr, layout);
  g_object_unref (layout);
}

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
  theme->font = (DrawFont){ .measure = measure, .show = show, .data = widget };
}
