/* Data set folders: written all or nothing, read back, hostile lines, checking. */
#include "models/data/bpe.h"
#include "models/data/dataset_check.h"
#include "models/data/dataset_writer.h"
#include "models/data/picture.h"
#include "tests/temporary.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include <glib/gstdio.h>

typedef struct
{
  char *temporary;
  char *folder; /* of the data set, not there yet */
} Fixture;

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->temporary = temporary_folder ();
  fixture->folder = g_build_filename (fixture->temporary, "set", NULL);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  temporary_remove (fixture->temporary);
  g_free (fixture->temporary);
  g_free (fixture->folder);
}

static gboolean
is_there (const Fixture *fixture, const char *name)
{
  g_autofree char *path = g_build_filename (fixture->temporary, name, NULL);
  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static void
put_file (const Fixture *fixture, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (fixture->temporary, name, NULL);
  g_autofree char *parent = g_path_get_dirname (path);
  g_assert_cmpint (g_mkdir_with_parents (parent, 0777), ==, 0);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static char *
get_file (const Fixture *fixture, const char *name)
{
  g_autofree char *path = g_build_filename (fixture->temporary, name, NULL);
  char *text = NULL;
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  return text;
}

/* A picture of 4 x 3 pixels and an item of it. */
static void
add_item (DataSetWriter *writer, const char *id, DataSplit split)
{
  const guint8 rgb[4 * 3 * 3] = { 0 };
  g_autofree char *file = g_strconcat (id, ".png", NULL);
  g_autofree char *path = g_build_filename (data_set_writer_get_folder (writer), file, NULL);
  g_assert_true (data_picture_save_png (path, rgb, 4, 3, NULL));

  char *captions[] = { (char *) "a \"quoted\" caption \303\251", (char *) "another one", NULL };
  DataItem item = {
    .id = (char *) id,
    .file = file,
    .captions = captions,
    .n_captions = 2,
    .split = split,
    .group = (char *) "black",
    .width = 4,
    .height = 3,
  };
  cJSON *raw = cJSON_CreateObject ();
  cJSON_AddStringToObject (raw, "title", "raw title");
  g_assert_true (data_set_writer_add (writer, &item, raw, NULL));
  cJSON_Delete (raw);
}

static DataSetWriter *
begin (const Fixture *fixture)
{
  GError *error = NULL;
  DataSetWriter *writer = data_set_writer_new (fixture->folder, "test", "nowhere", &error);
  g_assert_no_error (error);
  g_assert_nonnull (writer);
  return writer;
}

static void
end (DataSetWriter *writer)
{
  GError *error = NULL;
  DataImportSummary summary;
  const DataImportOptions options = { 0 };
  data_set_writer_finish (writer, &summary, &options, &error);
  g_assert_no_error (error);
  data_set_writer_free (writer);
}

static void
write_set (const Fixture *fixture)
{
  DataSetWriter *writer = begin (fixture);
  add_item (writer, "one", DATA_SPLIT_TRAIN);
  add_item (writer, "two", DATA_SPLIT_VAL);
  add_item (writer, "three", DATA_SPLIT_TRAIN);
  g_assert_true (
      data_set_writer_report (writer, DATA_REPORT_SKIPPED, "bad\xff", "no reason", NULL));
  end (writer);
}

static void
test_round_trip (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  write_set (fixture);
  g_autoptr (GError) error = NULL;
  g_autoptr (DataSet) set = data_set_open (fixture->folder, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (data_set_get_name (set), ==, "test");
  g_assert_cmpstr (data_set_get_source (set), ==, "nowhere");
  g_assert_cmpstr (data_set_get_folder (set), ==, fixture->folder);
  g_assert_cmpuint (data_set_get_n_items (set), ==, 3);
  g_assert_cmpuint (data_set_get_n_captions (set), ==, 6);

  guint n_train = 0, n_val = 0;
  const guint *train = data_set_get_split (set, DATA_SPLIT_TRAIN, &n_train);
  const guint *val = data_set_get_split (set, DATA_SPLIT_VAL, &n_val);
  g_assert_cmpuint (n_train, ==, 2);
  g_assert_cmpuint (train[1], ==, 2);
  g_assert_cmpuint (n_val, ==, 1);
  g_assert_cmpuint (val[0], ==, 1);
  g_assert_cmpint (data_set_find (set, "three"), ==, 2);
  g_assert_cmpint (data_set_find (set, "four"), ==, -1);

  const DataItem *item = data_set_get_item (set, 1);
  g_autofree char *path = g_build_filename (fixture->folder, "two.png", NULL);
  g_assert_cmpstr (item->id, ==, "two");
  g_assert_cmpstr (item->file, ==, "two.png");
  g_assert_cmpstr (item->path, ==, path);
  g_assert_cmpuint (item->n_captions, ==, 2);
  g_assert_cmpstr (item->captions[0], ==, "a \"quoted\" caption \303\251");
  g_assert_cmpstr (item->captions[1], ==, "another one");
  g_assert_null (item->captions[2]);
  g_assert_cmpstr (item->group, ==, "black");
  g_assert_cmpint (item->width, ==, 4);
  g_assert_cmpint (item->height, ==, 3);
  g_assert_false (item->alpha);

  g_autofree char *line = data_set_dup_line (set, 1, &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (line, "\"id\":\"two\""));
  g_assert_nonnull (strstr (line, "\"raw\":{\"title\":\"raw title\"}"));
  g_assert_true (g_str_has_suffix (line, "}}"));
}

static void
test_files (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  write_set (fixture);
  g_autofree char *report = get_file (fixture, "set/report.jsonl");
  g_assert_cmpstr (
      report, ==,
      "{\"file\":\"bad\357\277\275\",\"action\":\"skipped\",\"reason\":\"no reason\"}\n");
  g_autofree char *text = get_file (fixture, "set/dataset.json");
  cJSON *object = cJSON_Parse (text);
  cJSON *counts = cJSON_GetObjectItem (object, "counts");
  g_assert_cmpint (cJSON_GetObjectItem (counts, "items")->valueint, ==, 3);
  g_assert_cmpint (cJSON_GetObjectItem (counts, "train")->valueint, ==, 2);
  g_assert_cmpint (cJSON_GetObjectItem (counts, "val")->valueint, ==, 1);
  g_assert_cmpint (cJSON_GetObjectItem (counts, "captions")->valueint, ==, 6);
  g_assert_cmpint (cJSON_GetObjectItem (counts, "skipped")->valueint, ==, 1);

  g_autoptr (DataBpe) bpe = data_bpe_new_from_path (fixture->folder, NULL);
  g_assert_nonnull (bpe);
  g_assert_cmpuint (data_bpe_get_size (bpe), ==,
                    (guint) cJSON_GetObjectItem (object, "vocabulary")->valueint);
  cJSON_Delete (object);
  g_assert_false (is_there (fixture, "set.partial"));
  g_assert_false (is_there (fixture, "set/import.lock"));
}

/* A second import takes the place of the first; an abandoned one changes nothing. */
static void
test_replace (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  write_set (fixture);
  g_autofree char *before = get_file (fixture, "set/items.jsonl");
  DataSetWriter *writer = begin (fixture);
  add_item (writer, "abandoned", DATA_SPLIT_TRAIN);
  g_assert_true (is_there (fixture, "set.partial"));
  data_set_writer_free (writer);
  g_assert_false (is_there (fixture, "set.partial"));
  g_autofree char *after = get_file (fixture, "set/items.jsonl");
  g_assert_cmpstr (before, ==, after);

  writer = begin (fixture);
  add_item (writer, "new", DATA_SPLIT_TRAIN);
  end (writer);
  g_autoptr (DataSet) set = data_set_open (fixture->folder, NULL);
  g_assert_cmpuint (data_set_get_n_items (set), ==, 1);
  g_assert_false (is_there (fixture, "set/one.png"));
  g_assert_false (is_there (fixture, "set.partial"));
  g_assert_false (is_there (fixture, "set.old"));
}

static void
assert_refused (const Fixture *fixture, const char *part)
{
  g_autoptr (GError) error = NULL;
  g_assert_null (data_set_writer_new (fixture->folder, "test", "", &error));
  g_assert_error (error, DATA_ERROR, DATA_ERROR_REFUSED);
  g_assert_nonnull (strstr (error->message, part));
}

static void
test_foreign (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  put_file (fixture, "set/dataset.json", "{}");
  put_file (fixture, "set/precious.txt", "keep");
  assert_refused (fixture, "is not a data set");
  g_assert_true (is_there (fixture, "set/precious.txt"));
  g_assert_false (is_there (fixture, "set.partial"));
}

static void
test_foreign_partial (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  put_file (fixture, "set.partial/precious.txt", "keep");
  assert_refused (fixture, "was not made by an import");
  g_assert_true (is_there (fixture, "set.partial/precious.txt"));
}

/* What a killed import left is cleared; links in it are not followed. */
static void
test_killed (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  put_file (fixture, "precious/keep.txt", "keep");
  put_file (fixture, "set.partial/import.lock", "");
  put_file (fixture, "set.partial/items.jsonl", "{\"torn");
  put_file (fixture, "set.partial/pictures/1.png", "torn");
  g_autofree char *link = g_build_filename (fixture->temporary, "set.partial/link", NULL);
  g_assert_cmpint (symlink ("../precious", link), ==, 0);
  write_set (fixture);
  g_assert_true (is_there (fixture, "precious/keep.txt"));
  g_assert_false (is_there (fixture, "set.partial"));
  g_assert_false (is_there (fixture, "set/pictures"));
}

static void
test_two_at_once (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  DataSetWriter *writer = begin (fixture);
  assert_refused (fixture, "another import");
  add_item (writer, "first", DATA_SPLIT_TRAIN);
  end (writer);
  g_assert_true (is_there (fixture, "set/first.png"));
}

/* A link to a folder stays a link. */
static void
test_link (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  put_file (fixture, "elsewhere/.keep", "");
  g_autofree char *keep = g_build_filename (fixture->temporary, "elsewhere/.keep", NULL);
  g_unlink (keep);
  g_assert_cmpint (symlink ("elsewhere", fixture->folder), ==, 0);
  write_set (fixture);
  g_assert_true (g_file_test (fixture->folder, G_FILE_TEST_IS_SYMLINK));
  g_assert_true (is_there (fixture, "elsewhere/items.jsonl"));
}

static void
test_nothing_to_train_on (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  DataImportSummary summary;
  const DataImportOptions options = { 0 };
  DataSetWriter *writer = begin (fixture);
  g_assert_false (data_set_writer_finish (writer, &summary, &options, &error));
  g_assert_error (error, DATA_ERROR, DATA_ERROR_INVALID);
  data_set_writer_free (writer);
  g_assert_false (is_there (fixture, "set"));
  g_assert_false (is_there (fixture, "set.partial"));
}

#define GOOD                                                                                       \
  "{\"id\":\"a\",\"file\":\"/a.png\",\"captions\":[\"x\"],\"split\":\"val\",\"width\":1,"          \
  "\"height\":2}\n"

/* Each is the second line of items.jsonl; the error names the place and has the second text in it.
 */
static const char *const bad_lines[][2] = {
  { "{\"id\":\"b\",\"fi", "not valid JSON" },
  { "", "not valid JSON" },
  { "\"text\"", "not a JSON object" },
  { "{\"id\":\"\xff\"}", "not valid UTF-8" },
  { "{\"file\":\"b\"}", "\"id\"" },
  { "{\"id\":7,\"file\":\"b\"}", "\"id\"" },
  { "{\"id\":\"b\"}", "\"file\"" },
  { "{\"id\":\"b\",\"file\":\"\"}", "\"file\"" },
  { "{\"id\":\"b\",\"file\":\"b\",\"split\":\"test\"}", "\"split\"" },
  { "{\"id\":\"b\",\"file\":\"b\",\"split\":\"val\",\"width\":0,\"height\":1}", "pixels" },
  { "{\"id\":\"b\",\"file\":\"b\",\"split\":\"val\",\"width\":1e300,\"height\":1}", "pixels" },
  { "{\"id\":\"b\",\"file\":\"b\",\"split\":\"val\",\"width\":1.5,\"height\":1}", "pixels" },
  { "{\"id\":\"b\",\"file\":\"b\",\"split\":\"val\",\"width\":1,\"height\":1}", "captions" },
  { "{\"id\":\"b\",\"file\":\"b\",\"split\":\"val\",\"width\":1,\"height\":1,\"captions\":[]}",
    "captions" },
  { "{\"id\":\"b\",\"file\":\"b\",\"split\":\"val\",\"width\":1,\"height\":1,\"captions\":[\" \"]}",
    "caption is empty" },
  { "{\"id\":\"b\",\"file\":\"b\",\"split\":\"val\",\"width\":1,\"height\":1,\"captions\":[1]}",
    "caption is empty" },
  { "{\"id\":\"a\",\"file\":\"b\",\"split\":\"val\",\"width\":1,\"height\":1,\"captions\":[\"x\"]}",
    "earlier line" },
};

static void
test_bad_lines (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  put_file (fixture, "set/dataset.json",
            "{\"name\":\"x\",\"version\":1,\"vocabulary\":0,\"counts\":{\"items\":2}}");
  for (gsize i = 0; i < G_N_ELEMENTS (bad_lines); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *text = g_strconcat (GOOD, bad_lines[i][0], "\n", NULL);
      put_file (fixture, "set/items.jsonl", text);
      g_assert_null (data_set_open (fixture->folder, &error));
      g_assert_error (error, DATA_ERROR, DATA_ERROR_INVALID);
      g_assert_nonnull (strstr (error->message, "items.jsonl:2: "));
      g_assert_nonnull (strstr (error->message, bad_lines[i][1]));
    }
}

static void
test_bad_descriptions (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const char *const texts[] = {
    "",
    "{",
    "[]",
    "{\"name\":\"x\"}",
    "{\"name\":\"x\",\"version\":1,\"vocabulary\":-1,\"counts\":{\"items\":1}}",
    "{\"name\":\"x\",\"version\":1,\"vocabulary\":0,\"counts\":{\"items\":2}}",
    "{\"name\":\"x\",\"version\":2,\"vocabulary\":0,\"counts\":{\"items\":1}}",
  };
  put_file (fixture, "set/items.jsonl", GOOD);
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      put_file (fixture, "set/dataset.json", texts[i]);
      g_assert_null (data_set_open (fixture->folder, &error));
      g_assert_error (error, DATA_ERROR, DATA_ERROR_INVALID);
      g_assert_nonnull (strstr (error->message, "import"));
    }

  g_autoptr (GError) error = NULL;
  g_assert_null (data_set_open (fixture->temporary, &error));
  g_assert_error (error, DATA_ERROR, DATA_ERROR_MISSING);
  g_assert_nonnull (strstr (error->message, fixture->temporary));
}

static void
test_check (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  write_set (fixture);
  g_autoptr (DataCheck) good = data_set_check (fixture->folder, NULL, NULL);
  g_assert_cmpuint (good->problems->len, ==, 0);
  g_assert_cmpuint (good->n_items, ==, 3);
  g_assert_cmpuint (good->n_split[DATA_SPLIT_VAL], ==, 1);

  const guint8 rgb[3] = { 0 };
  g_autofree char *one = g_build_filename (fixture->folder, "one.png", NULL);
  g_autofree char *two = g_build_filename (fixture->folder, "two.png", NULL);
  g_assert_cmpint (g_unlink (one), ==, 0);
  g_assert_true (data_picture_save_png (two, rgb, 1, 1, NULL));
  put_file (fixture, "set/three.png", "\x89PNG\r\n\x1a\n");
  put_file (fixture, "set/merges.txt", "nonsense");
  g_autoptr (DataCheck) bad = data_set_check (fixture->folder, NULL, NULL);
  g_assert_cmpuint (bad->problems->len, ==, 4);
  g_assert_nonnull (strstr (bad->problems->pdata[0], "one.png"));
  g_assert_nonnull (strstr (bad->problems->pdata[1], "two.png"));
  g_assert_nonnull (strstr (bad->problems->pdata[1], "4 x 3"));
  g_assert_nonnull (strstr (bad->problems->pdata[2], "three.png"));
  g_assert_nonnull (strstr (bad->problems->pdata[3], "merges.txt"));
}

static void
test_fingerprint (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  write_set (fixture);
  g_autoptr (DataSet) first = data_set_open (fixture->folder, NULL);
  write_set (fixture);
  g_autoptr (DataSet) second = data_set_open (fixture->folder, NULL);
  g_assert_cmpstr (data_set_get_fingerprint (first), ==, data_set_get_fingerprint (second));
  DataSetWriter *writer = begin (fixture);
  add_item (writer, "other", DATA_SPLIT_TRAIN);
  end (writer);
  g_autoptr (DataSet) third = data_set_open (fixture->folder, NULL);
  g_assert_cmpstr (data_set_get_fingerprint (first), !=, data_set_get_fingerprint (third));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, function) g_test_add (name, Fixture, NULL, set_up, function, tear_down)
  ADD ("/dataset/round-trip", test_round_trip);
  ADD ("/dataset/files", test_files);
  ADD ("/dataset/replace", test_replace);
  ADD ("/dataset/foreign", test_foreign);
  ADD ("/dataset/foreign-partial", test_foreign_partial);
  ADD ("/dataset/killed", test_killed);
  ADD ("/dataset/two-at-once", test_two_at_once);
  ADD ("/dataset/link", test_link);
  ADD ("/dataset/nothing-to-train-on", test_nothing_to_train_on);
  ADD ("/dataset/bad-lines", test_bad_lines);
  ADD ("/dataset/bad-descriptions", test_bad_descriptions);
  ADD ("/dataset/check", test_check);
  ADD ("/dataset/fingerprint", test_fingerprint);
  return g_test_run ();
}
