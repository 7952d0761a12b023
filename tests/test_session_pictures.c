/* Pictures for the screen: decoded once for all who want one at a time. */
#include "app/session/pictures.h"
#include "models/data/import.h"
#include "tests/session.h"
#include "tests/temporary.h"

typedef struct
{
  GBytes *rgb;
  GError *error;
  gboolean done;
} Wish;

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  Wish *wish = data;

  (void) source;
  wish->rgb = wb_picture_load_finish (result, &wish->error);
  wish->done = TRUE;
}

static gboolean
is_done (gpointer data)
{
  return ((const Wish *) data)->done;
}

static void
wish_clear (Wish *wish)
{
  g_clear_pointer (&wish->rgb, g_bytes_unref);
  g_clear_error (&wish->error);
  wish->done = FALSE;
}

/* The file of the first scene (g_free). */
static char *
make_picture (const char *folder)
{
  g_autofree char *data = g_build_filename (folder, "data", NULL);
  g_autofree char *pictures = g_build_filename (data, "pictures", NULL);
  DataImportSummary summary;
  const DataImportOptions options = { .vocabulary_size = 514 };

  g_assert_true (
      data_import_scenes (data, &summary, &(DataScenesSettings){ 20, 32, 0 }, &options, NULL));
  g_autoptr (GDir) dir = g_dir_open (pictures, 0, NULL);
  return g_build_filename (pictures, g_dir_read_name (dir), NULL);
}

static void
test_together (void)
{
  g_autofree char *folder = temporary_folder ();
  g_autofree char *path = make_picture (folder);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Wish first = { 0 }, second = { 0 }, cancelled = { 0 }, other = { 0 };

  wb_picture_load_async (path, 16, cancellable, on_loaded, &cancelled);
  wb_picture_load_async (path, 16, NULL, on_loaded, &first);
  wb_picture_load_async (path, 16, NULL, on_loaded, &second);
  wb_picture_load_async (path, 24, NULL, on_loaded, &other);
  g_cancellable_cancel (cancellable);
  session_wait (is_done, &first);
  session_wait (is_done, &second);
  session_wait (is_done, &cancelled);
  session_wait (is_done, &other);
  g_assert_no_error (first.error);
  g_assert_cmpuint (g_bytes_get_size (first.rgb), ==, 16 * 16 * 3);
  g_assert_true (first.rgb == second.rgb);
  g_assert_cmpuint (g_bytes_get_size (other.rgb), ==, 24 * 24 * 3);
  g_assert_error (cancelled.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  wish_clear (&first);
  wish_clear (&second);
  wish_clear (&cancelled);
  wish_clear (&other);
  temporary_remove (folder);
}

/* All gave up; whoever asks then gets it all the same. */
static void
test_given_up (void)
{
  g_autofree char *folder = temporary_folder ();
  g_autofree char *path = make_picture (folder);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Wish cancelled = { 0 }, late = { 0 };

  wb_picture_load_async (path, 20, cancellable, on_loaded, &cancelled);
  g_cancellable_cancel (cancellable);
  g_usleep (50000); /* the worker finds nobody waiting */
  wb_picture_load_async (path, 20, NULL, on_loaded, &late);
  session_wait (is_done, &late);
  session_wait (is_done, &cancelled);
  g_assert_no_error (late.error);
  g_assert_nonnull (late.rgb);
  g_assert_error (cancelled.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  wish_clear (&late);
  wish_clear (&cancelled);
  temporary_remove (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/session/pictures/together", test_together);
  g_test_add_func ("/session/pictures/given-up", test_given_up);
  return g_test_run ();
}
