/* Whole runs of penumbra-cli train and resume on scenes: what they write, how they end, and that a
 * run killed at any moment goes on to the same bits. */
#include "models/nn/safetensors.h"
#include "models/run/control.h"
#include "models/run/events.h"
#include "models/run/folder.h"
#include "models/run/steps.h"
#include "models/train/forecast.h"
#include "tests/command.h"
#include "tests/temporary.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define STEPS 24 /* of 33: three epochs of 11 */

static char *folder;

static char *
in_folder (const char *name)
{
  return g_build_filename (folder, name, NULL);
}

/* Runs to the end in the temporary folder; the exit status. `err` may be NULL. */
static int
run (const char *arguments, char **err)
{
  g_autofree char *said = NULL;
  const int status = command_run (folder, arguments, NULL, &said);
  if (status != 0 && !err)
    g_test_message ("%s: %s", arguments, said);
  if (err)
    *err = g_steal_pointer (&said);
  return status;
}

static char *
train_arguments (const char *name, int steps)
{
  return g_strdup_printf ("train nano --set data.path=scenes --set schedule.epochs=3 "
                          "--set run.seed=5 --run %s --steps %d",
                          name, steps);
}

static GPid
start (const char *arguments)
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

static int
reap (GPid pid)
{
  int status;
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  return status;
}

static RunEventReader *
read_events (const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, "events.jsonl", NULL);
  RunEventReader *reader = run_event_reader_new (path);
  g_assert_true (run_event_reader_poll (reader, NULL, NULL));
  return reader;
}

/* The n-th event (from the end where n < 0) of a type, or NULL. */
static const cJSON *
find_event (RunEventReader *reader, const char *type, int n)
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

/* Waits until a run has written an event of this type at this step or a later one. */
static void
wait_for (const char *name, const char *type, const char *state, gint64 step)
{
  const gint64 deadline = g_get_monotonic_time () + 100 * G_USEC_PER_SEC;
  for (;;)
    {
      g_autoptr (RunEventReader) reader = read_events (name);
      const cJSON *event = find_event (reader, type, -1);
      if (event && run_event_whole (event, "step") >= step
          && (!state || g_strcmp0 (run_event_text (event, "state"), state) == 0))
        return;
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
      g_usleep (2000);
    }
}

