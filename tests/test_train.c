/* Whole runs of penumbra-cli train on scenes: what they write, what they obey and how they end. */
#include "models/train/forecast.h"
#include "tests/training.h"

#include <glib/gstdio.h>
#include <math.h>
#include <signal.h>
#include <string.h>

static void
test_whole_run (void)
{
  g_autoptr (RunEventReader) reader = training_read_events ("straight");
  g_autofree char *path = training_path ("straight");
  g_autofree char *probe = g_build_filename (path, "probes", "0.png", NULL);
  NnConfig config;
  training_assert_state ("straight", RUN_STATE_FINISHED);
  for (int i = 0; i < TRAINING_STEPS; i++)
    {
      const cJSON *event = training_find_event (reader, "step", i);
      g_assert_cmpint (run_event_whole (event, "step"), ==, i + 1);
      g_assert_cmpint (run_event_whole (event, "samples"), ==, 8 * (i + 1));
      g_assert_true (isfinite (run_event_number (event, "loss")));
      g_assert_cmpfloat (run_event_number (event, "distillation"), >, 0);
      g_assert_cmpfloat (run_event_number (event, "keep_rate"), ==, 0.7);
    }
  g_assert_null (training_find_event (reader, "step", TRAINING_STEPS));
  const cJSON *eval = training_find_event (reader, "eval", -1);
  g_assert_cmpint (run_event_whole (eval, "step"), ==, TRAINING_STEPS);
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
  g_autoptr (RunEventReader) reader = training_read_events ("straight");
  g_autofree char *path = training_path ("straight");
  const gint64 bytes = run_event_whole (training_find_event (reader, "step", 0), "device_bytes");
  NnForecast forecast;
  NnConfig config;
  for (int i = 1; i < TRAINING_STEPS; i++)
    g_assert_cmpint (run_event_whole (training_find_event (reader, "step", i), "device_bytes"), ==,
                     bytes);
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
  g_autoptr (RunEventReader) reader = training_read_events ("straight");
  for (int i = 0; i < (int) G_N_ELEMENTS (steps); i++)
    {
      const cJSON *event = training_find_event (reader, "profile", i);
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
  g_assert_null (training_find_event (reader, "profile", (int) G_N_ELEMENTS (steps)));
}

/* Watchers hear of kernels being compiled from the first to the last, now and then between, and
 * before the first step; of no step, so that a resume leaves it. */
static void
test_compiling (void)
{
  g_autoptr (RunEventReader) reader = training_read_events ("straight");
  const double seconds = run_event_number (training_find_event (reader, "step", 0), "wall");
  const gint64 total = run_event_whole (training_find_event (reader, "compile", 0), "total");
  gint64 before = -1;
  guint n = 0;
  g_assert_cmpint (total, >, 1);
  g_assert_cmpint (run_event_whole (training_find_event (reader, "compile", 0), "done"), ==, 0);
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
  g_autoptr (NnTensorFile) file = training_open_step ("straight", RUN_SNAPSHOTS, TRAINING_STEPS);
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
  g_autoptr (RunEventReader) reader = training_read_events ("straight");
  double first = 0, last = 0;
  for (int i = 0; i < 6; i++)
    {
      first += run_event_number (training_find_event (reader, "step", i), "contrastive");
      last += run_event_number (training_find_event (reader, "step", TRAINING_STEPS - 1 - i),
                                "contrastive");
    }
  g_assert_cmpfloat (last, <, 0.95 * first);
}

static void
send_command (const char *name, RunCommandKind kind, const char *assignment)
{
  g_autofree char *path = training_path (name);
  GError *error = NULL;
  run_control_send (path, kind, assignment, NULL, &error);
  g_assert_no_error (error);
}

static void
test_controlled (void)
{
  GPid pid = training_start (
      "train nano --set data.path=scenes --set schedule.epochs=1000 --run controlled");
  training_wait_for ("controlled", "step", NULL, 2);
  send_command ("controlled", RUN_COMMAND_PAUSE, NULL);
  training_wait_for ("controlled", "state", "paused", 2);
  training_assert_state ("controlled", RUN_STATE_PAUSED);
  send_command ("controlled", RUN_COMMAND_CHECKPOINT, NULL);
  training_wait_for ("controlled", "checkpoint", NULL, 2);
  send_command ("controlled", RUN_COMMAND_SET, "optimizer.lr=0.25");
  send_command ("controlled", RUN_COMMAND_SET, "vision_cfg.width=64");
  training_wait_for ("controlled", "alert", NULL, 2);
  send_command ("controlled", RUN_COMMAND_RESUME, NULL);
  training_wait_for ("controlled", "state", "running", 2);

  g_autoptr (RunEventReader) reader = training_read_events ("controlled");
  const gint64 paused = run_event_whole (training_find_event (reader, "state", -1), "step");
  training_wait_for ("controlled", "step", NULL, paused + 2);
  send_command ("controlled", RUN_COMMAND_STOP, NULL);
  g_assert_cmpint (training_reap (pid), ==, 0);
  training_assert_state ("controlled", RUN_STATE_STOPPED);

  NnConfig config;
  g_autofree char *path = training_path ("controlled");
  g_assert_true (run_load_config (path, &config, NULL));
  g_assert_cmpfloat (config.optimizer.lr, ==, 0.25);
  g_assert_cmpint (config.vision.width, ==, 32);
}

static void
test_two_trainers (void)
{
  g_autofree char *said = NULL, *trained = NULL;
  GPid pid =
      training_start ("train nano --set data.path=scenes --set schedule.epochs=1000 --run busy");
  training_wait_for ("busy", "step", NULL, 1);
  g_assert_cmpint (training_run ("resume busy", &said), ==, 1);
  g_assert_nonnull (strstr (said, "busy"));
  g_assert_cmpint (training_run ("train nano --set data.path=scenes --run busy", &trained), ==, 1);
  g_assert_nonnull (strstr (trained, "busy"));
  kill (pid, SIGTERM);
  g_assert_cmpint (training_reap (pid), ==, 0);
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
      int status = training_run (cases[i].arguments, &said);
      g_test_message ("%s: %d, %s", cases[i].arguments, status, said);
      g_assert_cmpint (status, ==, cases[i].status);
      g_assert_nonnull (strstr (said, cases[i].said));
    }
  g_autofree char *left = training_path ("x");
  g_assert_false (g_file_test (left, G_FILE_TEST_EXISTS));
}

