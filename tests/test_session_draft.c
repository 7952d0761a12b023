/* A run being put together: what is wrong with it, what it will take; and data for it. */
#include "app/session/draft.h"
#include "app/session/fields.h"
#include "app/session/forecast.h"
#include "app/session/importer.h"
#include "tests/session.h"
#include "tests/temporary.h"

#include <string.h>

static char *folder;

static void
test_problems (void)
{
  g_autoptr (WbDraft) draft = wb_draft_new ();

  g_assert_nonnull (wb_draft_get_problem (draft, "data.path"));
  g_assert_nonnull (wb_draft_get_config (draft));
  wb_draft_set (draft, "data.path", "somewhere");
  g_assert_true (wb_draft_is_valid (draft));
  wb_draft_set (draft, "expedition_cfg.keep_rate", "1.5");
  g_assert_cmpstr (wb_draft_get_problem (draft, "expedition_cfg.keep_rate"), ==,
                   "is 1.5: must be a number above 0 up to 1");
  g_assert_null (wb_draft_get_config (draft));
  wb_draft_set (draft, "expedition_cfg.keep_rate", "abc");
  g_assert_nonnull (wb_draft_get_problem (draft, "expedition_cfg.keep_rate"));
  wb_draft_set (draft, "expedition_cfg.keep_rate", "");
  g_assert_true (wb_draft_is_valid (draft));
  g_autofree char *preset = wb_draft_dup_text (draft, "expedition_cfg.keep_rate");
  g_assert_cmpstr (preset, ==, "0.7");
  wb_draft_set (draft, "vision_cfg.width", "130");
  g_assert_nonnull (wb_draft_get_problem (draft, "vision_cfg.width"));
}

static void
test_method (void)
{
  g_autoptr (WbDraft) draft = wb_draft_new ();

  g_assert_cmpint (wb_method_of (wb_draft_get_config (draft)), ==, WB_METHOD_ECLIPSE);
  for (int method = 0; method < WB_N_METHODS; method++)
    {
      wb_draft_set_method (draft, (WbMethod) method);
      g_assert_cmpint (wb_method_of (wb_draft_get_config (draft)), ==, method);
    }
  g_assert_false (wb_draft_set_preset (draft, "none"));
  g_assert_true (wb_draft_set_preset (draft, "nano"));
  g_assert_cmpint (wb_draft_get_config (draft)->schedule.batch_size, ==, 8);
}

static gboolean
is_nano (gpointer draft)
{
  return strcmp (wb_draft_get_preset (draft), "nano") == 0;
}

