/* The retriever's thread and its promises, with an engine that needs no device. */
#include "app/session/retriever.h"
#include "tests/session.h"

#include <math.h>
#include <string.h>

/* The engine waits at its gate; its log is what it was asked. */
static struct
{
  GMutex mutex;
  GCond cond;
  guint passes; /* how often it may go on */
  guint pieces; /* what prepare leaves to be done */
  guint rests;
  gboolean inside; /* it waits */
  GString *log;
  gint64 step;
  guint engines;
} state;

static void
wait_at_gate (GCancellable *cancellable)
{
  g_mutex_lock (&state.mutex);
  state.inside = TRUE;
  while (state.passes == 0 && !g_cancellable_is_cancelled (cancellable))
    {
      g_cond_wait_until (&state.cond, &state.mutex, g_get_monotonic_time () + 10000);
    }
  if (state.passes > 0)
    state.passes--;
  state.inside = FALSE;
  g_mutex_unlock (&state.mutex);
}

static void
let_pass (guint times)
{
  g_mutex_lock (&state.mutex);
  state.passes += times;
  g_cond_broadcast (&state.cond);
  g_mutex_unlock (&state.mutex);
}

static gboolean
is_inside (gpointer data)
{
  (void) data;
  g_mutex_lock (&state.mutex);
  const gboolean inside = state.inside;
  g_mutex_unlock (&state.mutex);
  return inside;
}

static void
note (const char *what, const char *of)
{
  g_mutex_lock (&state.mutex);
  g_string_append_printf (state.log, "%s(%s) ", what, of ? of : "");
  g_mutex_unlock (&state.mutex);
}

static gpointer
create (void)
{
  g_atomic_int_inc (&state.engines);
  return g_new0 (char *, 1);
}

static void
destroy (gpointer engine)
{
  char **run = engine;

  g_free (*run);
  g_free (run);
  (void) g_atomic_int_dec_and_test (&state.engines);
}

static gboolean
prepare (gpointer engine, const char *run, const WbSearchWatch *watch, gboolean *more,
         GError **error)
{
  char **current = engine;

  *more = FALSE;
  note ("prepare", run);
  g_free (*current);
  *current = g_strdup (run);
  watch->stage ("Reading", 1, 2, watch->data);
  wait_at_gate (watch->cancellable);
  if (g_cancellable_set_error_if_cancelled (watch->cancellable, error))
    return FALSE;
  *more = state.pieces > 0;
  if (g_strcmp0 (run, "broken") != 0)
    return TRUE;
  *more = FALSE;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "broken");
  return FALSE;
}

static gboolean
proceed (gpointer engine, const WbSearchWatch *watch, gboolean *more, GError **error)
{
  (void) engine;
  watch->stage ("Proceeding", 1, 2, watch->data);
  wait_at_gate (watch->cancellable);
  *more = FALSE;
  if (g_cancellable_set_error_if_cancelled (watch->cancellable, error))
    return FALSE;
  *more = --state.pieces > 0;
  return TRUE;
}

static void
rest (gpointer engine)
{
  (void) engine;
  g_atomic_int_inc (&state.rests);
}

static WbAnswer *
ask (gpointer engine, const char *query, guint k, GError **error)
{
  WbAnswer *answer = wb_answer_new (query);

  (void) error;
  note ("ask", query);
  answer->run = g_strdup (*(char **) engine);
  answer->step = state.step;
  for (guint i = 0; i < k; i++)
    {
      const WbHit hit = { g_strdup ("id"), g_strdup ("path"), g_strdup ("caption"), 0.5f };
      g_array_append_val (answer->student, hit);
    }
  return answer;
}

static const WbSearchEngine engine = { .create = create,
                                       .destroy = destroy,
                                       .prepare = prepare,
                                       .proceed = proceed,
                                       .ask = ask,
                                       .rest = rest,
                                       .patience_ms = 100 };

static gboolean
is_idle (gpointer retriever)
{
  return !wb_retriever_is_busy (retriever);
}

static gboolean
has_stage (gpointer retriever)
{
  return g_strcmp0 (wb_retriever_get_stage (retriever), "Reading") == 0;
}

static void
on_changed (WbRetriever *retriever, GString *seen)
{
  const WbAnswer *answer = wb_retriever_get_answer (retriever);
  if (answer)
    g_string_append_printf (seen, "%s ", answer->query);
}

static WbRetriever *
begin (void)
{
  state.log = g_string_new (NULL);
  state.passes = state.pieces = state.rests = 0;
  return wb_retriever_new (&engine);
}

static gboolean
is_gone (gpointer data)
{
  (void) data;
  return g_atomic_int_get (&state.engines) == 0;
}

static void
end (WbRetriever *retriever)
{
  g_object_unref (retriever);
  session_wait (is_gone, NULL);
  session_idle (20);
  g_string_free (state.log, TRUE);
}

/* Questions asked while it prepares: only the last is answered. */
static void
test_newest_question (void)
{
  WbRetriever *retriever = begin ();
  g_autoptr (GString) seen = g_string_new (NULL);

  g_signal_connect (retriever, "changed", G_CALLBACK (on_changed), seen);
  wb_retriever_set_run (retriever, "run");
  session_wait (has_stage, retriever);
  g_assert_cmpfloat (wb_retriever_get_fraction (retriever), ==, 0.5);
  wb_retriever_ask (retriever, "a", 3);
  wb_retriever_ask (retriever, "b", 3);
  wb_retriever_ask (retriever, "c", 2);
  let_pass (10);
  session_wait (is_idle, retriever);
  g_assert_cmpstr (wb_retriever_get_answer (retriever)->query, ==, "c");
  g_assert_cmpuint (wb_retriever_get_answer (retriever)->student->len, ==, 2);
  g_assert_cmpstr (seen->str, ==, "c ");
  g_assert_cmpstr (state.log->str, ==, "prepare(run) ask(c) ");
  end (retriever);
}

