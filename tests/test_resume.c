/* Runs of penumbra-cli train that end early, and resume: killed at any moment, a run goes on to the
 * same bits. */
#include "tests/temporary.h"
#include "tests/training.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Losses and norms of every step, to the last digit. */
static char *
trace (const char *name)
{
  g_autoptr (RunEventReader) reader = training_read_events (name);
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < run_event_reader_count (reader); i++)
    {
      const cJSON *event = run_event_reader_get (reader, i);
      if (strcmp (run_event_text (event, "type"), "step") == 0)
        g_string_append_printf (
            text, "%" G_GINT64_FORMAT " %.9g %.9g %.9g %.9g %.9g\n",
            run_event_whole (event, "step"), run_event_number (event, "loss"),
            run_event_number (event, "contrastive"), run_event_number (event, "distillation"),
            run_event_number (event, "grad_norm"), run_event_number (event, "lr"));
    }
  return g_string_free (text, FALSE);
}

static void
assert_same_tensors (const char *a, const char *b, const char *kind, gint64 step)
{
  g_autoptr (NnTensorFile) x = training_open_step (a, kind, step);
  g_autoptr (NnTensorFile) y = training_open_step (b, kind, step);
  g_assert_cmpuint (nn_tensor_file_count (x), ==, nn_tensor_file_count (y));
  for (guint i = 0; i < nn_tensor_file_count (x); i++)
    {
      const NnFileTensor *p = nn_tensor_file_get (x, i);
      const NnFileTensor *q = nn_tensor_file_find (y, p->name);
      g_assert_nonnull (q);
      g_assert_cmpmem (p->data, p->bytes, q->data, q->bytes);
    }
}

static void
assert_same_run (const char *a, const char *b)
{
  g_autofree char *x = trace (a), *y = trace (b);
  g_assert_cmpstr (x, ==, y);
  assert_same_tensors (a, b, RUN_CHECKPOINTS, TRAINING_STEPS);
  assert_same_tensors (a, b, RUN_SNAPSHOTS, TRAINING_STEPS);
}

static void
test_killed (void)
{
  static const gint64 moments[] = { 0, 4, 13, 21 };
  g_autofree char *train = training_arguments ("killed", TRAINING_STEPS);
  const char *arguments = train;
  for (guint i = 0; i < G_N_ELEMENTS (moments); i++)
    {
      GPid pid = training_start (arguments);
      training_wait_for ("killed", moments[i] ? "step" : "state", NULL, moments[i]);
      kill (pid, SIGKILL);
      g_assert_true (WIFSIGNALED (training_reap (pid)));
      training_assert_state ("killed", RUN_STATE_KILLED);
      arguments = "resume killed";
    }
  g_assert_cmpint (training_run ("resume killed", NULL), ==, 0);
  training_assert_state ("killed", RUN_STATE_FINISHED);
  assert_same_run ("straight", "killed");
}

static void
test_fewer_steps_then_the_rest (void)
{
  g_autofree char *train = training_arguments ("parts", 9);
  g_autofree char *resume = g_strdup_printf ("resume parts --steps %d", TRAINING_STEPS);
  g_assert_cmpint (training_run (train, NULL), ==, 0);
  training_assert_state ("parts", RUN_STATE_FINISHED);
  g_assert_cmpint (training_run (resume, NULL), ==, 0);
  assert_same_run ("straight", "parts");
}

/* The newest checkpoint is damaged and the last event torn: an older one and whole lines serve. */
static void
test_damaged (void)
{
  g_autofree char *train = training_arguments ("damaged", TRAINING_STEPS);
  g_autofree char *path = training_path ("damaged");
  g_autofree char *events = g_build_filename (path, "events.jsonl", NULL);
  g_autofree char *newest = run_step_path (path, RUN_CHECKPOINTS, TRAINING_STEPS);
  g_assert_cmpint (training_run (train, NULL), ==, 0);
  g_assert_cmpint (truncate (newest, 1000), ==, 0);
  FILE *file = g_fopen (events, "a");
  fputs ("{\"type\":\"step\",\"step\":25,\"lo", file);
  fclose (file);
  g_assert_cmpint (training_run ("resume damaged", NULL), ==, 0);
  assert_same_run ("straight", "damaged");
}

/* The pictures' list is another one: nothing of the run changes. */
static void
test_changed_data (void)
{
  g_autofree char *said = NULL, *before = NULL, *after = NULL;
  g_autofree char *config = training_path ("changed/config.json");
  g_assert_cmpint (training_run ("data import scenes --out other --count 100 --size 32", NULL), ==,
                   0);
  g_assert_cmpint (training_run ("train nano --set data.path=other --steps 2 --run changed", NULL),
                   ==, 0);
  g_assert_true (g_file_get_contents (config, &before, NULL, NULL));
  g_autofree char *data = training_path ("other"), *old = training_path ("as-it-was");
  g_assert_cmpint (g_rename (data, old), ==, 0);
  g_assert_cmpint (training_run ("data import scenes --out other --count 90 --size 32", NULL), ==,
                   0);
  g_assert_cmpint (training_run ("resume changed --steps 4", &said), ==, 1);
  g_assert_nonnull (strstr (said, "other"));
  g_assert_nonnull (strstr (said, "import it again"));
  g_assert_true (g_file_get_contents (config, &after, NULL, NULL));
  g_assert_cmpstr (after, ==, before);
}

