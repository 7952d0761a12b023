/* Following a run folder: written by pieces, cut, replaced, resumed, killed. */
#include "app/session/run.h"
#include "models/run/lock.h"
#include "tests/session.h"
#include "tests/temporary.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

static char *root;

typedef struct
{
  WbRun *run;
  guint rows;
  WbRunState state;
  guint changes; /* all so far */
  guint emissions;
  guint first_row; /* the least of those with series */
} Watch;

static void
on_changed (WbRun *run, guint changes, guint first_row, Watch *watch)
{
  (void) run;
  watch->changes |= changes;
  watch->emissions++;
  if (changes & WB_CHANGED_SERIES)
    watch->first_row = MIN (watch->first_row, first_row);
}

static gboolean
has_rows (gpointer data)
{
  const Watch *watch = data;
  return wb_series_get_length (wb_run_get_series (watch->run)) == watch->rows;
}

static gboolean
has_state (gpointer data)
{
  const Watch *watch = data;
  return wb_run_get_state (watch->run) == watch->state;
}

static gboolean
is_loaded (gpointer data)
{
  gboolean loaded;
  g_object_get (((Watch *) data)->run, "loaded", &loaded, NULL);
  return loaded;
}

static Watch
open_run (const char *path)
{
  Watch watch = { .run = wb_run_new (path, NULL), .first_row = G_MAXUINT };
  wb_run_open (watch.run);
  session_wait (is_loaded, &watch);
  return watch;
}

static void
wait_rows (Watch *watch, guint rows)
{
  watch->rows = rows;
  session_wait (has_rows, watch);
}

static void
wait_state (Watch *watch, WbRunState state)
{
  watch->state = state;
  session_wait (has_state, watch);
}

static void
close_run (Watch *watch)
{
  wb_run_close (watch->run);
  g_signal_handlers_disconnect_by_data (watch->run, watch);
  g_object_unref (watch->run);
  session_idle (50);
}

static void
assert_steps (WbRun *run, const char *expected)
{
  const WbSeries *series = wb_run_get_series (run);
  const double *steps = wb_series_get (series, "step");
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < wb_series_get_length (series); i++)
    g_string_append_printf (text, "%s%g", i ? " " : "", steps[i]);
  g_assert_cmpstr (text->str, ==, expected);
}

/* The reader's worker, without a main loop: a file that grows a byte at a time. */
static void
test_piecemeal (void)
{
  g_autofree char *run = session_make_run (root, "piecemeal");
  g_autoptr (WbFollower) follower = wb_follower_new (run);
  static const char text[] =
      "{\"type\":\"step\",\"step\":1,\"loss\":2.5}\n"
      "not an event\n"
      "{\"type\":\"eval\",\"step\":1,\"task\":\"retrieval\",\"split\":\"val\","
      "\"encoder\":\"student\",\"t2i_r10\":0.25}\n"
      "{\"type\":\"alert\",\"step\":1,\"text\":\"d\xc3\xa9j\xc3\xa0\"}\n"
      "{\"type\":\"step\",\"step\":2,\"loss\":null,\"new\":7}\n";
  guint rows = 0, evals = 0, alerts = 0;

  for (const char *c = text; *c; c++)
    {
      const char piece[] = { *c, '\0' };
      session_append (run, "events.jsonl", piece);
      g_autoptr (WbDelta) delta = wb_follower_poll (follower);
      g_assert_no_error (delta->error);
      g_assert_cmpuint (delta->keep_rows, ==, rows);
      g_assert_cmpuint (delta->keep_evals, ==, evals);
      g_assert_cmpuint (delta->keep_alerts, ==, alerts);
      rows += wb_series_get_length (delta->rows);
      evals += delta->evals->len;
      alerts += delta->alerts->len;
      if (rows == 2 && wb_series_get_length (delta->rows) == 1)
        {
          g_assert_true (isnan (wb_series_get_last (delta->rows, "loss")));
          g_assert_cmpfloat (wb_series_get_last (delta->rows, "new"), ==, 7);
        }
      if (*c != '\n')
        g_assert_cmpuint (
            wb_series_get_length (delta->rows) + delta->evals->len + delta->alerts->len, ==, 0);
    }
  g_assert_cmpuint (rows, ==, 2);
  g_assert_cmpuint (evals, ==, 1);
  g_assert_cmpuint (alerts, ==, 1);
}