/* An answer that was made already, but to an old question, is dropped. */
static void
test_stale_answer (void)
{
  WbRetriever *retriever = begin ();
  g_autoptr (GString) seen = g_string_new (NULL);

  wb_retriever_set_run (retriever, "run");
  g_signal_connect (retriever, "changed", G_CALLBACK (on_changed), seen);
  wb_retriever_ask (retriever, "old", 1);
  let_pass (1);
  /* Without the main loop the answer waits to be delivered. */
  for (int i = 0; i < 500 && !strstr (state.log->str, "ask(old)"); i++)
    g_usleep (10000);
  wb_retriever_ask (retriever, "new", 1);
  session_wait (is_inside, NULL);
  let_pass (10);
  session_wait (is_idle, retriever);
  g_assert_cmpstr (seen->str, ==, "new ");
  end (retriever);
}

/* Another run: what is prepared for the first is given up. */
static void
test_other_run (void)
{
  WbRetriever *retriever = begin ();

  wb_retriever_set_run (retriever, "one");
  wb_retriever_ask (retriever, "x", 1);
  session_wait (is_inside, NULL);
  wb_retriever_set_run (retriever, "two");
  wb_retriever_ask (retriever, "y", 1);
  g_usleep (50000);
  let_pass (10);
  session_wait (is_idle, retriever);
  g_assert_no_error (wb_retriever_get_error (retriever));
  g_assert_cmpstr (wb_retriever_get_answer (retriever)->run, ==, "two");
  g_assert_cmpstr (state.log->str, ==, "prepare(one) prepare(two) ask(y) ");
  end (retriever);
}

static void
test_refresh (void)
{
  WbRetriever *retriever = begin ();

  let_pass (10);
  state.step = 5;
  wb_retriever_set_run (retriever, "run");
  wb_retriever_ask (retriever, "x", 1);
  session_wait (is_idle, retriever);
  state.step = 10;
  wb_retriever_refresh (retriever);
  g_assert_cmpint (wb_retriever_get_answer (retriever)->step, ==, 5);
  session_wait (is_idle, retriever);
  g_assert_cmpint (wb_retriever_get_answer (retriever)->step, ==, 10);

  wb_retriever_set_run (retriever, "broken");
  g_assert_null (wb_retriever_get_answer (retriever));
  session_wait (is_idle, retriever);
  g_assert_error (wb_retriever_get_error (retriever), G_IO_ERROR, G_IO_ERROR_FAILED);
  wb_retriever_set_run (retriever, NULL);
  g_assert_false (wb_retriever_is_busy (retriever));
  end (retriever);
}

static gboolean
has_answer (gpointer retriever)
{
  return wb_retriever_get_answer (retriever) != NULL;
}

static gboolean
has_newer_answer (gpointer retriever)
{
  return strcmp (wb_retriever_get_answer (retriever)->query, "y") == 0;
}

/* The student answers while the teacher's pictures are being encoded, a second question too; in the
 * end both do. A newer checkpoint's answer waits for both. */
static void
test_pieces (void)
{
  WbRetriever *retriever = begin ();

  state.pieces = 2;
  let_pass (1);
  wb_retriever_set_run (retriever, "run");
  wb_retriever_ask (retriever, "x", 1);
  session_wait (has_answer, retriever);
  g_assert_true (wb_retriever_get_answer (retriever)->partial);
  g_assert_true (wb_retriever_is_busy (retriever));
  session_wait (is_inside, NULL);
  wb_retriever_ask (retriever, "y", 1);
  let_pass (2);
  session_wait (has_newer_answer, retriever);
  g_assert_true (wb_retriever_get_answer (retriever)->partial);
  let_pass (10);
  session_wait (is_idle, retriever);
  g_assert_false (wb_retriever_get_answer (retriever)->partial);
  g_assert_cmpuint (state.pieces, ==, 0);

  state.pieces = 1;
  state.passes = 1;
  state.step = 7;
  wb_retriever_refresh (retriever);
  session_wait (is_inside, NULL);
  session_idle (50);
  g_assert_cmpint (wb_retriever_get_answer (retriever)->step, !=, 7);
  let_pass (10);
  session_wait (is_idle, retriever);
  g_assert_cmpint (wb_retriever_get_answer (retriever)->step, ==, 7);
  g_assert_false (wb_retriever_get_answer (retriever)->partial);
  end (retriever);
}

static gboolean
has_rested (gpointer data)
{
  (void) data;
  return g_atomic_int_get (&state.rests) > 0;
}

/* Once after a while without a question, and not again before the next. */
static void
test_rest (void)
{
  WbRetriever *retriever = begin ();

  let_pass (10);
  wb_retriever_set_run (retriever, "run");
  wb_retriever_ask (retriever, "x", 1);
  session_wait (is_idle, retriever);
  session_wait (has_rested, NULL);
  session_idle (300);
  g_assert_cmpuint (state.rests, ==, 1);
  wb_retriever_ask (retriever, "y", 1);
  session_wait (is_idle, retriever);
  g_assert_cmpstr (wb_retriever_get_answer (retriever)->query, ==, "y");
  end (retriever);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/session/retriever/newest-question", test_newest_question);
  g_test_add_func ("/session/retriever/stale-answer", test_stale_answer);
  g_test_add_func ("/session/retriever/other-run", test_other_run);
  g_test_add_func ("/session/retriever/refresh", test_refresh);
  g_test_add_func ("/session/retriever/pieces", test_pieces);
  g_test_add_func ("/session/retriever/rest", test_rest);
  return g_test_run ();
}
