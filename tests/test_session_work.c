/* Workers and the end of the program. */
#include "app/session/work.h"

#include <glib.h>

static int tasks_done, thread_done;
static guint taken;

static void
work (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  (void) source;
  (void) data;
  (void) cancellable;
  g_usleep (20000);
  g_atomic_int_inc (&tasks_done);
  g_task_return_boolean (task, TRUE);
}

static void
start_task (void (*callback) (GObject *, GAsyncResult *, gpointer))
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, NULL);

  wb_work_run (task, work);
}

/* What has ended may begin something more. */
static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  (void) source;
  (void) data;
  g_assert_true (g_task_propagate_boolean (G_TASK (result), NULL));
  if (taken++ == 0)
    start_task (on_done);
}

static gboolean
on_told (gpointer data)
{
  (void) data;
  taken += 100;
  return G_SOURCE_REMOVE;
}

static gpointer
work_alone (gpointer data)
{
  (void) data;
  g_usleep (50000);
  g_idle_add (on_told, NULL);
  g_atomic_int_set (&thread_done, TRUE);
  return NULL;
}

/* All have ended, and what they returned has been taken. */
static void
test_finish (void)
{
  wb_work_finish ();
  start_task (on_done);
  start_task (NULL);
  wb_work_start ("alone", work_alone, NULL);
  wb_work_finish ();
  g_assert_cmpint (g_atomic_int_get (&tasks_done), ==, 3);
  g_assert_true (g_atomic_int_get (&thread_done));
  g_assert_cmpuint (taken, ==, 102);
  wb_work_finish ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/session/workers/finish", test_finish);
  return g_test_run ();
}