static void
test_summary (void)
{
  g_autofree char *path = session_make_run (root, "summary");

  session_append_steps (path, 1, 40);
  session_append (path, "events.jsonl",
                  "{\"type\":\"eval\",\"step\":40,\"task\":\"retrieval\",\"split\":\"val\","
                  "\"encoder\":\"student\",\"keep_rate\":0.7,\"t2i_r10\":0.25}\n"
                  "{\"type\":\"eval\",\"step\":40,\"task\":\"retrieval\",\"split\":\"val\","
                  "\"encoder\":\"teacher\",\"t2i_r10\":0.5}\n"
                  "{\"type\":\"state\",\"step\":40,\"state\":\"failed\",\"reason\":\"no luck\"}\n");
  Watch watch = open_run (path);
  g_autofree char *name = NULL, *method = NULL, *reason = NULL;
  gint64 step, total;
  double recall, keep_rate, progress, left;

  g_object_get (watch.run, "name", &name, "method", &method, "reason", &reason, "step", &step,
                "total", &total, "recall", &recall, "keep-rate", &keep_rate, "progress", &progress,
                "time-left", &left, NULL);
  g_assert_cmpstr (name, ==, "summary");
  g_assert_cmpstr (method, ==, "eclipse");
  g_assert_cmpstr (reason, ==, "no luck");
  g_assert_cmpint (wb_run_get_state (watch.run), ==, WB_RUN_FAILED);
  g_assert_cmpint (step, ==, 40);
  g_assert_cmpint (total, ==, 100);
  g_assert_cmpfloat (recall, ==, 0.25);
  g_assert_cmpfloat (keep_rate, ==, 0.7);
  g_assert_cmpfloat (progress, ==, 0.4);
  g_assert_true (isnan (left));
  g_assert_cmpuint (wb_run_get_summary (watch.run)->n_spark, ==, WB_SPARK);
  g_assert_cmpfloat (wb_run_get_newest_eval (watch.run, "teacher")->t2i_r10, ==, 0.5);
  close_run (&watch);
}

static void
test_live (void)
{
  g_autofree char *path = session_make_run (root, "live");
  g_autofree char *lock_path = g_build_filename (path, "lock", NULL);
  int lock = run_lock_take (lock_path, NULL);
  Watch watch = open_run (path);
  double rate, left;

  g_signal_connect (watch.run, "changed", G_CALLBACK (on_changed), &watch);
  g_assert_cmpint (wb_run_get_state (watch.run), ==, WB_RUN_RUNNING);
  session_append_steps (path, 1, 20);
  wait_rows (&watch, 20);
  g_object_get (watch.run, "rate", &rate, "time-left", &left, NULL);
  g_assert_cmpfloat (rate, ==, 16);
  g_assert_cmpfloat_with_epsilon (left, 80 * 0.5, 1e-9);
  g_assert_cmpuint (watch.first_row, ==, 0);

  watch.first_row = G_MAXUINT;
  session_append (path, "events.jsonl", "{\"type\":\"state\",\"step\":20,\"state\":\"paused\"}\n");
  wait_state (&watch, WB_RUN_PAUSED);
  session_append_steps (path, 21, 21);
  wait_rows (&watch, 21);
  g_assert_cmpuint (watch.first_row, ==, 20);

  /* Nothing happens, so nothing is said. */
  watch.emissions = 0;
  session_idle (700);
  g_assert_cmpuint (watch.emissions, ==, 0);

  /* Its process is gone. */
  close (lock);
  wait_state (&watch, WB_RUN_KILLED);
  close_run (&watch);
}

