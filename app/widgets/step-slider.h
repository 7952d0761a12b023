/* A slider over the steps of a run's snapshots: it stands on snapshots only, each has a mark, and
 * it can play them and follow the newest.
 *
 * Keys while the focus is in it: Left and Right to the neighbour, Page Up and Page Down by ten,
 * Home and End to the first and the newest, Space plays and pauses.
 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define WB_TYPE_STEP_SLIDER (wb_step_slider_get_type ())
G_DECLARE_FINAL_TYPE (WbStepSlider, wb_step_slider, WB, STEP_SLIDER, GtkWidget)

/* Properties:
 *   step       int64, read only: the snapshot it stands on, -1: there are none
 *   following  boolean: moves on to the newest when there is a newer one; standing on the newest
 *              by hand begins it, leaving that ends it
 *   playing    boolean
 *   busy       boolean: what was asked for is not shown yet; playing waits for it */

GtkWidget *wb_step_slider_new (void);

/* Ascending; copied. While following, the newest becomes the step; else the step stays, or, if it
 * is there no more, the nearest takes its place. */
void wb_step_slider_set_steps (WbStepSlider *slider, const gint64 *steps, guint n);

gint64 wb_step_slider_get_step (WbStepSlider *slider);

/* To the snapshot nearest to a step. */
void wb_step_slider_set_step (WbStepSlider *slider, gint64 step);

/* By so many snapshots, back if negative, as far as there are some. */
void wb_step_slider_move (WbStepSlider *slider, int snapshots);

gboolean wb_step_slider_get_following (WbStepSlider *slider);
void wb_step_slider_set_following (WbStepSlider *slider, gboolean following);

gboolean wb_step_slider_get_playing (WbStepSlider *slider);

/* Starts again at the first when it stands on the newest. */
void wb_step_slider_set_playing (WbStepSlider *slider, gboolean playing);

void wb_step_slider_set_busy (WbStepSlider *slider, gboolean busy);

G_END_DECLS
