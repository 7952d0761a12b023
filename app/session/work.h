/* Workers under way: the end of the program waits for them, so that no driver and no library is
 * taken down beneath one. Main thread only.
 *
 * Whatever works for long is told to stop by the disposal of the object it works for, and looks
 * between two pieces of its work whether it was.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* g_task_run_in_thread(). */
void wb_work_run (GTask *task, GTaskThreadFunc function);

/* A thread of its own, which is joined at the end. */
void wb_work_start (const char *name, GThreadFunc function, gpointer data);

/* Runs the main loop until all have ended and what they returned has been taken. */
void wb_work_finish (void);

G_END_DECLS
