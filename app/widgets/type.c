#include "app/widgets/type.h"

#define MOST_KEPT 1024

typedef struct
{
  char *text;
  double size;
  int bold;
} Key;

typedef struct
{
  Key key;
  PangoLayout *layout;
  double width, baseline; /* px */
} Piece;

/* Of one font: that of `font` at `resolution`. */
static GHashTable *pieces;
static PangoFontDescription *font;
static double resolution;

static guint
hash_key (gconstpointer data)
{
  const Key *key = data;
  return g_str_hash (key->text) ^ ((guint) (key->size * 64) << 1 | (key->bold != 0));
}

static gboolean
is_same_key (gconstpointer a, gconstpointer b)
{
  const Key *one = a, *other = b;
  return one->size == other->size && !one->bold == !other->bold
         && g_str_equal (one->text, other->text);
}

static void
piece_free (gpointer data)
{
  Piece *piece = data;
  g_object_unref (piece->layout);
  g_free (piece->key.text);
  g_free (piece);
}

static PangoLayout *
lay_out (GtkWidget *widget, const Key *key)
{
  PangoLayout *layout = gtk_widget_create_pango_layout (widget, key->text);
  PangoAttrList *attributes = pango_attr_list_new ();
  pango_attr_list_insert (attributes,
                          pango_attr_size_new_absolute ((int) (key->size * PANGO_SCALE)));
  pango_attr_list_insert (attributes, pango_attr_font_features_new ("tnum=1"));
  if (key->bold)
    pango_attr_list_insert (attributes, pango_attr_weight_new (PANGO_WEIGHT_BOLD));
  pango_layout_set_attributes (layout, attributes);
  pango_attr_list_unref (attributes);
  return layout;
}

static const Piece *
find_piece (GtkWidget *widget, const char *text, double size, int bold)
{
  const Key key = { (char *) text, size, bold };
  Piece *piece = g_hash_table_lookup (pieces, &key);
  int width;
  if (piece)
    return piece;
  if (g_hash_table_size (pieces) >= MOST_KEPT)
    g_hash_table_remove_all (pieces);
  piece = g_new0 (Piece, 1);
  piece->key = key;
  piece->key.text = g_strdup (text);
  piece->layout = lay_out (widget, &key);
  pango_layout_get_size (piece->layout, &width, NULL);
  piece->width = (double) width / PANGO_SCALE;
  piece->baseline = (double) pango_layout_get_baseline (piece->layout) / PANGO_SCALE;
  g_hash_table_insert (pieces, &piece->key, piece);
  return piece;
}

static double
measure (void *data, cairo_t *cr, const char *text, double size, int bold)
{
  (void) cr;
  return find_piece (data, text, size, bold)->width;
}

static void
show (void *data, cairo_t *cr, const char *text, double size, int bold)
{
  const Piece *piece = find_piece (data, text, size, bold);
  cairo_rel_move_to (cr, 0, -piece->baseline);
  pango_cairo_show_layout (cr, piece->layout);
}

DrawFont
wb_type_get_font (GtkWidget *widget)
{
  PangoContext *context = gtk_widget_get_pango_context (widget);
  const PangoFontDescription *wanted = pango_context_get_font_description (context);
  const double at = pango_cairo_context_get_resolution (context);
  if (!pieces)
    pieces = g_hash_table_new_full (hash_key, is_same_key, NULL, piece_free);
  if (!font || !pango_font_description_equal (font, wanted) || resolution != at)
    {
      g_hash_table_remove_all (pieces);
      g_clear_pointer (&font, pango_font_description_free);
      font = pango_font_description_copy (wanted);
      resolution = at;
    }
  return (DrawFont){ .measure = measure, .show = show, .data = widget };
}
