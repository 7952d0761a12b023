/* A found picture at large, with its whole caption and what student and teacher think of it. */
#pragma once

#include "app/widgets/hit-card.h"

G_BEGIN_DECLS

#define WB_TYPE_HIT_POPOVER (wb_hit_popover_get_type ())
G_DECLARE_FINAL_TYPE (WbHitPopover, wb_hit_popover, WB, HIT_POPOVER, GtkPopover)

/* Signal "caption-chosen" (const char *caption): to be searched for. */

/* Belongs to `parent` (gtk_widget_unparent). */
WbHitPopover *wb_hit_popover_new (GtkWidget *parent);

/* Opens at a card, which lies within the popover's parent. */
void wb_hit_popover_open (WbHitPopover *popover, WbHitCard *card, const WbAnswer *answer);

G_END_DECLS
