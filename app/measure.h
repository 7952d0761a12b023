/* How smooth the window is: what `penumbra --measure` prints when it is closed.
 *
 * Frames: from where the window's frame clock hands out input to the end of painting, by phase, and
 * with the page that was shown. Between frames: what else the main loop did between two waits.
 * Both also as time of the main thread on a processor: what exceeds it was waiting for one. Opening,
 * the first 3 s, is left out. Start: from the process's start to the end of the first frame.
 */
#pragma once

#include "app/window.h"

G_BEGIN_DECLS

/* Begins with the window's first frame; prints to stdout when the window goes. One window at a
 * time. */
void wb_measure (WbWindow *window);

G_END_DECLS
