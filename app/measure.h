/* How smooth the window is: what `penumbra --measure` prints when it is closed.
 *
 * Longest frame: from before-paint to after-paint of the window's frame clock. Longest stall: how
 * late a timer of 5 ms was served by the main loop, paint included. Start: from the process's start
 * to the end of the first frame.
 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Begins with the window's first frame; prints to stdout when the window goes. */
void wb_measure (GtkWindow *window);

G_END_DECLS
