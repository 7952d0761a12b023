/* The list of runs: folders appear and vanish, colours stay, the index is lost and made anew. */
#include "app/session/index.h"
#include "app/session/runs.h"
#include "models/run/lock.h"
#include "tests/session.h"
#include "tests/temporary.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>
#include <utime.h>

typedef struct
{
  char *folder, *root, *index;
  WbRuns *runs;
  guint expected;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  (void) data;
  fixture->folder = temporary_folder ();
  fixture->root = g_build_filename (fixture->folder, "runs", NULL);
  fixture->index = g_build_filename (fixture->folder, "cache", "runs.sqlite", NULL);
}

static void
let_go (Fixture *fixture)
{
  g_clear_object (&fixture->runs);
  session_idle (100);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  (void) data;
  let_go (fixture);
  temporary_remove (fixture->folder);
  g_free (fixture->folder);
  g_free (fixture->root);
  g_free (fixture->index);
}

/* Of an age in seconds. */
static void
make_run (Fixture *fixture, const char *id, int age)
{
  g_autofree char *run = session_make_run (fixture->root, id);
  g_autofree char *config = g_build_filename (run, "config.json", NULL);
  const time_t then = time (NULL) - age;
  const struct utimbuf times = { then, then };

  session_append_steps (run, 1, 10);
  session_append (run, "events.jsonl", "{\"type\":\"state\",\"step\":10,\"state\":\"stopped\"}\n");
  g_assert_cmpint (utime (config, &times), ==, 0);
}

static gboolean
is_complete (gpointer data)
{
  const Fixture *fixture = data;
  GListModel *model = G_LIST_MODEL (fixture->runs);

  if (!wb_runs_is_loaded (fixture->runs) || g_list_model_get_n_items (model) != fixture->expected)
    return FALSE;
  for (guint i = 0; i < fixture->expected; i++)
    {
      g_autoptr (WbRun) run = g_list_model_get_item (model, i);
      if (wb_run_get_summary (run)->method == NULL)
        return FALSE;
    }
  return TRUE;
}

static void
wait_complete (Fixture *fixture, guint expected)
{
  fixture->expected = expected;
  session_wait (is_complete, fixture);
}

static void
open_runs (Fixture *fixture, guint expected)
{
  fixture->runs = wb_runs_new (fixture->root, fixture->index);
  wait_complete (fixture, expected);
}

static gboolean
is_indexed (gpointer data)
{
  const Fixture *fixture = data;
  gboolean fresh;
  g_autoptr (WbIndex) index = wb_index_open (fixture->index, &fresh, NULL);
  g_autoptr (GPtrArray) summaries = wb_index_load (index, fixture->root, NULL);
  guint read = 0;

  for (guint i = 0; i < summaries->len; i++)
    read += ((WbSummary *) summaries->pdata[i])->method != NULL;
  return read == fixture->expected && summaries->len == read;
}

static char *
list_ids (Fixture *fixture)
{
  GListModel *model = G_LIST_MODEL (fixture->runs);
  GString *ids = g_string_new (NULL);

  for (guint i = 0; i < g_list_model_get_n_items (model); i++)
    {
      g_autoptr (WbRun) run = g_list_model_get_item (model, i);
      g_string_append_printf (ids, "%s%s:%u", i ? " " : "", wb_run_get_id (run),
                              wb_run_get_summary (run)->colour);
    }
  return g_string_free (ids, FALSE);
}

static void
assert_ids (Fixture *fixture, const char *expected)
{
  g_autofree char *ids = list_ids (fixture);
  g_assert_cmpstr (ids, ==, expected);
}

static void
test_order (Fixture *fixture, gconstpointer data)
{
  (void) data;
  make_run (fixture, "b", 20);
  make_run (fixture, "a", 30);
  make_run (fixture, "c", 10);
  session_append (fixture->root, "not-a-run", "");
  open_runs (fixture, 3);
  assert_ids (fixture, "c:2 b:1 a:0");
  g_assert_cmpint (wb_run_get_state (wb_runs_find (fixture->runs, "b")), ==, WB_RUN_STOPPED);
}

