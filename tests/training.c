#include "tests/training.h"

#include "tests/command.h"
#include "tests/temporary.h"

#include <string.h>
#include <sys/wait.h>

static char *folder;

char *
training_path (const char *name)
{
  return g_build_filename (folder, name, NULL);
}

int
training_run (const char *arguments, char **err)
{
  g_autofree char *said = NULL;
  const int status = command_run (folder, arguments, NULL, &said);
  if (status != 0 && !err)
    g_test_message ("%s: %s", arguments, said);
  if (err)
    *err = g_steal_pointer (&said);
  return status;
}

char *
training_arguments (const char *name, int steps)
{
  return g_strdup_printf ("train nano --set data.path=scenes --set schedule.epochs=3 "
                          "--set run.seed=5 --run %s --steps %d",
                          name, steps);
}

GPid
training_start (const char *arguments)
{
  g_auto (GStrv) argv = command_line (arguments);
  GError *error = NULL;
  GPid pid;
  g_spawn_async (folder, argv, NULL,
                 G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL
                     | G_SPAWN_STDERR_TO_DEV_NULL,
                 NULL, NULL, &pid, &error);
  g_assert_no_error (error);
  return pid;
}

int
training_reap (GPid pid)
{
  int status;
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  return status;
}

RunEventReader *
training_read_events (const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, "events.jsonl", NULL);
  RunEventReader *reader = run_event_reader_new (path);
  g_assert_true (run_event_reader_poll (reader, NULL, NULL));
  return reader;
}

const cJSON *
training_find_event (RunEventReader *reader, const char *type, int n)
{
  const guint count = run_event_reader_count (reader);
  for (guint i = 0; i < count; i++)
    {
      const cJSON *event = run_event_reader_get (reader, n < 0 ? count - 1 - i : i);
      if (strcmp (run_event_text (event, "type"), type) == 0 && (n < 0 ? ++n == 0 : n-- == 0))
        return event;
    }
  return NULL;
}

void
training_wait_for (const char *name, const char *type, const char *state, gint64 step)
{
  const gint64 deadline = g_get_monotonic_time () + 100 * G_USEC_PER_SEC;
  for (;;)
    {
      g_autoptr (RunEventReader) reader = training_read_events (name);
      const cJSON *event = training_find_event (reader, type, -1);
      if (event && run_event_whole (event, "step") >= step
          && (!state || g_strcmp0 (run_event_text (event, "state"), state) == 0))
        return;
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
      g_usleep (2000);
    }
}

void
training_assert_state (const char *name, RunState expected)
{
  g_autofree char *path = training_path (name);
  RunState state;
  GError *error = NULL;
  run_state (path, &state, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (run_state_name (state), ==, run_state_name (expected));
}

NnTensorFile *
training_open_step (const char *name, const char *kind, gint64 step)
{
  g_autofree char *path = training_path (name);
  g_autofree char *file = run_step_path (path, kind, step);
  GError *error = NULL;
  NnTensorFile *tensors = nn_tensor_file_open (file, &error);
  g_assert_no_error (error);
  return tensors;
}

void
training_begin (void)
{
  folder = temporary_folder ();
  g_autofree char *straight = training_arguments ("straight", TRAINING_STEPS);
  g_assert_cmpint (training_run ("data import scenes --out scenes --count 100 --size 32", NULL), ==,
                   0);
  g_assert_cmpint (training_run (straight, NULL), ==, 0);
}

void
training_end (void)
{
  temporary_remove (folder);
  g_clear_pointer (&folder, g_free);
}