/* Makes the first value of a tensor not a number, as a run does that has diverged. */
static void
spoil (const char *name, gint64 step, const char *tensor)
{
  g_autoptr (NnTensorFile) tensors = training_open_step (name, RUN_CHECKPOINTS, step);
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
  g_autofree char *train = training_arguments ("diverged", 9);
  g_assert_cmpint (training_run (train, NULL), ==, 0);
  spoil ("diverged", 9, "visual.proj");
  g_assert_cmpint (training_run ("resume diverged --steps 24", &said), ==, 1);
  g_assert_nonnull (strstr (said, "optimizer.lr"));
  training_assert_state ("diverged", RUN_STATE_FAILED);
}

static void
test_stretched (void)
{
  g_autofree char *said = NULL;
  g_autofree char *path = training_path ("stretched");
  NnConfig config;
  g_assert_cmpint (
      training_run ("train nano --set data.path=scenes --set schedule.epochs=1 --steps 14 "
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
      g_assert_cmpint (training_run (arguments, NULL), ==, 0);
      g_autoptr (RunEventReader) reader = training_read_events (name);
      const cJSON *last = training_find_event (reader, "step", -1);
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
  training_begin ();
  g_test_add_func ("/train/whole-run", test_whole_run);
  g_test_add_func ("/train/memory", test_memory);
  g_test_add_func ("/train/profiles", test_profiles);
  g_test_add_func ("/train/compiling", test_compiling);
  g_test_add_func ("/train/snapshot", test_snapshot);
  g_test_add_func ("/train/learns", test_learns);
  g_test_add_func ("/train/controlled", test_controlled);
  g_test_add_func ("/train/two-trainers", test_two_trainers);
  g_test_add_func ("/train/refused", test_refused);
  g_test_add_func ("/train/diverged", test_diverged);
  g_test_add_func ("/train/stretched", test_stretched);
  g_test_add_func ("/train/methods", test_methods);
  const int status = g_test_run ();
  training_end ();
  return status;
}