/* --steps is the total: fewer than there are is a mistake, as many is nothing to do. */
static void
test_fewer_than_made (void)
{
  g_autofree char *said = NULL;
  g_assert_cmpint (training_run ("resume straight --steps 3", &said), ==, 2);
  g_assert_nonnull (strstr (said, "run.steps is 3"));
  g_assert_nonnull (strstr (said, "24"));
  training_assert_state ("straight", RUN_STATE_FINISHED);
  g_assert_cmpint (training_run ("resume straight", NULL), ==, 0);
  training_assert_state ("straight", RUN_STATE_FINISHED);
}

/* Forgets the evaluations, as if the run had been stopped within the last: a resume makes it up. */
static void
test_evaluates_late (void)
{
  g_autofree char *train = training_arguments ("late", 11);
  g_autofree char *events = training_path ("late/events.jsonl");
  g_autofree char *text = NULL;
  g_assert_cmpint (training_run (train, NULL), ==, 0);
  g_assert_true (g_file_get_contents (events, &text, NULL, NULL));
  for (char *at = text; (at = strstr (at, "\"type\":\"eval\"")); at++)
    memcpy (at, "\"type\":\"gone\"", strlen ("\"type\":\"gone\""));
  g_assert_true (g_file_set_contents (events, text, -1, NULL));
  g_assert_cmpint (training_run ("resume late", NULL), ==, 0);
  g_autoptr (RunEventReader) reader = training_read_events ("late");
  const cJSON *eval = training_find_event (reader, "eval", -1);
  g_assert_nonnull (eval);
  g_assert_cmpint (run_event_whole (eval, "step"), ==, 11);
}

static void
test_interrupted (void)
{
  g_autofree char *train = training_arguments ("interrupted", TRAINING_STEPS);
  g_autofree char *path = training_path ("interrupted");
  GPid pid = training_start (train);
  training_wait_for ("interrupted", "step", NULL, 3);
  kill (pid, SIGINT);
  int status = training_reap (pid);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);
  training_assert_state ("interrupted", RUN_STATE_STOPPED);

  gint64 step = 0;
  g_autofree char *checkpoint = run_newest_checkpoint (path, &step, NULL);
  g_autoptr (RunEventReader) reader = training_read_events ("interrupted");
  g_assert_cmpint (step, ==, run_event_whole (training_find_event (reader, "step", -1), "step"));
  g_assert_cmpint (training_run ("resume interrupted", NULL), ==, 0);
  assert_same_run ("straight", "interrupted");
}

/* A disk that fills up during training: one line, what was written stays whole, and with room again
 * the run goes on. */
static void
test_full_disk (void)
{
  g_autofree char *path = training_path ("small");
  g_autofree char *said = NULL;
  g_assert_cmpint (g_mkdir (path, 0755), ==, 0);
  if (!temporary_mount (path, 2500000))
    return;
  g_autofree char *train = training_arguments ("small/run", TRAINING_STEPS);
  g_assert_cmpint (training_run (train, &said), ==, 1);
  g_assert_nonnull (strstr (said, "No space left"));
  g_assert_nonnull (strstr (said, "resume"));

  gint64 step = -1;
  g_autofree char *run_path = g_build_filename (path, "run", NULL);
  g_autofree char *checkpoint = run_newest_checkpoint (run_path, &step, NULL);
  g_assert_nonnull (checkpoint);
  g_autofree char *moved = training_path ("moved");
  g_autofree char *copy = g_strdup_printf ("cp -r '%s' '%s'", run_path, moved);
  g_assert_cmpint (system (copy), ==, 0);
  temporary_unmount (path);
  g_assert_cmpint (training_run ("resume moved", NULL), ==, 0);
  assert_same_run ("straight", "moved");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  training_begin ();
  g_test_add_func ("/resume/killed", test_killed);
  g_test_add_func ("/resume/fewer-steps-then-the-rest", test_fewer_steps_then_the_rest);
  g_test_add_func ("/resume/damaged", test_damaged);
  g_test_add_func ("/resume/changed-data", test_changed_data);
  g_test_add_func ("/resume/fewer-than-made", test_fewer_than_made);
  g_test_add_func ("/resume/evaluates-late", test_evaluates_late);
  g_test_add_func ("/resume/interrupted", test_interrupted);
  g_test_add_func ("/resume/full-disk", test_full_disk);
  const int status = g_test_run ();
  training_end ();
  return status;
}
