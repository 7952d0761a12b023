#include "app/widgets/hit-popover.h"

#include "app/draw/format.h"
#include "app/widgets/thumbnail.h"

#include <string.h>

enum
{
  STUDENT,
  TEACHER,
  N_ENCODERS,
};

struct _WbHitPopover
{
  GtkPopover parent;
  WbThumbnail *picture;
  GtkLabel *name, *caption;
  GtkLabel *titles[N_ENCODERS], *values[N_ENCODERS];
};

G_DEFINE_FINAL_TYPE (WbHitPopover, wb_hit_popover, GTK_TYPE_POPOVER)

enum
{
  CAPTION_CHOSEN,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static void
search_clicked (WbHitPopover *popover)
{
  g_autofree char *caption = g_strdup (gtk_label_get_text (popover->caption));
  gtk_popover_popdown (GTK_POPOVER (popover));
  g_signal_emit (popover, signals[CAPTION_CHOSEN], 0, caption);
}

static void
wb_hit_popover_class_init (WbHitPopoverClass *class)
{
  (void) class;
  signals[CAPTION_CHOSEN] = g_signal_new ("caption-chosen", WB_TYPE_HIT_POPOVER, G_SIGNAL_RUN_LAST,
                                          0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static GtkLabel *
new_label (const char *text, const char *class)
{
  GtkWidget *label = gtk_label_new (text);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  if (class)
    gtk_widget_add_css_class (label, class);
  return GTK_LABEL (label);
}

static GtkWidget *
new_scores (WbHitPopover *popover)
{
  static const char *const titles[N_ENCODERS] = { "Student", "Teacher" };
  GtkWidget *grid = gtk_grid_new ();
  gtk_grid_set_column_spacing (GTK_GRID (grid), 12);
  gtk_grid_set_row_spacing (GTK_GRID (grid), 2);
  for (int i = 0; i < N_ENCODERS; i++)
    {
      popover->titles[i] = new_label (titles[i], "dim-label");
      popover->values[i] = new_label (NULL, "figures");
      gtk_grid_attach (GTK_GRID (grid), GTK_WIDGET (popover->titles[i]), 0, i, 1, 1);
      gtk_grid_attach (GTK_GRID (grid), GTK_WIDGET (popover->values[i]), 1, i, 1, 1);
    }
  return grid;
}

static void
wb_hit_popover_init (WbHitPopover *popover)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  GtkWidget *text = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  GtkWidget *search = gtk_button_new_with_mnemonic ("_Search for this caption");
  popover->picture = WB_THUMBNAIL (wb_thumbnail_new (WB_HIT_SIZE));
  gtk_widget_set_size_request (GTK_WIDGET (popover->picture), WB_HIT_SIZE, WB_HIT_SIZE);
  gtk_widget_set_valign (GTK_WIDGET (popover->picture), GTK_ALIGN_START);
  popover->name = new_label (NULL, "heading");
  gtk_label_set_ellipsize (popover->name, PANGO_ELLIPSIZE_MIDDLE);
  popover->caption = new_label (NULL, NULL);
  gtk_label_set_wrap (popover->caption, TRUE);
  gtk_label_set_wrap_mode (popover->caption, PANGO_WRAP_WORD_CHAR);
  gtk_label_set_lines (popover->caption, 6);
  gtk_label_set_ellipsize (popover->caption, PANGO_ELLIPSIZE_END);
  gtk_label_set_width_chars (popover->caption, 26);
  gtk_label_set_max_width_chars (popover->caption, 26);
  gtk_widget_set_vexpand (GTK_WIDGET (popover->caption), TRUE);
  gtk_widget_set_valign (GTK_WIDGET (popover->caption), GTK_ALIGN_START);
  g_signal_connect_swapped (search, "clicked", G_CALLBACK (search_clicked), popover);

  gtk_box_append (GTK_BOX (text), GTK_WIDGET (popover->name));
  gtk_box_append (GTK_BOX (text), GTK_WIDGET (popover->caption));
  gtk_box_append (GTK_BOX (text), new_scores (popover));
  gtk_box_append (GTK_BOX (text), search);
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (popover->picture));
  gtk_box_append (GTK_BOX (box), text);
  gtk_widget_set_margin_top (box, 6);
  gtk_widget_set_margin_bottom (box, 6);
  gtk_widget_set_margin_start (box, 6);
  gtk_widget_set_margin_end (box, 6);
  gtk_popover_set_child (GTK_POPOVER (popover), box);
}

WbHitPopover *
wb_hit_popover_new (GtkWidget *parent)
{
  WbHitPopover *popover = g_object_new (WB_TYPE_HIT_POPOVER, NULL);
  gtk_widget_set_parent (GTK_WIDGET (popover), parent);
  return popover;
}

/* Where an encoder has the picture; list NULL: there is no such encoder. */
static void
show_score (WbHitPopover *popover, int encoder, const GArray *list, const char *id)
{
  char score[DRAW_FORMAT_SIZE];
  g_autofree char *text = NULL;
  guint rank = 0;
  gtk_widget_set_visible (GTK_WIDGET (popover->titles[encoder]), list != NULL);
  gtk_widget_set_visible (GTK_WIDGET (popover->values[encoder]), list != NULL);
  if (!list)
    return;
  while (rank < list->len && strcmp (g_array_index (list, WbHit, rank).id, id) != 0)
    rank++;
  if (rank < list->len)
    {
      draw_format_tick (score, g_array_index (list, WbHit, rank).score, 0.001, DRAW_NUMBER);
      text = g_strdup_printf ("rank %u, score %s", rank + 1, score);
    }
  else
    text = g_strdup_printf ("not among its best %u", list->len);
  gtk_label_set_text (popover->values[encoder], text);
}

void
wb_hit_popover_open (WbHitPopover *popover, WbHitCard *card, const WbAnswer *answer)
{
  const WbHit *hit = wb_hit_card_get_hit (card);
  g_autofree char *name = wb_hit_dup_name (hit);
  graphene_rect_t area;
  if (!gtk_widget_compute_bounds (GTK_WIDGET (card), gtk_widget_get_parent (GTK_WIDGET (popover)),
                                  &area))
    return;
  wb_thumbnail_set_path (popover->picture, hit->path);
  gtk_accessible_update_property (GTK_ACCESSIBLE (popover->picture), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  name, -1);
  gtk_label_set_text (popover->name, name);
  gtk_label_set_text (popover->caption, hit->caption);
  show_score (popover, STUDENT, answer->student, hit->id);
  show_score (popover, TEACHER, answer->teacher, hit->id);
  gtk_popover_set_pointing_to (GTK_POPOVER (popover),
                               &(GdkRectangle){ (int) area.origin.x, (int) area.origin.y,
                                                (int) area.size.width, (int) area.size.height });
  gtk_popover_popup (GTK_POPOVER (popover));
}
