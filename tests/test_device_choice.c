/* Which device commands run on: the best, the remembered one, the one asked for. */
#include "models/cli/device_choice.h"
#include "tests/temporary.h"

#include <glib/gstdio.h>
#include <string.h>

#define GONE "00000000000000000000000000000abc"

static char *
choice_file (void)
{
  return g_build_filename (g_get_user_config_dir (), "penumbra", "device", NULL);
}

static void
remember (const char *text)
{
  g_autofree char *path = choice_file ();
  g_autofree char *folder = g_path_get_dirname (path);
  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static void
forget (void)
{
  g_autofree char *path = choice_file ();
  g_remove (path);
}

static GPtrArray *
new_infos (void)
{
  static const char *const uuids[] = { "0000000000000000000000000000000a",
                                       "0000000000000000000000000000000b",
                                       "0000000000000000000000000000000c" };
  GPtrArray *infos = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < G_N_ELEMENTS (uuids); i++)
    {
      GpuDeviceInfo *info = g_new0 (GpuDeviceInfo, 1);
      info->index = i;
      g_strlcpy (info->uuid, uuids[i], sizeof info->uuid);
      g_ptr_array_add (infos, info);
    }
  return infos;
}

static void
test_default (void)
{
  g_autoptr (GPtrArray) infos = new_infos ();
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  g_autofree char *forgotten = NULL;

  forget ();
  g_assert_cmpint (cli_default_device (infos, &forgotten), ==, 0);
  g_assert_null (forgotten);
  g_assert_cmpint (cli_default_device (none, NULL), ==, -1);

  remember ("0000000000000000000000000000000B\n");
  g_assert_cmpint (cli_default_device (infos, &forgotten), ==, 1);
  g_assert_null (forgotten);

  remember (GONE "\n");
  g_assert_cmpint (cli_default_device (infos, &forgotten), ==, 0);
  g_assert_cmpstr (forgotten, ==, GONE);

  /* A remembered device that cannot be used counts as gone. */
  GpuDeviceInfo *second = g_ptr_array_index (infos, 1);
  g_strlcpy (second->unfit, "it is too old", sizeof second->unfit);
  remember ("0000000000000000000000000000000b");
  g_assert_cmpint (cli_default_device (infos, NULL), ==, 0);
}

static void
test_damaged (void)
{
  static const char *const damaged[] = { "", "\n", "0", "../../etc/passwd", GONE GONE };
  g_autoptr (GPtrArray) infos = new_infos ();

  for (guint i = 0; i < G_N_ELEMENTS (damaged); i++)
    {
      g_autofree char *forgotten = NULL;
      remember (damaged[i]);
      g_assert_cmpint (cli_default_device (infos, &forgotten), ==, 0);
      g_assert_null (forgotten);
    }
}

static void
test_option (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GpuDevice) first = NULL;
  g_autoptr (GpuDevice) again = NULL;
  g_autofree char *path = choice_file ();
  g_autofree char *text = NULL;

  forget ();
  g_assert_null (cli_open_device ("no such device", &error));
  g_assert_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE);
  g_assert_nonnull (strstr (error->message, "--device"));
  g_assert_nonnull (strstr (error->message, "no such device"));
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  g_clear_error (&error);

  first = cli_open_device ("0", &error);
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_true (g_str_has_prefix (text, gpu_device_get_info (first)->uuid));

  remember (GONE);
  again = cli_open_device (NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (gpu_device_get_info (again)->index, ==, 0);
}

int
main (int argc, char **argv)
{
  g_autofree char *folder = temporary_folder ();
  int status;

  g_setenv ("XDG_CONFIG_HOME", folder, TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/device-choice/default", test_default);
  g_test_add_func ("/device-choice/damaged", test_damaged);
  g_test_add_func ("/device-choice/option", test_option);
  status = g_test_run ();
  temporary_remove (folder);
  return status;
}