static void
test_comings_and_goings (Fixture *fixture, gconstpointer data)
{
  (void) data;
  open_runs (fixture, 0);
  make_run (fixture, "a", 30);
  make_run (fixture, "b", 20);
  wait_complete (fixture, 2);
  WbRun *b = wb_runs_find (fixture->runs, "b");
  g_autofree char *a = g_build_filename (fixture->root, "a", NULL);
  temporary_remove (a);
  wait_complete (fixture, 1);
  make_run (fixture, "c", 10);
  wait_complete (fixture, 2);
  /* The colour that became free is given again; b has kept its object and its colour. */
  g_assert_true (wb_runs_find (fixture->runs, "b") == b);
  const guint colour = wb_run_get_summary (b)->colour;
  g_assert_cmpuint (wb_run_get_summary (wb_runs_find (fixture->runs, "c"))->colour, ==, 1 - colour);
}

static void
test_index_kept (Fixture *fixture, gconstpointer data)
{
  (void) data;
  make_run (fixture, "a", 30);
  make_run (fixture, "b", 20);
  make_run (fixture, "c", 10);
  open_runs (fixture, 3);
  session_wait (is_indexed, fixture);
  g_autofree char *b = g_build_filename (fixture->root, "b", NULL);
  temporary_remove (b);
  wait_complete (fixture, 2);
  session_wait (is_indexed, fixture);
  let_go (fixture);

  /* c has kept its colour though there are but two runs now. */
  open_runs (fixture, 2);
  assert_ids (fixture, "c:2 a:0");
}

static void
test_index_lost (Fixture *fixture, gconstpointer data)
{
  (void) data;
  make_run (fixture, "a", 30);
  make_run (fixture, "b", 20);
  open_runs (fixture, 2);
  session_wait (is_indexed, fixture);

  /* While it is open: the next change writes everything. */
  g_assert_cmpint (g_remove (fixture->index), ==, 0);
  make_run (fixture, "c", 10);
  wait_complete (fixture, 3);
  session_wait (is_indexed, fixture);
  let_go (fixture);

  /* Between two starts, and replaced by something else. */
  g_assert_cmpint (g_remove (fixture->index), ==, 0);
  open_runs (fixture, 3);
  session_wait (is_indexed, fixture);
  let_go (fixture);
  g_autofree char *noise = g_strnfill (5000, 'x');
  g_assert_true (g_file_set_contents (fixture->index, noise, -1, NULL));
  open_runs (fixture, 3);
  session_wait (is_indexed, fixture);
  assert_ids (fixture, "c:2 b:1 a:0");
}

typedef struct
{
  gboolean done;
  GPtrArray *ids;
} Found;

static void
on_found (GObject *source, GAsyncResult *result, gpointer data)
{
  Found *found = data;
  found->ids = wb_runs_search_finish (WB_RUNS (source), result, NULL);
  found->done = TRUE;
}

static gboolean
is_found (gpointer data)
{
  return ((Found *) data)->done;
}

static void
assert_found (Fixture *fixture, const char *query, const char *expected)
{
  Found found = { 0 };
  g_autoptr (GString) ids = g_string_new (NULL);

  wb_runs_search_async (fixture->runs, query, on_found, &found);
  session_wait (is_found, &found);
  g_assert_nonnull (found.ids);
  for (guint i = 0; i < found.ids->len; i++)
    g_string_append_printf (ids, "%s%s", i ? " " : "", (char *) found.ids->pdata[i]);
  g_ptr_array_unref (found.ids);
  g_assert_cmpstr (ids->str, ==, expected);
}

