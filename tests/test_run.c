/* The run folder: making and locking it, its state, its commands, its checkpoints and snapshots. */
#include "models/nn/safetensors.h"
#include "models/run/control.h"
#include "models/run/events.h"
#include "models/run/folder.h"
#include "models/run/steps.h"

#include "tests/temporary.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *base;

static char *
fresh_path (void)
{
  static int number;

  return g_strdup_printf ("%s/run%d", base, number++);
}

static RunFolder *
make_run (const char *path)
{
  NnConfig config;
  GError *error = NULL;

  g_assert_true (nn_config_preset (&config, "nano", NULL));
  RunFolder *folder = run_folder_create (path, &config, &error);
  g_assert_no_error (error);
  g_assert_nonnull (folder);
  return folder;
}

static void
write_file (const char *run, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (run, name, NULL);

  g_assert_true (g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_NONE, 0666, NULL));
}

static void
append_file (const char *run, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (run, name, NULL);
  FILE *file = fopen (path, "a");

  g_assert_nonnull (file);
  g_assert_cmpint (fputs (text, file), >=, 0);
  g_assert_cmpint (fclose (file), ==, 0);
}

static void
test_made (void)
{
  g_autofree char *path = fresh_path ();
  g_autoptr (GError) error = NULL;
  NnConfig config, again;

  RunFolder *folder = make_run (path);
  g_assert_true (run_load_config (path, &config, NULL));
  g_assert_cmpint (config.vision.width, ==, 32);
  g_autofree char *probes = run_folder_file (folder, "probes");
  g_assert_true (g_file_test (probes, G_FILE_TEST_IS_DIR));
  config.schedule.horizon = 123;
  g_assert_true (run_folder_write_config (folder, &config, &error));
  run_folder_free (folder);

  g_assert_null (run_folder_create (path, &config, &error));
  g_assert_error (error, RUN_ERROR, RUN_ERROR_EXISTS);
  g_assert_nonnull (strstr (error->message, "resume it"));
  folder = run_folder_open (path, &again, NULL);
  g_assert_nonnull (folder);
  g_assert_cmpint (again.schedule.horizon, ==, 123);
  run_folder_free (folder);
}

static void
test_default_place (void)
{
  g_autofree char *root = run_default_root ();
  RunFolder *first = make_run (NULL);
  RunFolder *second = make_run (NULL);

  g_assert_true (g_str_has_prefix (root, base));
  g_assert_true (g_str_has_prefix (run_folder_path (first), root));
  g_assert_cmpstr (run_folder_path (first), !=, run_folder_path (second));
  run_folder_free (first);
  run_folder_free (second);
}

static void
test_in_existing_folder (void)
{
  g_autofree char *path = fresh_path ();
  g_autofree char *nested = g_build_filename (path, "a", "b", NULL);

  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
  write_file (path, "notes.txt", "mine");
  run_folder_free (make_run (path));
  run_folder_free (make_run (nested));
}

static void
test_not_a_run (void)
{
  g_autofree char *path = fresh_path ();
  g_autoptr (GError) error = NULL;
  NnConfig config;
  RunState state;

  g_assert_null (run_folder_open (path, &config, &error));
  g_assert_error (error, RUN_ERROR, RUN_ERROR_NOT_A_RUN);
  g_clear_error (&error);
  g_assert_false (run_state (path, &state, NULL, &error));
  g_assert_error (error, RUN_ERROR, RUN_ERROR_NOT_A_RUN);
  g_clear_error (&error);
  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
  write_file (path, "config.json", "{");
  g_assert_null (run_folder_open (path, &config, &error));
  g_assert_error (error, NN_CONFIG_ERROR, NN_CONFIG_ERROR_SYNTAX);
}

static void
test_two_trainers (void)
{
  g_autofree char *path = fresh_path ();
  g_autoptr (GError) error = NULL;
  g_autofree char *process = g_strdup_printf ("(process %d)", (int) getpid ());
  NnConfig config;
  RunFolder *holder = make_run (path);

  g_assert_true (run_is_alive (path));
  g_assert_null (run_folder_open (path, &config, &error));
  g_assert_error (error, RUN_ERROR, RUN_ERROR_LOCKED);
  g_assert_nonnull (strstr (error->message, path));
  g_assert_nonnull (strstr (error->message, process));
  run_folder_free (holder);
  g_assert_false (run_is_alive (path));
  holder = run_folder_open (path, &config, NULL);
  g_assert_nonnull (holder);
  run_folder_free (holder);
}

