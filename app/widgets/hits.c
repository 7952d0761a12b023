#include "app/widgets/hits.h"

#include "app/widgets/hit-card.h"

#include <string.h>

#define CARD_MIN 112
#define CARD_ROOMY 136 /* at least, where a row has enough of them */
#define CARD_MAX 220
#define SPACING 4
#define ONE_ROW 6 /* columns from which one row is enough */
#define ENOUGH 7  /* columns from which more room makes larger cards, up to the largest */

struct _WbHits
{
  GtkWidget parent;
  WbHitCard *cards[WB_HITS_MAX];
  guint n;
};

G_DEFINE_FINAL_TYPE (WbHits, wb_hits, GTK_TYPE_WIDGET)

enum
{
  POINTED,
  OPENED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

typedef struct
{
  int columns, rows, width, height;
} Grid;

/* Columns do not depend on how much was found, so that the two encoders' lists align. */
static Grid
lay_out (WbHits *hits, int width)
{
  const int roomy = (width + SPACING) / (CARD_ROOMY + SPACING);
  const int tight = MIN ((width + SPACING) / (CARD_MIN + SPACING), ONE_ROW);
  const int grown = (width + CARD_MAX + SPACING - 1) / (CARD_MAX + SPACING);
  Grid grid = { .columns = CLAMP (MAX (MIN (roomy, MAX (grown, ENOUGH)), tight), 1, WB_HITS_MAX) };
  grid.rows = grid.columns < ONE_ROW ? 2 : 1;
  grid.width = MIN ((width + SPACING) / grid.columns - SPACING, CARD_MAX);
  gtk_widget_measure (GTK_WIDGET (hits->cards[0]), GTK_ORIENTATION_VERTICAL, grid.width, NULL,
                      &grid.height, NULL, NULL);
  return grid;
}

static void
measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural,
         int *minimum_baseline, int *natural_baseline)
{
  WbHits *hits = WB_HITS (widget);
  *minimum_baseline = *natural_baseline = -1;
  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    {
      *minimum = 2 * CARD_MIN + SPACING;
      *natural = WB_HITS_MAX * (CARD_MIN + SPACING);
      return;
    }
  const Grid grid = lay_out (hits, for_size > 0 ? for_size : WB_HITS_MAX * CARD_MIN);
  *minimum = *natural = grid.rows * (grid.height + SPACING) - SPACING;
}

static void
size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  WbHits *hits = WB_HITS (widget);
  const Grid grid = lay_out (hits, width);
  (void) height;
  (void) baseline;
  for (int i = 0; i < WB_HITS_MAX; i++)
    {
      GtkWidget *card = GTK_WIDGET (hits->cards[i]);
      const gboolean fits = i < (int) hits->n && i < grid.columns * grid.rows;
      const int row = i / grid.columns, column = i % grid.columns;
      gtk_widget_set_child_visible (card, fits);
      if (!fits)
        continue;
      /* A card that was out of sight has not been measured for this width. */
      gtk_widget_measure (card, GTK_ORIENTATION_VERTICAL, grid.width, NULL, NULL, NULL, NULL);
      gtk_widget_size_allocate (card,
                                &(GtkAllocation){ column * (grid.width + SPACING),
                                                  row * (grid.height + SPACING), grid.width,
                                                  grid.height },
                                -1);
    }
}

static GtkSizeRequestMode
get_request_mode (GtkWidget *widget)
{
  (void) widget;
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
point (WbHits *hits, WbHitCard *card)
{
  const WbHit *hit = card ? wb_hit_card_get_hit (card) : NULL;
  g_signal_emit (hits, signals[POINTED], 0, hit ? hit->id : NULL);
}

static void
entered (GtkEventController *controller, gpointer data)
{
  point (data, WB_HIT_CARD (gtk_event_controller_get_widget (controller)));
}

static void
pointer_entered (GtkEventController *controller, double x, double y, gpointer data)
{
  (void) x;
  (void) y;
  entered (controller, data);
}

static void
left (GtkEventController *controller, gpointer data)
{
  (void) controller;
  point (data, NULL);
}

static void
clicked (GtkButton *card, gpointer data)
{
  g_signal_emit (data, signals[OPENED], 0, card);
}

static void
dispose (GObject *object)
{
  WbHits *hits = WB_HITS (object);
  for (guint i = 0; i < WB_HITS_MAX; i++)
    {
      if (hits->cards[i])
        gtk_widget_unparent (GTK_WIDGET (hits->cards[i]));
      hits->cards[i] = NULL;
    }
  G_OBJECT_CLASS (wb_hits_parent_class)->dispose (object);
}

static void
wb_hits_class_init (WbHitsClass *class)
{
  GtkWidgetClass *widget = GTK_WIDGET_CLASS (class);
  G_OBJECT_CLASS (class)->dispose = dispose;
  widget->measure = measure;
  widget->size_allocate = size_allocate;
  widget->get_request_mode = get_request_mode;
  signals[POINTED] = g_signal_new ("pointed", WB_TYPE_HITS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[OPENED] = g_signal_new ("opened", WB_TYPE_HITS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 1, WB_TYPE_HIT_CARD);
  gtk_widget_class_set_accessible_role (widget, GTK_ACCESSIBLE_ROLE_GROUP);
}

static void
add_card (WbHits *hits, guint i)
{
  GtkWidget *card = wb_hit_card_new ();
  GtkEventController *motion = gtk_event_controller_motion_new ();
  GtkEventController *focus = gtk_event_controller_focus_new ();
  g_signal_connect_object (motion, "enter", G_CALLBACK (pointer_entered), hits, 0);
  g_signal_connect_object (motion, "leave", G_CALLBACK (left), hits, 0);
  g_signal_connect_object (focus, "enter", G_CALLBACK (entered), hits, 0);
  g_signal_connect_object (focus, "leave", G_CALLBACK (left), hits, 0);
  gtk_widget_add_controller (card, motion);
  gtk_widget_add_controller (card, focus);
  g_signal_connect_object (card, "clicked", G_CALLBACK (clicked), hits, 0);
  gtk_widget_set_parent (card, GTK_WIDGET (hits));
  gtk_widget_set_visible (card, FALSE);
  hits->cards[i] = WB_HIT_CARD (card);
}

static void
wb_hits_init (WbHits *hits)
{
  for (guint i = 0; i < WB_HITS_MAX; i++)
    add_card (hits, i);
}

void
wb_hits_set (WbHits *hits, WbAnswer *answer, const GArray *list)
{
  hits->n = MIN (list->len, WB_HITS_MAX);
  for (guint i = 0; i < WB_HITS_MAX; i++)
    {
      if (i < hits->n)
        wb_hit_card_set (hits->cards[i], answer, &g_array_index (list, WbHit, i), i);
      gtk_widget_set_visible (GTK_WIDGET (hits->cards[i]), i < hits->n);
    }
  gtk_widget_queue_resize (GTK_WIDGET (hits));
}

void
wb_hits_mark (WbHits *hits, const char *id)
{
  for (guint i = 0; i < hits->n; i++)
    wb_hit_card_set_marked (hits->cards[i],
                            id && strcmp (wb_hit_card_get_hit (hits->cards[i])->id, id) == 0);
}