static void
test_search (Fixture *fixture, gconstpointer data)
{
  Found old = { 0 };

  (void) data;
  make_run (fixture, "first-one", 30);
  make_run (fixture, "second", 20);
  open_runs (fixture, 2);
  session_wait (is_indexed, fixture);
  assert_found (fixture, "FIRST eclipse", "first-one");
  assert_found (fixture, "k0.7", "first-one second");
  assert_found (fixture, "%", "");
  assert_found (fixture, "", "first-one second");
  g_assert_cmpint (g_remove (fixture->index), ==, 0);
  assert_found (fixture, "stopped", "first-one second");

  /* The answer to an old question does not come. */
  wb_runs_search_async (fixture->runs, "first", on_found, &old);
  assert_found (fixture, "second", "second");
  session_wait (is_found, &old);
  g_assert_null (old.ids);
}

/* A folder with no more than the log of a process that is gone failed to start. */
static void
test_failed_start (Fixture *fixture, gconstpointer data)
{
  g_autofree char *run = g_build_filename (fixture->root, "stillborn", NULL);

  (void) data;
  g_assert_cmpint (g_mkdir_with_parents (run, 0700), ==, 0);
  session_append (run, "log.txt", "reading\nno such device\n\n");
  fixture->runs = wb_runs_new (fixture->root, fixture->index);
  for (int i = 0; i < 100 && !wb_runs_find (fixture->runs, "stillborn"); i++)
    session_idle (20);
  WbRun *stillborn = wb_runs_find (fixture->runs, "stillborn");
  for (int i = 0; i < 100 && wb_run_get_state (stillborn) != WB_RUN_FAILED; i++)
    session_idle (20);
  g_assert_cmpint (wb_run_get_state (stillborn), ==, WB_RUN_FAILED);
  g_assert_cmpstr (wb_run_get_summary (stillborn)->reason, ==, "no such device");
}

/* A run that the index knows as live and in which nothing happens is followed all the same. */
static void
test_live_again (Fixture *fixture, gconstpointer data)
{
  (void) data;
  make_run (fixture, "paused", 30);
  g_autofree char *run = g_build_filename (fixture->root, "paused", NULL);
  g_autofree char *lock_path = g_build_filename (run, "lock", NULL);
  int lock = run_lock_take (lock_path, NULL);
  session_append (run, "events.jsonl", "{\"type\":\"state\",\"step\":10,\"state\":\"paused\"}\n");
  open_runs (fixture, 1);
  session_wait (is_indexed, fixture);
  let_go (fixture);

  open_runs (fixture, 1);
  WbRun *paused = wb_runs_find (fixture->runs, "paused");
  g_assert_cmpint (wb_run_get_state (paused), ==, WB_RUN_PAUSED);
  for (int i = 0; i < 200 && !wb_run_is_loaded (paused); i++)
    session_idle (20);
  g_assert_true (wb_run_is_loaded (paused));
  close (lock);
  for (int i = 0; i < 200 && wb_run_get_state (paused) != WB_RUN_KILLED; i++)
    session_idle (20);
  g_assert_cmpint (wb_run_get_state (paused), ==, WB_RUN_KILLED);
}

/* A root that is a run itself. */
static void
test_single (Fixture *fixture, gconstpointer data)
{
  (void) data;
  make_run (fixture, "only", 30);
  g_autofree char *run = g_build_filename (fixture->root, "only", NULL);
  fixture->runs = wb_runs_new (run, fixture->index);
  wait_complete (fixture, 1);
  assert_ids (fixture, "only:0");
}

#define ADD(name, function)                                                                        \
  g_test_add ("/session/runs/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("order", test_order);
  ADD ("comings-and-goings", test_comings_and_goings);
  ADD ("index-kept", test_index_kept);
  ADD ("index-lost", test_index_lost);
  ADD ("search", test_search);
  ADD ("failed-start", test_failed_start);
  ADD ("live-again", test_live_again);
  ADD ("single", test_single);
  return g_test_run ();
}
