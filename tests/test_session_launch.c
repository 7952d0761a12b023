/* Launching, with a script in the trainer's place. */
#include "app/session/launch.h"
#include "tests/session.h"
#include "tests/temporary.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* Holds the lock, says who it is and stops when asked; fails where there is a file "fail" beside
 * it. */
static const char script[] =
    "#!/bin/sh\n"
    "here=$(dirname \"$0\")\n"
    "if [ -e \"$here/fail\" ]; then echo 'penumbra-cli: no such device' >&2; exit 1; fi\n"
    "if [ \"$1\" = train ]; then run=$4; cat \"$2\" >\"$run/config.json\"; else run=$2; fi\n"
    "exec 9>>\"$run/lock\"\n"
    "flock -n 9 || exit 1\n"
    "echo '{\"type\":\"state\",\"step\":0,\"state\":\"running\"}' >>\"$run/events.jsonl\"\n"
    "echo \"$* \" $(cut -d' ' -f5,6,19 /proc/$$/stat) $$\n"
    "until grep -q stop \"$run/control.jsonl\" 2>/dev/null; do sleep 0.05; done\n"
    "rm \"$run/control.jsonl\"\n"
    "echo '{\"type\":\"state\",\"step\":3,\"state\":\"stopped\"}' >>\"$run/events.jsonl\"\n";

typedef struct
{
  char *folder, *root, *index, *cli;
  WbRuns *runs;
  WbLaunch *launch;
  WbRunState state;
  gint64 command;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  (void) data;
  fixture->folder = temporary_folder ();
  fixture->root = g_build_filename (fixture->folder, "runs", NULL);
  fixture->index = g_build_filename (fixture->folder, "runs.sqlite", NULL);
  fixture->cli = g_build_filename (fixture->folder, "cli", NULL);
  session_append (fixture->folder, "cli", script);
  g_assert_cmpint (g_chmod (fixture->cli, 0700), ==, 0);
  g_setenv ("PENUMBRA_CLI", fixture->cli, TRUE);
  fixture->runs = wb_runs_new (fixture->root, fixture->index);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  (void) data;
  g_clear_object (&fixture->launch);
  g_clear_object (&fixture->runs);
  session_idle (100);
  temporary_remove (fixture->folder);
  g_free (fixture->folder);
  g_free (fixture->root);
  g_free (fixture->index);
  g_free (fixture->cli);
}

static gboolean
has_state (gpointer data)
{
  const Fixture *fixture = data;
  WbRun *run = wb_launch_get_run (fixture->launch);
  return run && wb_run_get_state (run) == fixture->state;
}

static void
wait_state (Fixture *fixture, WbRunState state)
{
  fixture->state = state;
  session_wait (has_state, fixture);
}

static gboolean
is_over (gpointer data)
{
  return wb_launch_get_state (((Fixture *) data)->launch) >= WB_LAUNCH_ENDED;
}

static void
on_sent (GObject *source, GAsyncResult *result, gpointer data)
{
  ((Fixture *) data)->command = wb_control_send_finish (WB_RUN (source), result, NULL);
}

static gboolean
is_sent (gpointer data)
{
  return ((Fixture *) data)->command != 0;
}

static void
stop (Fixture *fixture)
{
  fixture->command = 0;
  wb_control_send_async (wb_launch_get_run (fixture->launch), RUN_COMMAND_STOP, NULL, on_sent,
                         fixture);
  session_wait (is_sent, fixture);
  g_assert_cmpint (fixture->command, ==, 1);
  wait_state (fixture, WB_RUN_STOPPED);
  session_wait (is_over, fixture);
  g_assert_cmpint (wb_launch_get_state (fixture->launch), ==, WB_LAUNCH_ENDED);
}

static void
train (Fixture *fixture)
{
  NnConfig config;

  g_assert_true (nn_config_preset (&config, "nano", NULL));
  config.schedule.horizon = 100;
  fixture->launch = wb_launch_train (fixture->runs, &config);
}

static void
test_train (Fixture *fixture, gconstpointer data)
{
  g_autofree char *text = NULL;
  int group, session, niceness, pid;

  (void) data;
  train (fixture);
  wait_state (fixture, WB_RUN_RUNNING);
  WbRun *run = wb_launch_get_run (fixture->launch);
  g_assert_true (wb_runs_find (fixture->runs, wb_run_get_id (run)) == run);
  g_autofree char *log = g_build_filename (wb_run_get_path (run), "log.txt", NULL);
  stop (fixture);

  /* It led a session of its own, and was polite. */
  g_assert_true (g_file_get_contents (log, &text, NULL, NULL));
  const char *numbers = strstr (text, "  ");
  g_assert_nonnull (numbers);
  g_assert_cmpint (sscanf (numbers, "%d %d %d %d", &group, &session, &niceness, &pid), ==, 4);
  g_assert_cmpint (session, ==, pid);
  g_assert_cmpint (group, ==, pid);
  g_assert_cmpint (niceness, >=, MIN (19, 10));
  g_assert_true (g_str_has_prefix (text, "train /dev/stdin --run "));
}

static void
test_resume (Fixture *fixture, gconstpointer data)
{
  (void) data;
  train (fixture);
  wait_state (fixture, WB_RUN_RUNNING);
  stop (fixture);
  g_autoptr (WbRun) run = g_object_ref (wb_launch_get_run (fixture->launch));
  g_clear_object (&fixture->launch);
  fixture->launch = wb_launch_resume (run, 200);
  g_assert_cmpint (wb_run_get_state (run), ==, WB_RUN_STARTING);
  wait_state (fixture, WB_RUN_RUNNING);

  /* Twice at once is refused. */
  g_autoptr (WbLaunch) first = g_steal_pointer (&fixture->launch);
  fixture->launch = wb_launch_resume (run, 0);
  session_wait (is_over, fixture);
  g_assert_error (wb_launch_get_error (fixture->launch), WB_LAUNCH_ERROR, WB_LAUNCH_ERROR_START);
  g_clear_object (&fixture->launch);
  fixture->launch = g_steal_pointer (&first);
  stop (fixture);
}

static void
test_failed (Fixture *fixture, gconstpointer data)
{
  const char *name;

  (void) data;
  session_append (fixture->folder, "fail", "");
  train (fixture);
  session_wait (is_over, fixture);
  g_assert_error (wb_launch_get_error (fixture->launch), WB_LAUNCH_ERROR, WB_LAUNCH_ERROR_CHILD);
  g_assert_cmpstr (wb_launch_get_error (fixture->launch)->message, ==, "no such device");
  g_autoptr (GDir) dir = g_dir_open (fixture->root, 0, NULL);
  name = g_dir_read_name (dir);
  g_assert_null (name);
}

static void
test_no_program (Fixture *fixture, gconstpointer data)
{
  (void) data;
  g_assert_cmpint (g_remove (fixture->cli), ==, 0);
  train (fixture);
  session_wait (is_over, fixture);
  g_assert_nonnull (wb_launch_get_error (fixture->launch));
}

#define ADD(name, function)                                                                        \
  g_test_add ("/session/launch/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("train", test_train);
  ADD ("resume", test_resume);
  ADD ("failed", test_failed);
  ADD ("no-program", test_no_program);
  return g_test_run ();
}
