#include "app/session/work.h"

static guint tasks; /* not completed yet; the main thread's */
static GPtrArray *threads;

typedef struct
{
  GThread *thread;
  GThreadFunc function;
  gpointer data;
  int ended; /* atomic */
} Worker;

static void
on_completed (void)
{
  tasks--;
}

void
wb_work_run (GTask *task, GTaskThreadFunc function)
{
  tasks++;
  g_signal_connect (task, "notify::completed", G_CALLBACK (on_completed), NULL);
  g_task_run_in_thread (task, function);
}

static gpointer
run_worker (gpointer data)
{
  Worker *worker = data;

  worker->function (worker->data);
  g_atomic_int_set (&worker->ended, TRUE);
  g_main_context_wakeup (NULL);
  return NULL;
}

void
wb_work_start (const char *name, GThreadFunc function, gpointer data)
{
  Worker *worker = g_new0 (Worker, 1);

  worker->function = function;
  worker->data = data;
  worker->thread = g_thread_new (name, run_worker, worker);
  if (!threads)
    threads = g_ptr_array_new ();
  g_ptr_array_add (threads, worker);
}

static gboolean
is_over (void)
{
  for (guint i = 0; threads && i < threads->len; i++)
    if (!g_atomic_int_get (&((Worker *) threads->pdata[i])->ended))
      return FALSE;
  return tasks == 0;
}

void
wb_work_finish (void)
{
  while (!is_over ())
    g_main_context_iteration (NULL, TRUE);
  for (guint i = 0; threads && i < threads->len; i++)
    {
      Worker *worker = threads->pdata[i];

      g_thread_join (worker->thread);
      g_free (worker);
    }
  g_clear_pointer (&threads, g_ptr_array_unref);
  /* What they returned and nobody has taken yet. */
  while (g_main_context_iteration (NULL, FALSE))
    ;
}