static void
test_resumed (void)
{
  g_autofree char *path = session_make_run (root, "resumed");
  Watch watch;

  session_append_steps (path, 1, 6);
  session_append (path, "events.jsonl",
                  "{\"type\":\"alert\",\"step\":6,\"text\":\"late\"}\n"
                  "{\"type\":\"step\",\"st");
  watch = open_run (path);
  g_signal_connect (watch.run, "changed", G_CALLBACK (on_changed), &watch);
  assert_steps (watch.run, "1 2 3 4 5 6");

  /* The torn line is cut as a trainer does, and what stood beyond step 4 did not happen. */
  g_autofree char *events = g_build_filename (path, "events.jsonl", NULL);
  GStatBuf info;
  g_assert_cmpint (g_stat (events, &info), ==, 0);
  g_assert_cmpint (truncate (events, info.st_size - (int) strlen ("{\"type\":\"step\",\"st")), ==,
                   0);
  session_append (path, "events.jsonl", "{\"type\":\"resume\",\"step\":4}\n");
  wait_rows (&watch, 4);
  guint alerts;
  wb_run_get_alerts (watch.run, &alerts);
  g_assert_cmpuint (alerts, ==, 0);
  g_assert_cmpuint (watch.first_row, ==, 4);
  g_assert_true (watch.changes & WB_CHANGED_ALERTS);
  session_append_steps (path, 5, 7);
  wait_rows (&watch, 7);
  assert_steps (watch.run, "1 2 3 4 5 6 7");
  close_run (&watch);
}

static void
test_replaced (void)
{
  g_autofree char *path = session_make_run (root, "replaced");
  g_autofree char *events = g_build_filename (path, "events.jsonl", NULL);
  Watch watch;

  session_append_steps (path, 1, 5);
  watch = open_run (path);
  assert_steps (watch.run, "1 2 3 4 5");

  /* A shorter file, a longer one of other lines, and none. */
  session_replace (path, "events.jsonl", "{\"type\":\"step\",\"step\":9}\n");
  wait_rows (&watch, 1);
  assert_steps (watch.run, "9");
  session_replace (path, "events.jsonl",
                   "{\"type\":\"step\",\"step\":7,\"loss\":1}\n"
                   "{\"type\":\"step\",\"step\":8,\"loss\":1}\n");
  wait_rows (&watch, 2);
  assert_steps (watch.run, "7 8");
  g_assert_cmpint (truncate (events, 0), ==, 0);
  wait_rows (&watch, 0);
  close_run (&watch);
}

/* A run that is not open keeps its summary alone. */
static void
test_released (void)
{
  g_autofree char *path = session_make_run (root, "released");
  Watch watch;

  session_append_steps (path, 1, 3);
  watch = open_run (path);
  wb_run_close (watch.run);
  g_assert_cmpuint (wb_series_get_length (wb_run_get_series (watch.run)), ==, 0);
  g_assert_cmpint (wb_run_get_summary (watch.run)->step, ==, 3);
  g_assert_false (is_loaded (&watch));
  wb_run_open (watch.run);
  wait_rows (&watch, 3);
  close_run (&watch);
}

/* Files of snapshots come and go; a wrong config is said and does no more harm. */
static void
test_lists (void)
{
  g_autofree char *path = session_make_run (root, "lists");
  g_autofree char *snapshots = g_build_filename (path, "snapshots", NULL);
  guint n;
  Watch watch;
  g_autofree char *problem = NULL;

  g_assert_cmpint (g_mkdir (snapshots, 0700), ==, 0);
  session_replace (snapshots, "50.safetensors", "x");
  session_replace (snapshots, "0.safetensors", "x");
  session_replace (path, "config.json", "{");
  session_append_steps (path, 1, 2);
  watch = open_run (path);
  const gint64 *steps = wb_run_get_snapshots (watch.run, &n);
  g_assert_cmpuint (n, ==, 2);
  g_assert_cmpint (steps[1], ==, 50);
  g_assert_null (wb_run_get_config (watch.run));
  g_object_get (watch.run, "problem", &problem, NULL);
  g_assert_nonnull (problem);
  assert_steps (watch.run, "1 2");
  close_run (&watch);
}