static gboolean
is_saved (gpointer path)
{
  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static void
test_remembered (void)
{
  g_autofree char *path = g_build_filename (folder, "config", "new-run", NULL);
  g_autoptr (WbDraft) draft = wb_draft_new ();
  g_autoptr (WbDraft) next = wb_draft_new ();

  wb_draft_set_preset (draft, "nano");
  wb_draft_set_method (draft, WB_METHOD_EVIT);
  wb_draft_set (draft, "data.path", " odd = path\n");
  wb_draft_set (draft, "run.seed", "7");
  wb_draft_save (draft, path);
  session_wait (is_saved, path);
  wb_draft_load (next, path);
  session_wait (is_nano, next);
  g_assert_cmpint (wb_draft_get_method (next), ==, WB_METHOD_EVIT);
  g_assert_cmpstr (wb_draft_get_config (next)->data.path, ==, " odd = path\n");
  g_assert_cmpint (wb_draft_get_config (next)->run.seed, ==, 7);
}

static void
test_differing (void)
{
  NnConfig a, b;
  const NnConfig *const configs[] = { &a, &b };

  nn_config_preset (&a, "nano", NULL);
  b = a;
  nn_config_set (&b, "run.seed=3", NULL);
  nn_config_set (&b, "distill_cfg.weight=0.5", NULL);
  g_strlcpy (b.run.device, "another", sizeof b.run.device);
  g_autoptr (GPtrArray) paths = wb_fields_differing (configs, 2);
  g_assert_cmpuint (paths->len, ==, 2);
  g_assert_cmpstr (paths->pdata[0], ==, "distill_cfg.weight");
  g_assert_cmpstr (paths->pdata[1], ==, "run.seed");
}

static gboolean
is_over (gpointer import)
{
  return wb_import_get_state (import) != WB_IMPORT_RUNNING;
}

static gboolean
is_forecast (gpointer forecaster)
{
  return !wb_forecaster_is_busy (forecaster);
}

static void
test_forecast (void)
{
  g_autofree char *data = g_build_filename (folder, "scenes", NULL);
  g_autoptr (WbImport) import =
      wb_import_scenes (data, &(DataScenesSettings){ .count = 60, .size = 32 }, 600);
  g_autoptr (WbForecaster) forecaster = wb_forecaster_new ();
  NnConfig config;

  session_wait (is_over, import);
  g_assert_cmpint (wb_import_get_state (import), ==, WB_IMPORT_DONE);
  const guint train = (guint) wb_import_get_summary (import)->train;

  /* Only the last of many is worked on and told. */
  nn_config_preset (&config, "nano", NULL);
  for (int batch = 2; batch <= 8; batch++)
    {
      config.schedule.batch_size = batch;
      wb_forecaster_set_config (forecaster, &config);
      g_assert_null (wb_forecaster_get (forecaster));
    }
  g_strlcpy (config.data.path, data, sizeof config.data.path);
  wb_forecaster_set_config (forecaster, &config);
  session_wait (is_forecast, forecaster);
  const WbForecast *forecast = wb_forecaster_get (forecaster);
  g_assert_cmpuint (forecast->train, ==, train);
  g_assert_cmpint (forecast->steps, ==, 2 * (train / 8));
  g_assert_cmpuint (forecast->numbers.parameters, >, 10000);
  g_assert_cmpuint (forecast->n_tokens, ==, 4);
  g_assert_cmpint (forecast->tokens[0], ==, 17);
  g_assert_cmpint (forecast->tokens[3], ==, 1 + 12 + 1);
  g_assert_cmpint (forecast->full_tokens, ==, 17);
  g_assert_null (forecast->problem);

  config.schedule.batch_size = 4096;
  wb_forecaster_set_config (forecaster, &config);
  session_wait (is_forecast, forecaster);
  g_assert_cmpstr (wb_forecaster_get (forecaster)->problem_path, ==, "schedule.batch_size");
}

static void
test_import_cancelled (void)
{
  g_autofree char *data = g_build_filename (folder, "never", NULL);
  g_autoptr (WbImport) import =
      wb_import_scenes (data, &(DataScenesSettings){ .count = 100000 }, 0);

  wb_import_cancel (import);
  session_wait (is_over, import);
  g_assert_cmpint (wb_import_get_state (import), ==, WB_IMPORT_CANCELLED);
  g_assert_false (g_file_test (data, G_FILE_TEST_EXISTS));
}

static void
test_import_failed (void)
{
  g_autofree char *data = g_build_filename (folder, "nothing", NULL);
  g_autoptr (WbImport) import = wb_import_openclipart (data, folder);

  session_wait (is_over, import);
  g_assert_cmpint (wb_import_get_state (import), ==, WB_IMPORT_FAILED);
  g_assert_nonnull (wb_import_get_error (import));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  folder = temporary_folder ();
  g_test_add_func ("/session/draft/problems", test_problems);
  g_test_add_func ("/session/draft/method", test_method);
  g_test_add_func ("/session/draft/remembered", test_remembered);
  g_test_add_func ("/session/fields/differing", test_differing);
  g_test_add_func ("/session/forecast", test_forecast);
  g_test_add_func ("/session/import/cancelled", test_import_cancelled);
  g_test_add_func ("/session/import/failed", test_import_failed);
  const int status = g_test_run ();
  temporary_remove (folder);
  g_free (folder);
  return status;
}
