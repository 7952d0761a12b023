/* penumbra-cli data, run as its users run it. */
#include "tests/command.h"
#include "tests/temporary.h"

#include <cjson/cJSON.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

static char *folder;

/* The exit status of `penumbra-cli data ...`, run in the temporary folder. */
static int
run (const char *arguments, char **out, char **err)
{
  g_autofree char *data = g_strconcat ("data ", arguments, NULL);
  return command_run (folder, data, out, err);
}

static gboolean
is_there (const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static int
get_number (const char *json, const char *key)
{
  cJSON *object = cJSON_Parse (json);
  g_assert_true (cJSON_IsNumber (cJSON_GetObjectItem (object, key)));
  int number = cJSON_GetObjectItem (object, key)->valueint;
  cJSON_Delete (object);
  return number;
}

static void
test_scenes (void)
{
  g_autofree char *out = NULL, *err = NULL, *checked = NULL, *plain = NULL, *bad = NULL;
  g_assert_cmpint (
      run ("import scenes --out scenes --count 30 --size 16 --seed 3 --vocab 520 --json", &out,
           &err),
      ==, 0);
  g_assert_cmpint (get_number (out, "items"), ==, 30);
  g_assert_cmpint (get_number (out, "val"), ==, 3);
  g_assert_cmpint (get_number (out, "vocabulary"), ==, 520);

  g_assert_cmpint (run ("check scenes --json", &checked, NULL), ==, 0);
  g_assert_cmpint (get_number (checked, "items"), ==, 30);
  g_assert_cmpint (run ("check scenes", &plain, NULL), ==, 0);
  g_assert_nonnull (strstr (plain, "30 pictures (27 to train on, 3 held out)"));

  g_autofree char *picture = g_build_filename (folder, "scenes/pictures/000004.png", NULL);
  g_assert_cmpint (g_unlink (picture), ==, 0);
  g_free (g_steal_pointer (&plain));
  g_assert_cmpint (run ("check scenes", &plain, &bad), ==, 1);
  g_assert_nonnull (strstr (bad, "pictures/000004.png"));
  g_assert_nonnull (strstr (plain, "1 problems"));
}

static void
test_wrong_arguments (void)
{
  static const struct
  {
    const char *arguments;
    int status;
    const char *said;
  } cases[] = {
    { "", 2, "import" },
    { "nonsense", 2, "import" },
    { "import", 2, "openclipart, scenes" },
    { "import nonsense --out x", 2, "nonsense" },
    { "import scenes", 2, "--out" },
    { "import scenes extra --out x", 2, "extra" },
    { "import scenes --out x --size 1", 2, "1 pixels" },
    { "import scenes --out x --count -4", 2, "--count is -4" },
    { "import scenes --out x --count 0", 2, "--count is 0" },
    { "import scenes --out x --size 0", 2, "--size is 0" },
    { "import scenes --out x --vocab 0", 2, "--vocab 0" },
    { "import scenes --out x --vocab 100", 2, "--vocab 100" },
    { "import scenes --out x --nonsense", 2, "nonsense" },
    { "check", 2, "one data set" },
    { "check nowhere", 1, "nowhere" },
    { "import openclipart nowhere --out x", 1, "nowhere" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *out = NULL, *err = NULL;
      g_assert_cmpint (run (cases[i].arguments, &out, &err), ==, cases[i].status);
      g_assert_cmpstr (out, ==, "");
      g_assert_nonnull (strstr (err, cases[i].said));
      g_assert_true (strchr (err, '\n') == err + strlen (err) - 1);
      g_assert_false (is_there ("x"));
    }
}

static void
test_full_disk (void)
{
  g_autofree char *disk = g_build_filename (folder, "disk", NULL);
  g_autofree char *err = NULL;

  g_assert_cmpint (g_mkdir (disk, 0777), ==, 0);
  if (temporary_mount (disk, 256 * 1024))
    {
      g_assert_cmpint (run ("import scenes --out disk/x --count 200", NULL, &err), ==, 1);
      g_assert_nonnull (strstr (err, "disk/x"));
      g_assert_nonnull (strstr (err, "free some space"));
      g_assert_false (is_there ("disk/x"));
      g_assert_false (is_there ("disk/x.partial"));
      temporary_unmount (disk);
    }
}

static void
test_not_a_data_set (void)
{
  g_autofree char *path = g_build_filename (folder, "home", NULL);
  g_autofree char *file = g_build_filename (path, "letter.txt", NULL);
  g_autofree char *out = NULL, *err = NULL;
  g_assert_cmpint (g_mkdir (path, 0777), ==, 0);
  g_assert_true (g_file_set_contents (file, "dear", -1, NULL));
  g_assert_cmpint (run ("import scenes --out home --count 10", &out, &err), ==, 1);
  g_assert_nonnull (strstr (err, "is not a data set"));
  g_assert_true (is_there ("home/letter.txt"));
}

/* Killed at any moment, an import leaves no data set, and the next one works. */
static void
test_killed (void)
{
  g_autofree char *path = g_build_filename (folder, "killed", NULL);
  g_autoptr (GSubprocess) process =
      g_subprocess_new (G_SUBPROCESS_FLAGS_STDERR_SILENCE, NULL, g_getenv ("PENUMBRA_CLI"), "data",
                        "import", "scenes", "--count", "100000", "--out", path, NULL);
  for (int i = 0; i < 2000 && !is_there ("killed.partial/pictures/000009.png"); i++)
    g_usleep (10000);
  g_assert_true (is_there ("killed.partial/pictures/000009.png"));
  g_subprocess_send_signal (process, SIGKILL);
  g_assert_true (g_subprocess_wait (process, NULL, NULL));
  g_assert_false (is_there ("killed"));

  g_autofree char *out = NULL;
  g_assert_cmpint (run ("import scenes --out killed --count 10 --size 8", &out, NULL), ==, 0);
  g_assert_cmpint (run ("check killed", NULL, NULL), ==, 0);
  g_assert_false (is_there ("killed.partial"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  folder = temporary_folder ();
  g_test_add_func ("/cmd-data/scenes", test_scenes);
  g_test_add_func ("/cmd-data/wrong-arguments", test_wrong_arguments);
  g_test_add_func ("/cmd-data/full-disk", test_full_disk);
  g_test_add_func ("/cmd-data/not-a-data-set", test_not_a_data_set);
  g_test_add_func ("/cmd-data/killed", test_killed);
  int status = g_test_run ();
  temporary_remove (folder);
  g_free (folder);
  return status;
}