/* The lock goes with the process, however it ends. */
static void
test_killed_holder (void)
{
  g_autofree char *path = fresh_path ();
  RunState state;
  int ready[2];
  char byte;
  int status;

  g_assert_cmpint (pipe (ready), ==, 0);
  pid_t child = fork ();
  if (child == 0)
    {
      NnConfig config;
      nn_config_preset (&config, "nano", NULL);
      if (run_folder_create (path, &config, NULL) && write (ready[1], "x", 1) == 1)
        pause ();
      _exit (1);
    }
  g_assert_cmpint (read (ready[0], &byte, 1), ==, 1);
  g_assert_true (run_state (path, &state, NULL, NULL));
  g_assert_cmpint (state, ==, RUN_STATE_RUNNING);
  g_assert_cmpint (kill (child, SIGKILL), ==, 0);
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (run_state (path, &state, NULL, NULL));
  g_assert_cmpint (state, ==, RUN_STATE_KILLED);
  close (ready[0]);
  close (ready[1]);
}

static void
test_states (void)
{
  static const struct
  {
    const char *said;
    RunState alive;
    RunState gone;
  } cases[] = {
    { "running", RUN_STATE_RUNNING, RUN_STATE_KILLED },
    { "paused", RUN_STATE_PAUSED, RUN_STATE_KILLED },
    { "stopped", RUN_STATE_RUNNING, RUN_STATE_STOPPED },
    { "finished", RUN_STATE_RUNNING, RUN_STATE_FINISHED },
    { "failed", RUN_STATE_RUNNING, RUN_STATE_FAILED },
    { "dancing", RUN_STATE_RUNNING, RUN_STATE_KILLED },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = fresh_path ();
      g_autofree char *reason = NULL;
      RunFolder *folder = make_run (path);
      RunState state;

      append_file (path, "events.jsonl",
                   "{\"type\":\"state\",\"state\":\"running\"}\n{\"type\":\"state\",\"state\":\"");
      append_file (path, "events.jsonl", cases[i].said);
      append_file (path, "events.jsonl", "\",\"reason\":\"so\"}\n");
      /* long enough for the state to be out of the first look, then half a line */
      for (int step = 0; step < 4000; step++)
        append_file (path, "events.jsonl", "{\"type\":\"step\",\"note\":\"state\"}\n");
      append_file (path, "events.jsonl", "{\"type\":\"state\",\"state\":\"finished\"}");
      g_assert_true (run_state (path, &state, &reason, NULL));
      g_assert_cmpint (state, ==, cases[i].alive);
      g_assert_cmpstr (reason, ==, "so");
      run_folder_free (folder);
      g_assert_true (run_state (path, &state, NULL, NULL));
      g_assert_cmpint (state, ==, cases[i].gone);
      g_assert_true (i > RUN_STATE_FAILED
                     || !strcmp (run_state_name ((RunState) i), cases[i].said));
    }
}

static void
test_unwritable (void)
{
  g_autofree char *disk = fresh_path ();
  g_autofree char *path = g_build_filename (disk, "run", NULL);
  g_autofree char *file = g_build_filename (base, "file", NULL);
  g_autofree char *below = g_build_filename (file, "run", NULL);
  g_autoptr (GError) error = NULL;
  NnConfig config;

  g_assert_true (nn_config_preset (&config, "nano", NULL));
  write_file (base, "file", "");
  g_assert_null (run_folder_create (below, &config, &error));
  g_assert_error (error, RUN_ERROR, RUN_ERROR_IO);
  g_assert_nonnull (strstr (error->message, "--run"));
  g_clear_error (&error);
  g_assert_null (run_folder_create (file, &config, &error));
  g_assert_error (error, RUN_ERROR, RUN_ERROR_IO);
  g_clear_error (&error);

  g_assert_cmpint (g_mkdir (disk, 0700), ==, 0);
  if (!temporary_mount (disk, 0))
    return;
  g_assert_null (run_folder_create (path, &config, &error));
  g_assert_error (error, RUN_ERROR, RUN_ERROR_IO);
  g_assert_nonnull (strstr (error->message, path));
  g_assert_nonnull (strstr (error->message, "writable"));
  temporary_unmount (disk);
}

static void
test_full_disk (void)
{
  g_autofree char *disk = fresh_path ();
  g_autofree char *path = g_build_filename (disk, "run", NULL);
  g_autofree char *config_path = g_build_filename (path, "config.json", NULL);
  g_autoptr (GError) error = NULL;
  NnConfig config;

  g_assert_true (nn_config_preset (&config, "nano", NULL));
  g_assert_cmpint (g_mkdir (disk, 0700), ==, 0);
  if (!temporary_mount (disk, 4096))
    return;
  g_assert_null (run_folder_create (path, &config, &error));
  g_assert_error (error, RUN_ERROR, RUN_ERROR_IO);
  g_assert_nonnull (strstr (error->message, config_path));
  g_assert_nonnull (strstr (error->message, "free some space"));
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  temporary_unmount (disk);
}

