/* What a page over a reel says while there is nothing to show: why, and what to do next. */
#pragma once

#include "app/pages/reel.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* Chooses the child of the stack, which has children "status", "loading" and "content", and fills
 * in the status page and the button in it. what: what the page shows, e.g. "tokens". The button's
 * actions are win.new-run and snapshots.retry, the latter the page's own. */
void wb_reel_status_update (WbReel *reel, const char *what, GtkStack *stack, AdwStatusPage *status,
                            GtkButton *remedy);

/* The same for a page's own reason. */
void wb_reel_status_set (GtkStack *stack, AdwStatusPage *status, GtkButton *remedy,
                         const char *title, const char *description, const char *action);

G_END_DECLS