static void
assert_state (const char *name, RunState expected)
{
  g_autofree char *path = in_folder (name);
  RunState state;
  GError *error = NULL;
  run_state (path, &state, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (run_state_name (state), ==, run_state_name (expected));
}

/* Losses and norms of every step, to the last digit. */
static char *
trace (const char *name)
{
  g_autoptr (RunEventReader) reader = read_events (name);
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

static NnTensorFile *
open_step (const char *name, const char *kind, gint64 step)
{
  g_autofree char *path = in_folder (name);
  g_autofree char *file = run_step_path (path, kind, step);
  GError *error = NULL;
  NnTensorFile *tensors = nn_tensor_file_open (file, &error);
  g_assert_no_error (error);
  return tensors;
}

static void
assert_same_tensors (const char *a, const char *b, const char *kind, gint64 step)
{
  g_autoptr (NnTensorFile) x = open_step (a, kind, step);
  g_autoptr (NnTensorFile) y = open_step (b, kind, step);
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
  assert_same_tensors (a, b, RUN_CHECKPOINTS, STEPS);
  assert_same_tensors (a, b, RUN_SNAPSHOTS, STEPS);
}

static void
test_whole_run (void)
{
  g_autoptr (RunEventReader) reader = read_events ("straight");
  g_autofree char *path = in_folder ("straight");
  g_autofree char *probe = g_build_filename (path, "probes", "0.png", NULL);
  NnConfig config;
  assert_state ("straight", RUN_STATE_FINISHED);
  for (int i = 0; i < STEPS; i++)
    {
      const cJSON *event = find_event (reader, "step", i);
      g_assert_cmpint (run_event_whole (event, "step"), ==, i + 1);
      g_assert_cmpint (run_event_whole (event, "samples"), ==, 8 * (i + 1));
      g_assert_true (isfinite (run_event_number (event, "loss")));
      g_assert_cmpfloat (run_event_number (event, "distillation"), >, 0);
      g_assert_cmpfloat (run_event_number (event, "keep_rate"), ==, 0.7);
    }
  g_assert_null (find_event (reader, "step", STEPS));
  const cJSON *eval = find_event (reader, "eval", -1);
  g_assert_cmpint (run_event_whole (eval, "step"), ==, STEPS);
  g_assert_cmpstr (run_event_text (eval, "encoder"), ==, "teacher");
  g_assert_cmpfloat (run_event_number (eval, "t2i_r10"), >=, 0);

  g_assert_true (run_load_config (path, &config, NULL));
  g_assert_cmpint (config.schedule.horizon, ==, 33);
  g_assert_cmpstr (config.run.device, !=, "");
  g_assert_true (g_file_test (probe, G_FILE_TEST_EXISTS));
}

/* What was foretold is taken, and the same through all evaluations and snapshots. */
static void
test_memory (void)
{
  g_autoptr (RunEventReader) reader = read_events ("straight");
  g_autofree char *path = in_folder ("straight");
  const gint64 bytes = run_event_whole (find_event (reader, "step", 0), "device_bytes");
  NnForecast forecast;
  NnConfig config;
  for (int i = 1; i < STEPS; i++)
    g_assert_cmpint (run_event_whole (find_event (reader, "step", i), "device_bytes"), ==, bytes);
  g_assert_true (run_load_config (path, &config, NULL));
  train_forecast (&forecast, &config, TRUE);
  g_assert_cmpfloat ((double) bytes, <=, 1.1 * (double) forecast.device_bytes);
  g_assert_cmpfloat ((double) bytes, >=, 0.9 * (double) forecast.device_bytes);
}

/* An early step and the last of each epoch (of 11 here) say where their time went. */
static void
test_profiles (void)
{
  static const gint64 steps[] = { 10, 11, 22 };
  g_autoptr (RunEventReader) reader = read_events ("straight");
  for (int i = 0; i < (int) G_N_ELEMENTS (steps); i++)
    {
      const cJSON *event = find_event (reader, "profile", i);
      const cJSON *kernels = cJSON_GetObjectItem (event, "kernels");
      const cJSON *kernel;
      double share = 0, before = INFINITY;
      g_assert_cmpint (run_event_whole (event, "step"), ==, steps[i]);
      g_assert_cmpint (cJSON_GetArraySize (kernels), >, 10);
      cJSON_ArrayForEach (kernel, kernels)
      {
        const double ms = run_event_number (kernel, "ms");
        g_assert_nonnull (run_event_text (kernel, "kernel"));
        g_assert_cmpint (run_event_whole (kernel, "calls"), >, 0);
        g_assert_true (ms > 0 && ms <= before);
        g_assert_cmpfloat (run_event_number (kernel, "gflops"), >=, 0);
        g_assert_cmpfloat (run_event_number (kernel, "gb_per_s"), >, 0);
        share += run_event_number (kernel, "share");
        before = ms;
      }
      g_assert_cmpfloat_with_epsilon (share, 1, 1e-6);
    }
  g_assert_null (find_event (reader, "profile", (int) G_N_ELEMENTS (steps)));
}

/* Watchers hear of kernels being compiled from the first to the last, now and then between, and
 * before the first step; of no step, so that a resume leaves it. */
static void
test_compiling (void)
{
  g_autoptr (RunEventReader) reader = read_events ("straight");
  const double seconds = run_event_number (find_event (reader, "step", 0), "wall");
  const gint64 total = run_event_whole (find_event (reader, "compile", 0), "total");
  gint64 before = -1;
  guint n = 0;
  g_assert_cmpint (total, >, 1);
  g_assert_cmpint (run_event_whole (find_event (reader, "compile", 0), "done"), ==, 0);
  for (guint i = 0; i < run_event_reader_count (reader); i++)
    {
      const cJSON *event = run_event_reader_get (reader, i);
      const gint64 done = run_event_whole (event, "done");
      if (strcmp (run_event_text (event, "type"), "step") == 0)
        break;
      if (strcmp (run_event_text (event, "type"), "compile") != 0)
        continue;
      g_assert_cmpint (run_event_whole (event, "total"), ==, total);
      g_assert_cmpint (run_event_whole (event, "step"), ==, -1);
      g_assert_cmpint (done, >, before);
      before = done;
      n++;
    }
  g_assert_cmpint (before, ==, total);
  g_assert_cmpfloat (n, <=, 2 + 4 * seconds);
}

static void
test_snapshot (void)
{
  g_autoptr (NnTensorFile) file = open_step ("straight", RUN_SNAPSHOTS, STEPS);
  const NnFileTensor *student = nn_tensor_file_find (file, "student");
  const NnFileTensor *kept = nn_tensor_file_find (file, "kept.1");
  const NnFileTensor *attention = nn_tensor_file_find (file, "attention.1");
  g_assert_nonnull (nn_tensor_file_find (file, "teacher"));
  g_assert_nonnull (nn_tensor_file_find (file, "text"));
  g_assert_cmpint (attention->shape[1], ==, 16); /* 32 px in patches of 8 */
  g_assert_cmpint (kept->shape[1], ==, 12);      /* ceil (0.7 * 16) */

  g_autofree float *values = g_new (float, student->elements);
  g_autofree gint32 *patches = g_new (gint32, kept->elements);
  g_assert_true (nn_tensor_file_read_f32 (file, "student", values, student->elements, NULL));
  g_assert_true (nn_tensor_file_read_i32 (file, "kept.1", patches, kept->elements, NULL));
  double square = 0;
  for (gint64 i = 0; i < student->shape[1]; i++)
    square += (double) values[i] * values[i];
  g_assert_cmpfloat_with_epsilon (square, 1, 1e-5);
  for (gsize i = 0; i < kept->elements; i++)
    g_assert_true (patches[i] >= 0 && patches[i] < 16);
}

/* Learning is no accident: the mean loss of the last steps is well below that of the first. */
static void
test_learns (void)
{
  g_autoptr (RunEventReader) reader = read_events ("straight");
  double first = 0, last = 0;
  for (int i = 0; i < 6; i++)
    {
      first += run_event_number (find_event (reader, "step", i), "contrastive");
      last += run_event_number (find_event (reader, "step", STEPS - 1 - i), "contrastive");
    }
  g_assert_cmpfloat (last, <, 0.95 * first);
}

static void
test_killed (void)
{
  static const gint64 moments[] = { 0, 4, 13, 21 };
  g_autofree char *train = train_arguments ("killed", STEPS);
  const char *arguments = train;
  for (guint i = 0; i < G_N_ELEMENTS (moments); i++)
    {
      GPid pid = start (arguments);
      wait_for ("killed", moments[i] ? "step" : "state", NULL, moments[i]);
      kill (pid, SIGKILL);
      g_assert_true (WIFSIGNALED (reap (pid)));
      assert_state ("killed", RUN_STATE_KILLED);
      arguments = "resume killed";
    }
  g_assert_cmpint (run ("resume killed", NULL), ==, 0);
  assert_state ("killed", RUN_STATE_FINISHED);
  assert_same_run ("straight", "killed");
}

static void
test_fewer_steps_then_the_rest (void)
{
  g_autofree char *train = train_arguments ("parts", 9);
  g_autofree char *resume = g_strdup_printf ("resume parts --steps %d", STEPS);
  g_assert_cmpint (run (train, NULL), ==, 0);
  assert_state ("parts", RUN_STATE_FINISHED);
  g_assert_cmpint (run (resume, NULL), ==, 0);
  assert_same_run ("straight", "parts");
}

/* The newest checkpoint is damaged and the last event torn: an older one and whole lines serve. */
static void
test_damaged (void)
{
  g_autofree char *train = train_arguments ("damaged", STEPS);
  g_autofree char *path = in_folder ("damaged");
  g_autofree char *events = g_build_filename (path, "events.jsonl", NULL);
  g_autofree char *newest = run_step_path (path, RUN_CHECKPOINTS, STEPS);
  g_assert_cmpint (run (train, NULL), ==, 0);
  g_assert_cmpint (truncate (newest, 1000), ==, 0);
  FILE *file = g_fopen (events, "a");
  fputs ("{\"type\":\"step\",\"step\":25,\"lo", file);
  fclose (file);
  g_assert_cmpint (run ("resume damaged", NULL), ==, 0);
  assert_same_run ("straight", "damaged");
}

/* The pictures' list is another one: nothing of the run changes. */
static void
test_changed_data (void)
{
  g_autofree char *said = NULL, *before = NULL, *after = NULL;
  g_autofree char *config = g_build_filename (folder, "changed", "config.json", NULL);
  g_assert_cmpint (run ("data import scenes --out other --count 100 --size 32", NULL), ==, 0);
  g_assert_cmpint (run ("train nano --set data.path=other --steps 2 --run changed", NULL), ==, 0);
  g_assert_true (g_file_get_contents (config, &before, NULL, NULL));
  g_autofree char *data = in_folder ("other"), *old = in_folder ("as-it-was");
  g_assert_cmpint (g_rename (data, old), ==, 0);
  g_assert_cmpint (run ("data import scenes --out other --count 90 --size 32", NULL), ==, 0);
  g_assert_cmpint (run ("resume changed --steps 4", &said), ==, 1);
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
  g_assert_cmpint (run ("resume straight --steps 3", &said), ==, 2);
  g_assert_nonnull (strstr (said, "run.steps is 3"));
  g_assert_nonnull (strstr (said, "24"));
  assert_state ("straight", RUN_STATE_FINISHED);
  g_assert_cmpint (run ("resume straight", NULL), ==, 0);
  assert_state ("straight", RUN_STATE_FINISHED);
}

/* Forgets the evaluations, as if the run had been stopped within the last: a resume makes it up. */
static void
test_evaluates_late (void)
{
  g_autofree char *train = train_arguments ("late", 11);
  g_autofree char *events = g_build_filename (folder, "late", "events.jsonl", NULL);
  g_autofree char *text = NULL;
  g_assert_cmpint (run (train, NULL), ==, 0);
  g_assert_true (g_file_get_contents (events, &text, NULL, NULL));
  for (char *at = text; (at = strstr (at, "\"type\":\"eval\"")); at++)
    memcpy (at, "\"type\":\"gone\"", strlen ("\"type\":\"gone\""));
  g_assert_true (g_file_set_contents (events, text, -1, NULL));
  g_assert_cmpint (run ("resume late", NULL), ==, 0);
  g_autoptr (RunEventReader) reader = read_events ("late");
  const cJSON *eval = find_event (reader, "eval", -1);
  g_assert_nonnull (eval);
  g_assert_cmpint (run_event_whole (eval, "step"), ==, 11);
}

static void
test_interrupted (void)
{
  g_autofree char *train = train_arguments ("interrupted", STEPS);
  g_autofree char *path = in_folder ("interrupted");
  GPid pid = start (train);
  wait_for ("interrupted", "step", NULL, 3);
  kill (pid, SIGINT);
  int status = reap (pid);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);
  assert_state ("interrupted", RUN_STATE_STOPPED);

  gint64 step = 0;
  g_autofree char *checkpoint = run_newest_checkpoint (path, &step, NULL);
  g_autoptr (RunEventReader) reader = read_events ("interrupted");
  g_assert_cmpint (step, ==, run_event_whole (find_event (reader, "step", -1), "step"));
  g_assert_cmpint (run ("resume interrupted", NULL), ==, 0);
  assert_same_run ("straight", "interrupted");
}

static void
send_command (const char *name, RunCommandKind kind, const char *assignment)
{
  g_autofree char *path = in_folder (name);
  GError *error = NULL;
  run_control_send (path, kind, assignment, NULL, &error);
  g_assert_no_error (error);
}

static void
test_controlled (void)
{
  GPid pid =
      start ("train nano --set data.path=scenes --set schedule.epochs=1000 --run controlled");
  wait_for ("controlled", "step", NULL, 2);
  send_command ("controlled", RUN_COMMAND_PAUSE, NULL);
  wait_for ("controlled", "state", "paused", 2);
  assert_state ("controlled", RUN_STATE_PAUSED);
  send_command ("controlled", RUN_COMMAND_CHECKPOINT, NULL);
  wait_for ("controlled", "checkpoint", NULL, 2);
  send_command ("controlled", RUN_COMMAND_SET, "optimizer.lr=0.25");
  send_command ("controlled", RUN_COMMAND_SET, "vision_cfg.width=64");
  wait_for ("controlled", "alert", NULL, 2);
  send_command ("controlled", RUN_COMMAND_RESUME, NULL);
  wait_for ("controlled", "state", "running", 2);

  g_autoptr (RunEventReader) reader = read_events ("controlled");
  const gint64 paused = run_event_whole (find_event (reader, "state", -1), "step");
  wait_for ("controlled", "step", NULL, paused + 2);
  send_command ("controlled", RUN_COMMAND_STOP, NULL);
  g_assert_cmpint (reap (pid), ==, 0);
  assert_state ("controlled", RUN_STATE_STOPPED);

  NnConfig config;
  g_autofree char *path = in_folder ("controlled");
  g_assert_true (run_load_config (path, &config, NULL));
  g_assert_cmpfloat (config.optimizer.lr, ==, 0.25);
  g_assert_cmpint (config.vision.width, ==, 32);
}

static void
test_two_trainers (void)
{
  g_autofree char *said = NULL, *trained = NULL;
  GPid pid = start ("train nano --set data.path=scenes --set schedule.epochs=1000 --run busy");
  wait_for ("busy", "step", NULL, 1);
  g_assert_cmpint (run ("resume busy", &said), ==, 1);
  g_assert_nonnull (strstr (said, "busy"));
  g_assert_cmpint (run ("train nano --set data.path=scenes --run busy", &trained), ==, 1);
  g_assert_nonnull (strstr (trained, "busy"));
  kill (pid, SIGTERM);
  g_assert_cmpint (reap (pid), ==, 0);
}

/* A disk that fills up during training: one line, what was written stays whole, and with room again
 * the run goes on. */
static void
test_full_disk (void)
{
  g_autofree char *path = in_folder ("small");
  g_autofree char *said = NULL;
  g_assert_cmpint (g_mkdir (path, 0755), ==, 0);
  if (!temporary_mount (path, 2500000))
    return;
  g_autofree char *train = train_arguments ("small/run", STEPS);
  g_assert_cmpint (run (train, &said), ==, 1);
  g_assert_nonnull (strstr (said, "No space left"));
  g_assert_nonnull (strstr (said, "resume"));

  gint64 step = -1;
  g_autofree char *run_path = g_build_filename (path, "run", NULL);
  g_autofree char *checkpoint = run_newest_checkpoint (run_path, &step, NULL);
  g_assert_nonnull (checkpoint);
  g_autofree char *moved = in_folder ("moved");
  g_autofree char *copy = g_strdup_printf ("cp -r '%s' '%s'", run_path, moved);
  g_assert_cmpint (system (copy), ==, 0);
  temporary_unmount (path);
  g_assert_cmpint (run ("resume moved", NULL), ==, 0);
  assert_same_run ("straight", "moved");
}

static void
test_refused (void)
{
  static const struct
  {
    const char *arguments;
    int status;
    const char *said;
  } cases[] = {
    { "train nano", 2, "data.path" },
    { "train nano --set data.path=nowhere --run x", 1, "nowhere" },
    { "train nano --set data.path=scenes --set schedule.batch_size=4096 --run x", 1, "4096" },
    { "train nano --set data.path=scenes --set text_cfg.vocab_size=100 --run x", 1, "vocab_size" },
    { "train nano --set data.path=scenes --set vision_cfg.width=33 --run x", 2, "width" },
    { "train nano --set data.path=scenes --run x --device no-such-device", 2, "no-such-device" },
    { "train nano --set data.path=scenes --run /proc/nothing/run", 1, "/proc/nothing" },
    { "train missing.json --set data.path=scenes", 2, "missing.json" },
    { "train no-such-preset", 2, "no-such-preset" },
    { "train nano --steps -1", 2, "-1" },
    { "train nano --steps 9007199254740993", 2, "9007199254740992" },
    { "train", 2, "CONFIG" },
    { "resume nowhere", 1, "nowhere" },
    { "resume scenes", 1, "scenes" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *said = NULL;
      int status = run (cases[i].arguments, &said);
      g_test_message ("%s: %d, %s", cases[i].arguments, status, said);
      g_assert_cmpint (status, ==, cases[i].status);
      g_assert_nonnull (strstr (said, cases[i].said));
    }
  g_autofree char *left = in_folder ("x");
  g_assert_false (g_file_test (left, G_FILE_TEST_EXISTS));
}

/* Makes the first value of a tensor not a number, as a run does that has diverged. */
static void
spoil (const char *name, gint64 step, const char *tensor)
{
  g_autoptr (NnTensorFile) tensors = open_step (name, RUN_CHECKPOINTS, step);
  const char *first = nn_tensor_file_get (tensors, 0)->data;
  const char *target = nn_tensor_file_find (tensors, tensor)->data;
  const float nan = NAN;
  guint64 header = 0;
  FILE *file = g_fopen (nn_tensor_file_path (tensors), "r+");
  g_assert_cmpuint (fread (&header, sizeof header, 1, file), ==, 1);
  g_assert_cmpint (fseek (file, (long) (8 + GUINT64_FROM_LE (header)) + (target - first), SEEK_SET),
                   ==, 0);
  g_assert_cmpuint (fwrite (&nan, sizeof nan, 1, file), ==, 1);
  g_assert_cmpint (fclose (file), ==, 0);
}

static void
test_diverged (void)
{
  g_autofree char *said = NULL;
  g_autofree char *train = train_arguments ("diverged", 9);
  g_assert_cmpint (run (train, NULL), ==, 0);
  spoil ("diverged", 9, "visual.proj");
  g_assert_cmpint (run ("resume diverged --steps 24", &said), ==, 1);
  g_assert_nonnull (strstr (said, "optimizer.lr"));
  assert_state ("diverged", RUN_STATE_FAILED);
}

static void
test_stretched (void)
{
  g_autofree char *said = NULL;
  g_autofree char *path = in_folder ("stretched");
  NnConfig config;
  g_assert_cmpint (run ("train nano --set data.path=scenes --set schedule.epochs=1 --steps 14 "
                        "--run stretched",
                        &said),
                   ==, 0);
  g_assert_nonnull (strstr (said, "stretched"));
  g_assert_true (run_load_config (path, &config, NULL));
  g_assert_cmpint (config.schedule.horizon, ==, 14);
}

/* The other methods of the same code: clip and evit, and a keep rate that is warmed up. */
static void
test_methods (void)
{
  static const char *const sets[] = {
    "--set distill_cfg.teacher=none",
    "--set distill_cfg.teacher=none --set expedition_cfg.method=none",
    "--set expedition_cfg.keep_rate=1",
    "--set expedition_cfg.warmup_start=0.2 --set expedition_cfg.warmup_span=0.5",
    "--set data.crop_scale=0.8 --set quick_gelu=true",
    "--set distill_cfg.momentum_schedule=cosine --set optimizer.grad_clip_norm=0.5",
  };
  for (guint i = 0; i < G_N_ELEMENTS (sets); i++)
    {
      g_autofree char *arguments = g_strdup_printf (
          "train nano --set data.path=scenes --steps 11 --run method-%u %s", i, sets[i]);
      g_autofree char *name = g_strdup_printf ("method-%u", i);
      g_assert_cmpint (run (arguments, NULL), ==, 0);
      g_autoptr (RunEventReader) reader = read_events (name);
      const cJSON *last = find_event (reader, "step", -1);
      g_assert_cmpint (run_event_whole (last, "step"), ==, 11);
      g_assert_cmpfloat (run_event_number (last, "keep_rate"), ==, i == 1 || i == 2 ? 1 : 0.7);
      if (i < 2)
        g_assert_cmpfloat (run_event_number (last, "distillation"), ==, 0);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  folder = temporary_folder ();
  g_autofree char *straight = train_arguments ("straight", STEPS);
  g_assert_cmpint (run ("data import scenes --out scenes --count 100 --size 32", NULL), ==, 0);
  g_assert_cmpint (run (straight, NULL), ==, 0);

  g_test_add_func ("/train/whole-run", test_whole_run);
  g_test_add_func ("/train/memory", test_memory);
  g_test_add_func ("/train/profiles", test_profiles);
  g_test_add_func ("/train/compiling", test_compiling);
  g_test_add_func ("/train/snapshot", test_snapshot);
  g_test_add_func ("/train/learns", test_learns);
  g_test_add_func ("/train/killed", test_killed);
  g_test_add_func ("/train/fewer-steps-then-the-rest", test_fewer_steps_then_the_rest);
  g_test_add_func ("/train/damaged", test_damaged);
  g_test_add_func ("/train/changed-data", test_changed_data);
  g_test_add_func ("/train/fewer-than-made", test_fewer_than_made);
  g_test_add_func ("/train/evaluates-late", test_evaluates_late);
  g_test_add_func ("/train/interrupted", test_interrupted);
  g_test_add_func ("/train/controlled", test_controlled);
  g_test_add_func ("/train/two-trainers", test_two_trainers);
  g_test_add_func ("/train/full-disk", test_full_disk);
  g_test_add_func ("/train/refused", test_refused);
  g_test_add_func ("/train/diverged", test_diverged);
  g_test_add_func ("/train/stretched", test_stretched);
  g_test_add_func ("/train/methods", test_methods);
  int status = g_test_run ();
  temporary_remove (folder);
  g_free (folder);
  return status;
}
