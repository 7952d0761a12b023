/* Retrieval in the window on a device: nano's first weights over a few scenes. */
#include "app/session/retriever.h"
#include "models/cli/device_choice.h"
#include "models/data/import.h"
#include "models/run/steps.h"
#include "models/train/checkpoint.h"
#include "tests/session.h"
#include "tests/temporary.h"

#include <glib/gstdio.h>

static void
save_checkpoint (const char *run, const char *data, gint64 step)
{
  g_autofree char *folder = g_build_filename (run, RUN_CHECKPOINTS, NULL);
  g_autofree char *path = run_step_path (run, RUN_CHECKPOINTS, step);
  g_autoptr (GpuDevice) device = cli_open_device (NULL, NULL);
  const TrainProgress progress = { .step = step };
  GError *error = NULL;
  NnConfig config;

  g_mkdir_with_parents (folder, 0700);
  g_assert_true (nn_config_preset (&config, "nano", NULL));
  g_strlcpy (config.data.path, data, sizeof config.data.path);
  g_autoptr (NnModel) model = nn_model_new (device, &config, NN_USE_TRAINING, &error);
  g_assert_no_error (error);
  g_assert_true (nn_model_init (model, (guint64) step, &error));
  g_assert_true (train_checkpoint_save (path, model, &progress, &error));
}

static gboolean
is_idle (gpointer retriever)
{
  return !wb_retriever_is_busy (retriever);
}

static void
assert_answer (WbRetriever *retriever, gint64 step)
{
  session_wait (is_idle, retriever);
  g_assert_no_error (wb_retriever_get_error (retriever));
  const WbAnswer *answer = wb_retriever_get_answer (retriever);
  g_assert_nonnull (answer);
  g_assert_cmpint (answer->step, ==, step);
  g_assert_cmpuint (answer->student->len, ==, 2);
  g_assert_cmpuint (answer->teacher->len, ==, 2);
  const WbHit *hits = (const WbHit *) answer->student->data;
  g_assert_cmpfloat (hits[0].score, >=, hits[1].score);
  g_assert_true (g_file_test (hits[0].path, G_FILE_TEST_EXISTS));
  g_assert_cmpfloat (answer->encode_ms, >, 0);
}

static void
test_search (void)
{
  g_autofree char *folder = temporary_folder ();
  g_autofree char *data = g_build_filename (folder, "data", NULL);
  g_autofree char *run = session_make_run (folder, "run");
  DataImportSummary summary;
  const DataImportOptions options = { .vocabulary_size = 600 };
  WbRetriever *retriever = wb_retriever_new (NULL);

  g_assert_true (
      data_import_scenes (data, &summary, &(DataScenesSettings){ 60, 32, 0 }, &options, NULL));
  save_checkpoint (run, data, 1);
  wb_retriever_set_run (retriever, run);
  wb_retriever_ask (retriever, "a red circle", 2);
  assert_answer (retriever, 1);
  save_checkpoint (run, data, 2);
  wb_retriever_refresh (retriever);
  assert_answer (retriever, 2);
  g_object_unref (retriever);
  session_idle (500);
  temporary_remove (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/session/search", test_search);
  return g_test_run ();
}
