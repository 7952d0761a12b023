#include "app/widgets/hit-card.h"

#include "app/draw/format.h"
#include "app/widgets/thumbnail.h"

#include <string.h>

struct _WbHitCard
{
  GtkButton parent;
  WbAnswer *answer;
  const WbHit *hit; /* of the answer */
  WbThumbnail *picture;
  GtkLabel *rank, *score, *name;
};

G_DEFINE_FINAL_TYPE (WbHitCard, wb_hit_card, GTK_TYPE_BUTTON)

static void
finalize (GObject *object)
{
  wb_answer_unref (WB_HIT_CARD (object)->answer);
  G_OBJECT_CLASS (wb_hit_card_parent_class)->finalize (object);
}

static void
wb_hit_card_class_init (WbHitCardClass *class)
{
  G_OBJECT_CLASS (class)->finalize = finalize;
}

static GtkLabel *
new_label (const char *const *classes)
{
  GtkWidget *label = gtk_label_new (NULL);
  for (; *classes; classes++)
    gtk_widget_add_css_class (label, *classes);
  return GTK_LABEL (label);
}

static void
wb_hit_card_init (WbHitCard *card)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2);
  GtkWidget *line = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  card->picture = WB_THUMBNAIL (wb_thumbnail_new (WB_HIT_SIZE));
  card->rank = new_label ((const char *const[]){ "caption", "dim-label", "figures", NULL });
  card->score = new_label ((const char *const[]){ "caption-heading", "figures", NULL });
  card->name = new_label ((const char *const[]){ "caption", "dim-label", NULL });
  gtk_label_set_ellipsize (card->name, PANGO_ELLIPSIZE_END);
  gtk_label_set_width_chars (card->name, 4);
  gtk_label_set_max_width_chars (card->name, 4);
  gtk_label_set_xalign (card->name, 0);
  gtk_widget_set_hexpand (GTK_WIDGET (card->score), TRUE);
  gtk_label_set_xalign (card->score, 1);
  gtk_widget_set_vexpand (GTK_WIDGET (card->picture), TRUE);
  gtk_widget_set_margin_top (line, 4);

  gtk_box_append (GTK_BOX (line), GTK_WIDGET (card->rank));
  gtk_box_append (GTK_BOX (line), GTK_WIDGET (card->score));
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (card->picture));
  gtk_box_append (GTK_BOX (box), line);
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (card->name));
  gtk_button_set_child (GTK_BUTTON (card), box);
  gtk_widget_add_css_class (GTK_WIDGET (card), "flat");
  gtk_widget_add_css_class (GTK_WIDGET (card), "hit-card");
}

GtkWidget *
wb_hit_card_new (void)
{
  return g_object_new (WB_TYPE_HIT_CARD, NULL);
}

static void
describe (WbHitCard *card, const char *rank, const char *score, const char *name)
{
  g_autofree char *label = g_strdup_printf ("%s, rank %s, score %s", name, rank, score);
  gtk_accessible_update_property (GTK_ACCESSIBLE (card), GTK_ACCESSIBLE_PROPERTY_LABEL, label,
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, card->hit->caption, -1);
  gtk_accessible_update_property (GTK_ACCESSIBLE (card->picture), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  name, -1);
  gtk_widget_set_tooltip_text (GTK_WIDGET (card), card->hit->caption);
}

void
wb_hit_card_set (WbHitCard *card, WbAnswer *answer, const WbHit *hit, guint rank)
{
  char place[DRAW_FORMAT_SIZE], score[DRAW_FORMAT_SIZE];
  g_autofree char *name = wb_hit_dup_name (hit);
  wb_answer_ref (answer);
  wb_answer_unref (card->answer);
  card->answer = answer;
  card->hit = hit;
  draw_format (place, rank + 1, DRAW_INTEGER);
  draw_format_tick (score, hit->score, 0.001, DRAW_NUMBER);
  gtk_label_set_text (card->rank, place);
  gtk_label_set_text (card->score, score);
  gtk_label_set_text (card->name, name);
  wb_thumbnail_set_path (card->picture, hit->path);
  describe (card, place, score, name);
}

const WbHit *
wb_hit_card_get_hit (WbHitCard *card)
{
  return card->hit;
}

void
wb_hit_card_set_marked (WbHitCard *card, gboolean marked)
{
  wb_thumbnail_set_marked (card->picture, marked);
}

char *
wb_hit_dup_name (const WbHit *hit)
{
  g_autofree char *name = g_filename_display_basename (hit->path);
  char *dot = strrchr (name, '.');
  if (dot && dot != name)
    *dot = '\0';
  return g_steal_pointer (&name);
}