static void
assert_next (RunControl *control, gint64 id, RunCommandKind kind, const char *assignment)
{
  g_auto (RunCommand) command = { 0 };

  g_assert_true (run_control_next (control, &command));
  g_assert_cmpint (command.id, ==, id);
  g_assert_cmpint (command.kind, ==, kind);
  g_assert_cmpstr (command.assignment, ==, assignment);
  g_assert_true ((command.problem != NULL) == (kind == RUN_COMMAND_WRONG));
}

static void
assert_none (RunControl *control)
{
  g_auto (RunCommand) command = { 0 };

  g_assert_false (run_control_next (control, &command));
}

static void
test_commands (void)
{
  g_autofree char *path = fresh_path ();
  g_autoptr (RunFolder) folder = make_run (path);
  g_autoptr (RunControl) control = run_control_open (path, NULL);
  gint64 id;

  assert_none (control);
  g_assert_true (run_control_send (path, RUN_COMMAND_PAUSE, NULL, &id, NULL));
  g_assert_cmpint (id, ==, 1);
  g_assert_true (run_control_send (path, RUN_COMMAND_SET, "optimizer.lr=0.1", NULL, NULL));
  g_assert_true (run_control_send (path, RUN_COMMAND_SET, "data.path=a\n\"b\"", NULL, NULL));
  g_assert_true (
      run_control_send (path, RUN_COMMAND_SET, "expedition_cfg.layers=[1,\n2]", &id, NULL));
  g_assert_cmpint (id, ==, 4);
  assert_next (control, 1, RUN_COMMAND_PAUSE, NULL);
  assert_next (control, 2, RUN_COMMAND_SET, "optimizer.lr=0.10000000000000001");
  assert_next (control, 3, RUN_COMMAND_SET, "data.path=a\n\"b\"");
  assert_next (control, 4, RUN_COMMAND_SET, "expedition_cfg.layers=[1,2]");
  assert_none (control);

  append_file (path, "control.jsonl", "{\"command\":\"sto");
  assert_none (control);
  append_file (path, "control.jsonl", "p\"}\n{\"id\":9,\"command\":\"set\"}\nnonsense\n");
  assert_next (control, -1, RUN_COMMAND_STOP, NULL);
  assert_next (control, 9, RUN_COMMAND_WRONG, NULL);
  assert_next (control, -1, RUN_COMMAND_WRONG, NULL);
  g_assert_true (run_control_send (path, RUN_COMMAND_CHECKPOINT, NULL, &id, NULL));
  g_assert_cmpint (id, ==, 10);
}

static void
test_old_commands (void)
{
  g_autofree char *path = fresh_path ();
  g_autoptr (RunFolder) folder = make_run (path);

  g_assert_true (run_control_send (path, RUN_COMMAND_STOP, NULL, NULL, NULL));
  append_file (path, "control.jsonl", "{\"id\":2,\"comm");
  g_autoptr (RunControl) control = run_control_open (path, NULL);
  assert_none (control);
  g_assert_true (run_control_send (path, RUN_COMMAND_RESUME, NULL, NULL, NULL));
  assert_next (control, 2, RUN_COMMAND_RESUME, NULL);
  assert_none (control);
}

static void
test_endless_command (void)
{
  g_autofree char *path = fresh_path ();
  g_autoptr (RunFolder) folder = make_run (path);
  g_autoptr (RunControl) control = run_control_open (path, NULL);
  g_autofree char *endless = g_strnfill (100000, 'x');

  append_file (path, "control.jsonl", endless);
  append_file (path, "control.jsonl", "\n{\"id\":1,\"command\":\"stop\"}\n");
  assert_next (control, -1, RUN_COMMAND_WRONG, NULL);
  assert_next (control, -1, RUN_COMMAND_WRONG, NULL);
  assert_next (control, 1, RUN_COMMAND_STOP, NULL);
}

static void
save_step (const char *run, const char *kind, gint64 step, gsize floats)
{
  g_autofree char *path = run_step_path (run, kind, step);
  g_autofree float *data = g_new0 (float, floats);
  g_autoptr (NnTensorWriter) writer = nn_tensor_writer_new ();
  GError *error = NULL;

  nn_tensor_writer_add (writer, "x", NN_DTYPE_F32, 1, (gint64[]){ (gint64) floats }, data);
  g_assert_true (nn_tensor_writer_save (writer, path, &error));
  g_assert_no_error (error);
}

static void
assert_steps (const char *run, const char *kind, const char *expected)
{
  g_autoptr (GArray) steps = run_steps (run, kind);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < steps->len; i++)
    g_string_append_printf (text, "%s%" G_GINT64_FORMAT, i ? " " : "",
                            g_array_index (steps, gint64, i));
  g_assert_cmpstr (text->str, ==, expected);
}