static void
test_series (void)
{
  g_autoptr (WbSeries) series = wb_series_new ();
  g_autoptr (WbSeries) more = wb_series_new ();

  wb_series_add_row (series);
  wb_series_set (series, "a", 1);
  wb_series_add_row (more);
  wb_series_set (more, "b", 2);
  wb_series_append (series, more);
  g_assert_cmpuint (wb_series_get_length (series), ==, 2);
  g_assert_cmpfloat (wb_series_get (series, "a")[0], ==, 1);
  g_assert_true (isnan (wb_series_get (series, "a")[1]));
  g_assert_true (isnan (wb_series_get (series, "b")[0]));
  g_assert_cmpfloat (wb_series_get_last (series, "b"), ==, 2);
  wb_series_truncate (series, 1);
  g_assert_true (isnan (wb_series_get_last (series, "b")));
  g_assert_null (wb_series_get (series, "c"));
  for (int i = 0; i < 2 * WB_SERIES_MAX_COLUMNS; i++)
    {
      g_autofree char *name = g_strdup_printf ("c%d", i);
      wb_series_set (series, name, i);
    }
  g_assert_cmpuint (wb_series_get_n_columns (series), ==, WB_SERIES_MAX_COLUMNS);
}

static guint
count_kernels (WbRun *run)
{
  const WbProfile *profile = wb_run_get_profile (run);
  return profile ? profile->kernels->len : 0;
}

/* The newest profile that counts: what a resume drops is gone, and lines that tell nothing are no
 * profile. */
static void
test_profile (void)
{
  g_autofree char *path = session_make_run (root, "profiled");
  session_append_steps (path, 1, 3);
  session_append (
      path, "events.jsonl",
      "{\"type\":\"profile\",\"step\":2,\"kernels\":[{\"kernel\":\"gemm_nt\",\"calls\":4,"
      "\"ms\":1.5,\"share\":0.75,\"gflops\":70,\"gb_per_s\":2},{\"kernel\":\"copy\",\"ms\":"
      "0.5},{\"ms\":3}]}\n");
  Watch watch = open_run (path);
  g_signal_connect (watch.run, "changed", G_CALLBACK (on_changed), &watch);
  const WbProfile *profile = wb_run_get_profile (watch.run);
  const WbKernel *kernels = (const WbKernel *) profile->kernels->data;
  g_assert_cmpint (profile->step, ==, 2);
  g_assert_cmpuint (profile->kernels->len, ==, 2);
  g_assert_cmpstr (kernels[0].name, ==, "gemm_nt");
  g_assert_cmpfloat (kernels[0].calls, ==, 4);
  g_assert_cmpfloat (kernels[0].gflops, ==, 70);
  g_assert_true (isnan (kernels[1].share));
  g_assert_cmpfloat (wb_profile_get_total (profile), ==, 2);

  session_append_steps (path, 4, 4);
  wait_rows (&watch, 4);
  g_assert_cmpuint (watch.changes & WB_CHANGED_PROFILE, ==, 0);
  session_append (path, "events.jsonl",
                  "{\"type\":\"profile\",\"step\":4,\"kernels\":[{\"kernel\":\"x\",\"ms\":1}]}\n");
  session_append_steps (path, 5, 5);
  wait_rows (&watch, 5);
  g_assert_cmpuint (watch.changes & WB_CHANGED_PROFILE, !=, 0);
  g_assert_cmpuint (count_kernels (watch.run), ==, 1);

  session_append (path, "events.jsonl", "{\"type\":\"resume\",\"step\":3}\n");
  wait_rows (&watch, 3);
  g_assert_cmpuint (count_kernels (watch.run), ==, 2);
  session_append (path, "events.jsonl", "{\"type\":\"resume\",\"step\":1}\n");
  wait_rows (&watch, 1);
  g_assert_cmpuint (count_kernels (watch.run), ==, 0);
  session_append (path, "events.jsonl", "{\"type\":\"profile\",\"step\":1,\"kernels\":7}\n");
  session_append_steps (path, 2, 2);
  wait_rows (&watch, 2);
  g_assert_cmpuint (count_kernels (watch.run), ==, 0);
  close_run (&watch);
}

