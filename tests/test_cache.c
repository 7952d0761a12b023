/* The picture cache: built once, found again, made anew when stale, and what can go wrong. */
#include "models/data/cache.h"
#include "models/data/cache_private.h"
#include "models/data/picture.h"
#include "tests/temporary.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#define SIZE 16
#define COUNT 7

/* A folder of COUNT flat pictures, of which number 3 is broken and number 5 is absent. */
typedef struct
{
  char *folder;
  const char *dir; /* where the cache is asked for */
  char *paths[COUNT];
  const char *files[COUNT];
  const char *keys[COUNT];
  guint reported[COUNT];
  gsize done, total;
  GCancellable *cancel_at_once;
} Pictures;

static void
write_flat (const char *folder, const char *name, guint8 value)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  guint8 rgb[20 * 10 * 3];

  memset (rgb, value, sizeof rgb);
  g_assert_true (data_picture_save_png (path, rgb, 20, 10, NULL));
}

static void
pictures_init (Pictures *pictures)
{
  static const char *const names[COUNT] = { "0.png", "1.png", "2.png", "3.png",
                                            "4.png", "5.png", "6.png" };
  static const char *const keys[COUNT] = { "a", "b", "c", "d", "e", "f", "g" };
  g_autofree char *broken = NULL;

  *pictures = (Pictures){ .folder = temporary_folder () };
  for (guint i = 0; i < COUNT; i++)
    {
      pictures->files[i] = names[i];
      pictures->keys[i] = keys[i];
      if (i != 3 && i != 5)
        write_flat (pictures->folder, names[i], (guint8) (10 * i));
    }
  pictures->dir = pictures->folder;
  broken = g_build_filename (pictures->folder, "3.png", NULL);
  g_assert_true (g_file_set_contents (broken, "not a picture", -1, NULL));
}

/* Asks for the cache in another folder than the pictures'. */
static void
move_cache (Pictures *pictures, const char *dir)
{
  pictures->dir = dir;
  for (guint i = 0; i < COUNT; i++)
    pictures->files[i] = pictures->paths[i] =
        g_build_filename (pictures->folder, pictures->files[i], NULL);
}

static void
pictures_clear (Pictures *pictures)
{
  for (guint i = 0; i < COUNT; i++)
    g_free (pictures->paths[i]);
  temporary_remove (pictures->folder);
  g_free (pictures->folder);
}

static void
on_progress (gsize done, gsize total, gpointer data)
{
  Pictures *pictures = data;

  g_assert_cmpuint (done, >=, pictures->done);
  pictures->done = done;
  pictures->total = total;
}

static void
on_report (gsize item, const char *reason, gpointer data)
{
  Pictures *pictures = data;

  g_assert_nonnull (strstr (reason, pictures->files[item]));
  pictures->reported[item]++;
}

static DataCache *
open_sized (Pictures *pictures, guint size, GError **error)
{
  return data_cache_open (&(DataCacheOptions){ .dir = pictures->dir,
                                               .files = pictures->files,
                                               .keys = pictures->keys,
                                               .count = COUNT,
                                               .size = size,
                                               .fit = DATA_FIT_PAD,
                                               .progress = on_progress,
                                               .report = on_report,
                                               .data = pictures,
                                               .cancellable = pictures->cancel_at_once },
                          error);
}

/* Opens, checks what is in it, and says whether it was built. */
static gboolean
open_and_check (Pictures *pictures)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DataCache) cache = NULL;

  pictures->done = 0;
  cache = open_sized (pictures, SIZE, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (data_cache_get_count (cache), ==, COUNT);
  g_assert_cmpuint (data_cache_get_size (cache), ==, SIZE);
  g_assert_cmpuint (data_cache_get_n_failed (cache), ==, 2);
  for (guint i = 0; i < COUNT; i++)
    {
      const guint8 *rgb = data_cache_get_picture (cache, i);

      if (i == 3 || i == 5)
        {
          g_assert_null (rgb);
          continue;
        }
      g_assert_cmpuint (rgb[0], ==, 255);
      g_assert_cmpuint (rgb[(SIZE / 2 * SIZE + SIZE / 2) * 3], ==, 10 * i);
      g_assert_cmpuint (rgb[SIZE * SIZE * 3 - 1], ==, 255);
    }
  return data_cache_was_built (cache);
}

static char *
cache_file (const Pictures *pictures)
{
  return g_build_filename (pictures->folder, "cache-16-pad.rgb", NULL);
}

static void
test_build (void)
{
  Pictures pictures;
  g_autofree char *orphan = NULL;

  pictures_init (&pictures);
  orphan = g_build_filename (pictures.folder, "cache-16-pad.rgb.abcdef", NULL);
  g_assert_true (g_file_set_contents (orphan, "left behind", -1, NULL));
  g_assert_true (open_and_check (&pictures));
  g_assert_cmpuint (pictures.done, ==, COUNT);
  g_assert_cmpuint (pictures.total, ==, COUNT);
  for (guint i = 0; i < COUNT; i++)
    g_assert_cmpuint (pictures.reported[i], ==, i == 3 || i == 5);
  g_assert_false (g_file_test (orphan, G_FILE_TEST_EXISTS));

  g_assert_false (open_and_check (&pictures));
  g_assert_cmpuint (pictures.reported[3], ==, 1);
  pictures_clear (&pictures);
}

