/* A picture that was found: how near it is to the text, as which it was found, and its name. A
 * button; the caption is its tooltip. */
#pragma once

#include "app/session/answer.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Pictures are loaded at this size, px. */
#define WB_HIT_SIZE 192

#define WB_TYPE_HIT_CARD (wb_hit_card_get_type ())
G_DECLARE_FINAL_TYPE (WbHitCard, wb_hit_card, WB, HIT_CARD, GtkButton)

GtkWidget *wb_hit_card_new (void);

/* Hit `rank` (from 0) of one of the answer's two lists; the card holds on to the answer, and loads
 * the picture once it is on the screen. */
void wb_hit_card_set (WbHitCard *card, WbAnswer *answer, const WbHit *hit, guint rank);

/* Borrowed; NULL: none was set. */
const WbHit *wb_hit_card_get_hit (WbHitCard *card);

/* Outlines the picture: it is the one pointed at elsewhere. */
void wb_hit_card_set_marked (WbHitCard *card, gboolean marked);

/* What a picture is called: its file's name without folder and ending (g_free). */
char *wb_hit_dup_name (const WbHit *hit);

G_END_DECLS