static gboolean
compiles (gpointer data)
{
  return wb_run_get_summary (((Watch *) data)->run)->to_compile > 0;
}

static gboolean
compiles_nothing (gpointer data)
{
  return !compiles (data);
}

/* Lines of events that begin with kernels being compiled are read until none is compiled. */
static void
assert_compiling (Watch *watch, const char *lines, guint done, guint total)
{
  guint compiled, to_compile;

  watch->changes = 0;
  session_append (wb_run_get_path (watch->run), "events.jsonl", lines);
  session_wait (compiles, watch);
  g_object_get (watch->run, "compiled", &compiled, "to-compile", &to_compile, NULL);
  g_assert_cmpuint (compiled, ==, done);
  g_assert_cmpuint (to_compile, ==, total);
  g_assert_true (watch->changes & WB_CHANGED_SUMMARY);
}

static void
assert_compiled (Watch *watch, const char *lines)
{
  session_append (wb_run_get_path (watch->run), "events.jsonl", lines);
  session_wait (compiles_nothing, watch);
  g_assert_cmpuint (wb_run_get_summary (watch->run)->compiled, ==, 0);
}

#define COMPILE "{\"type\":\"compile\",\"done\":12,\"total\":61}\n"

/* Kernels are told of until a step, another state or a resume comes, or the last is compiled. */
static void
test_compiling (void)
{
  static const char *const ends[] = {
    "{\"type\":\"compile\",\"done\":61,\"total\":61}\n",
    "{\"type\":\"step\",\"step\":1,\"loss\":1}\n",
    "{\"type\":\"resume\",\"step\":0}\n",
    "{\"type\":\"state\",\"step\":0,\"state\":\"failed\",\"reason\":\"no memory\"}\n",
    "{\"type\":\"state\",\"step\":0,\"state\":\"running\"}\n",
    "{\"type\":\"compile\",\"done\":-1,\"total\":61}\n",
    "{\"type\":\"compile\",\"done\":\"1\",\"total\":61}\n",
    "{\"type\":\"compile\",\"done\":1,\"total\":1e15}\n",
    "{\"type\":\"compile\"}\n",
  };
  g_autofree char *path = session_make_run (root, "compiling");
  g_autofree char *lock_path = g_build_filename (path, "lock", NULL);
  int lock = run_lock_take (lock_path, NULL);
  Watch watch = open_run (path);

  g_signal_connect (watch.run, "changed", G_CALLBACK (on_changed), &watch);
  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      assert_compiling (&watch, COMPILE, 12, 61);
      assert_compiled (&watch, ends[i]);
    }
  /* What says nothing of it leaves it as it was. */
  assert_compiling (&watch, COMPILE "{\"type\":\"heartbeat\"}\n{\"type\":\"news\"}\n", 12, 61);
  close (lock);
  wait_state (&watch, WB_RUN_KILLED);
  g_assert_true (compiles_nothing (&watch));
  close_run (&watch);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  root = temporary_folder ();
  g_test_add_func ("/session/series", test_series);
  g_test_add_func ("/session/run/piecemeal", test_piecemeal);
  g_test_add_func ("/session/run/summary", test_summary);
  g_test_add_func ("/session/run/live", test_live);
  g_test_add_func ("/session/run/resumed", test_resumed);
  g_test_add_func ("/session/run/replaced", test_replaced);
  g_test_add_func ("/session/run/released", test_released);
  g_test_add_func ("/session/run/lists", test_lists);
  g_test_add_func ("/session/run/profile", test_profile);
  g_test_add_func ("/session/run/compiling", test_compiling);
  const int status = g_test_run ();
  temporary_remove (root);
  g_free (root);
  return status;
}