static void
test_checkpoints (void)
{
  g_autofree char *path = fresh_path ();
  RunFolder *folder = make_run (path);
  g_autofree char *half = run_step_path (path, RUN_CHECKPOINTS, 100);
  g_autofree char *unfinished = g_build_filename (path, "checkpoints/120.safetensors.tmp", NULL);
  g_autoptr (GError) error = NULL;
  NnConfig config;
  gint64 step;

  g_assert_null (run_newest_checkpoint (path, &step, &error));
  g_assert_error (error, RUN_ERROR, RUN_ERROR_NO_CHECKPOINT);
  g_clear_error (&error);
  save_step (path, RUN_CHECKPOINTS, 0, 100);
  save_step (path, RUN_CHECKPOINTS, 20, 100);
  save_step (path, RUN_CHECKPOINTS, 100, 100);
  g_assert_cmpint (truncate (half, 200), ==, 0);
  write_file (path, "checkpoints/120.safetensors.tmp", "half");
  write_file (path, "checkpoints/007.safetensors", "x");
  write_file (path, "checkpoints/-7.safetensors", "x");
  write_file (path, "checkpoints/99999999999999999999.safetensors", "x");
  assert_steps (path, RUN_CHECKPOINTS, "0 20 100");

  g_autofree char *newest = run_newest_checkpoint (path, &step, &error);
  g_assert_no_error (error);
  g_assert_cmpint (step, ==, 20);
  g_autofree char *resolved = run_resolve_checkpoint (path, NULL);
  g_assert_cmpstr (resolved, ==, newest);
  run_folder_free (folder);
  folder = run_folder_open (path, &config, NULL);
  g_assert_false (g_file_test (unfinished, G_FILE_TEST_EXISTS));
  g_assert_true (run_remove_later (path, RUN_CHECKPOINTS, 20, NULL));
  assert_steps (path, RUN_CHECKPOINTS, "0 20");
  run_folder_free (folder);
}

static void
test_resolve (void)
{
  g_autofree char *file = g_build_filename (base, "w.safetensors", NULL);
  g_autofree char *absent = g_build_filename (base, "absent", NULL);
  g_autoptr (GError) error = NULL;

  write_file (base, "w.safetensors", "x");
  g_autofree char *resolved = run_resolve_checkpoint (file, NULL);
  g_assert_cmpstr (resolved, ==, file);
  g_assert_null (run_resolve_checkpoint (absent, &error));
  g_assert_error (error, RUN_ERROR, RUN_ERROR_IO);
  g_clear_error (&error);
  g_assert_null (run_resolve_checkpoint (base, &error));
  g_assert_error (error, RUN_ERROR, RUN_ERROR_NOT_A_RUN);
}

static void
test_thinning (void)
{
  g_autofree char *path = fresh_path ();
  g_autoptr (RunFolder) folder = make_run (path);
  gint64 each = 4096 + 200;

  for (int step = 0; step <= 80; step += 10)
    save_step (path, RUN_SNAPSHOTS, step, 1024);
  g_assert_true (run_thin_snapshots (path, 0, NULL));
  g_assert_true (run_thin_snapshots (path, 9 * each, NULL));
  assert_steps (path, RUN_SNAPSHOTS, "0 10 20 30 40 50 60 70 80");
  g_assert_true (run_thin_snapshots (path, 5 * each, NULL));
  assert_steps (path, RUN_SNAPSHOTS, "0 20 40 60 80");
  save_step (path, RUN_SNAPSHOTS, 90, 1024);
  g_assert_true (run_thin_snapshots (path, 5 * each, NULL));
  assert_steps (path, RUN_SNAPSHOTS, "0 20 40 60 90");
  g_assert_true (run_thin_snapshots (path, 1, NULL));
  assert_steps (path, RUN_SNAPSHOTS, "0 90");
}

int
main (int argc, char **argv)
{
  base = temporary_folder ();
  g_setenv ("XDG_DATA_HOME", base, TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/run/made", test_made);
  g_test_add_func ("/run/default-place", test_default_place);
  g_test_add_func ("/run/in-existing-folder", test_in_existing_folder);
  g_test_add_func ("/run/not-a-run", test_not_a_run);
  g_test_add_func ("/run/two-trainers", test_two_trainers);
  g_test_add_func ("/run/killed-holder", test_killed_holder);
  g_test_add_func ("/run/states", test_states);
  g_test_add_func ("/run/unwritable", test_unwritable);
  g_test_add_func ("/run/full-disk", test_full_disk);
  g_test_add_func ("/run/commands", test_commands);
  g_test_add_func ("/run/old-commands", test_old_commands);
  g_test_add_func ("/run/endless-command", test_endless_command);
  g_test_add_func ("/run/checkpoints", test_checkpoints);
  g_test_add_func ("/run/resolve", test_resolve);
  g_test_add_func ("/run/thinning", test_thinning);
  int status = g_test_run ();
  temporary_remove (base);
  g_free (base);
  return status;
}