static void
test_stale (void)
{
  Pictures pictures;
  g_autofree char *path = NULL, *bytes = NULL;
  static const gsize damages[] = { 0, 8, 12, 16, 24, 40, 70 };
  gsize length;

  pictures_init (&pictures);
  path = cache_file (&pictures);
  g_assert_true (open_and_check (&pictures));
  g_assert_true (g_file_get_contents (path, &bytes, &length, NULL));
  for (gsize i = 0; i < G_N_ELEMENTS (damages); i++)
    {
      bytes[damages[i]] ^= 1;
      g_assert_true (g_file_set_contents (path, bytes, (gssize) length, NULL));
      bytes[damages[i]] ^= 1;
      g_assert_true (open_and_check (&pictures));
    }
  g_assert_true (g_file_set_contents (path, bytes, (gssize) length - 1, NULL));
  g_assert_true (open_and_check (&pictures));
  g_assert_true (g_file_set_contents (path, "", 0, NULL));
  g_assert_true (open_and_check (&pictures));
  g_assert_false (open_and_check (&pictures));

  pictures.keys[6] = "other";
  g_assert_true (open_and_check (&pictures));
  write_flat (pictures.folder, "6.png", 60);
  g_assert_true (open_and_check (&pictures));
  pictures_clear (&pictures);
}

static guint
count_caches (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;
  guint n = 0;

  while ((name = g_dir_read_name (dir)) != NULL)
    n += g_str_has_prefix (name, "cache-");
  return n;
}

static void
test_cancel (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  Pictures pictures;

  pictures_init (&pictures);
  g_cancellable_cancel (cancellable);
  pictures.cancel_at_once = cancellable;
  g_assert_null (open_sized (&pictures, SIZE, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (count_caches (pictures.folder), ==, 0);
  pictures_clear (&pictures);
}

static void
test_nothing_decodes (void)
{
  g_autoptr (GError) error = NULL;
  Pictures pictures;

  pictures_init (&pictures);
  for (guint i = 0; i < COUNT; i++)
    pictures.files[i] = "absent.png";
  g_assert_null (open_sized (&pictures, SIZE, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
  g_assert_nonnull (strstr (error->message, "none of the 7"));
  g_assert_nonnull (strstr (error->message, "absent.png"));
  g_assert_cmpuint (count_caches (pictures.folder), ==, 0);
  pictures_clear (&pictures);
}

/* A folder that is not there is an error that names the file. */
static void
test_no_folder (void)
{
  g_autofree char *absent = NULL;
  g_autoptr (GError) error = NULL;
  Pictures pictures;

  pictures_init (&pictures);
  absent = g_build_filename (pictures.folder, "absent", NULL);
  move_cache (&pictures, absent);
  g_assert_null (open_sized (&pictures, SIZE, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "absent/cache-16-pad.rgb"));
  pictures_clear (&pictures);
}

static gpointer
build_often (gpointer data)
{
  const Pictures *pictures = data;
  const guint8 identity[CACHE_IDENTITY_BYTES] = { 0 };
  g_autofree char *path = g_build_filename (pictures->dir, "raced.rgb", NULL);
  DataCacheOptions options = {
    .dir = pictures->dir, .files = pictures->files, .count = COUNT, .size = SIZE
  };
  GError *error = NULL;

  for (guint i = 0; i < 100 && error == NULL; i++)
    cache_build (&options, path, identity, &error);
  return error;
}

/* Several processes may want the same cache at once: none takes another's file for a dead one's. */
static void
test_builders_at_once (void)
{
  GThread *threads[3];
  Pictures pictures;

  pictures_init (&pictures);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("builder", build_often, &pictures);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      g_autoptr (GError) error = g_thread_join (threads[i]);
      g_assert_no_error (error);
    }
  pictures_clear (&pictures);
}

static void
test_full_disk (void)
{
  g_autofree char *disk = temporary_folder ();
  g_autoptr (GError) error = NULL;
  Pictures pictures;

  pictures_init (&pictures);
  move_cache (&pictures, disk);
  if (temporary_mount (disk, 64 * 1024))
    {
      g_assert_null (open_sized (&pictures, 256, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
      g_assert_nonnull (strstr (error->message, "cache-256-pad.rgb"));
      g_assert_nonnull (strstr (error->message, "free some space"));
      g_assert_cmpuint (count_caches (disk), ==, 0);
      g_assert_true (open_and_check (&pictures));
      temporary_unmount (disk);
    }
  temporary_remove (disk);
  pictures_clear (&pictures);
}

/* What cannot be written to goes to the user's cache folder, and is found there again. */
static void
test_read_only (void)
{
  g_autofree char *disk = temporary_folder ();
  Pictures pictures;

  pictures_init (&pictures);
  move_cache (&pictures, disk);
  if (temporary_mount (disk, 0))
    {
      g_autoptr (DataCache) cache = NULL;

      g_assert_true (open_and_check (&pictures));
      g_assert_false (open_and_check (&pictures));
      cache = open_sized (&pictures, SIZE, NULL);
      g_assert_true (g_str_has_prefix (data_cache_get_path (cache), g_get_user_cache_dir ()));
      temporary_unmount (disk);
    }
  temporary_remove (disk);
  pictures_clear (&pictures);
}

int
main (int argc, char **argv)
{
  g_autofree char *home = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  home = temporary_folder ();
  g_setenv ("XDG_CACHE_HOME", home, TRUE);
  g_log_set_always_fatal (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
  g_test_add_func ("/cache/build", test_build);
  g_test_add_func ("/cache/stale", test_stale);
  g_test_add_func ("/cache/cancel", test_cancel);
  g_test_add_func ("/cache/nothing-decodes", test_nothing_decodes);
  g_test_add_func ("/cache/no-folder", test_no_folder);
  g_test_add_func ("/cache/builders-at-once", test_builders_at_once);
  g_test_add_func ("/cache/full-disk", test_full_disk);
  g_test_add_func ("/cache/read-only", test_read_only);
  status = g_test_run ();
  temporary_remove (home);
  return status;
}
