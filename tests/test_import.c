/* Importers: a small imitation of the OpenClipart tree with all that goes wrong in it, and scenes.
 */
#include "models/data/caption.h"
#include "models/data/dataset_check.h"
#include "models/data/import.h"
#include "models/data/picture.h"
#include "models/data/scene.h"
#include "tests/temporary.h"

#include <cjson/cJSON.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <glib/gstdio.h>
#include <vips/vips.h>

static char *folder;

static char *
below (const char *name)
{
  return g_build_filename (folder, name, NULL);
}

static char *
make_parent (const char *name)
{
  char *path = below (name);
  g_autofree char *parent = g_path_get_dirname (path);
  g_assert_cmpint (g_mkdir_with_parents (parent, 0777), ==, 0);
  return path;
}

static void
put_bytes (const char *name, const void *bytes, gssize length)
{
  g_autofree char *path = make_parent (name);
  g_assert_true (g_file_set_contents (path, bytes, length, NULL));
}

static void
put_link (const char *name, const char *target)
{
  g_autofree char *path = make_parent (name);
  g_assert_cmpint (symlink (target, path), ==, 0);
}

/* A picture of one colour, so that its content is its own. */
static void
put_png (const char *name, guint8 red)
{
  g_autofree char *path = make_parent (name);
  const guint8 rgb[2 * 3] = { red, 1, 2, red, 1, 2 };
  g_assert_true (data_picture_save_png (path, rgb, 2, 1, NULL));
}

static void
put_alpha_png (const char *name)
{
  g_autofree char *path = make_parent (name);
  guint8 rgba[3 * 2 * 4] = { 9, 8, 7, 6 };
  VipsImage *image = vips_image_new_from_memory (rgba, sizeof rgba, 3, 2, 4, VIPS_FORMAT_UCHAR);
  VipsImage *srgb = NULL;
  g_assert_cmpint (vips_copy (image, &srgb, "interpretation", VIPS_INTERPRETATION_sRGB, NULL), ==,
                   0);
  g_assert_cmpint (vips_pngsave (srgb, path, NULL), ==, 0);
  g_object_unref (srgb);
  g_object_unref (image);
}

static guint32
crc32 (const guint8 *bytes, gsize n)
{
  guint32 crc = 0xffffffff;
  for (gsize i = 0; i < n; i++)
    {
      crc ^= bytes[i];
      for (int bit = 0; bit < 8; bit++)
        crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
  return ~crc;
}

static void
append_be32 (GByteArray *bytes, guint32 value)
{
  value = GUINT32_TO_BE (value);
  g_byte_array_append (bytes, (const guint8 *) &value, 4);
}

static void
append_chunk (GByteArray *png, const char *type, const guint8 *data, guint length)
{
  append_be32 (png, length);
  guint start = png->len;
  g_byte_array_append (png, (const guint8 *) type, 4);
  g_byte_array_append (png, data, length);
  append_be32 (png, crc32 (png->data + start, png->len - start));
}

/* A whole PNG that says it is `side` x `side`, with next to nothing in it. */
static void
put_huge_png (const char *name, guint32 side)
{
  g_autoptr (GByteArray) header = g_byte_array_new ();
  g_autoptr (GByteArray) png = g_byte_array_new ();
  append_be32 (header, side);
  append_be32 (header, side);
  g_byte_array_append (header, (const guint8 *) "\x08\x02\0\0\0", 5);
  g_byte_array_append (png, (const guint8 *) "\x89PNG\r\n\x1a\n", 8);
  append_chunk (png, "IHDR", header->data, header->len);
  append_chunk (png, "IDAT", (const guint8 *) "\x78\x9c\x03\0\0\0\0\x01", 8);
  append_chunk (png, "IEND", NULL, 0);
  put_bytes (name, png->data, png->len);
}

static void
cut_file (const char *name)
{
  g_autofree char *path = below (name);
  GStatBuf status;
  g_assert_cmpint (g_stat (path, &status), ==, 0);
  g_assert_cmpint (truncate (path, status.st_size - 14), ==, 0);
}

/* An SVG with this text in its Work, in an encoding (NULL: UTF-8, not declared). */
static void
put_svg (const char *name, const char *encoding, const char *prolog, const char *work)
{
  g_autofree char *declaration =
      encoding != NULL ? g_strdup_printf ("<?xml version=\"1.0\" encoding=\"%s\"?>", encoding)
                       : g_strdup ("");
  g_autofree char *text = g_strdup_printf (
      "%s%s<svg><metadata><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" "
      "xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:cc=\"http://web.resource.org/cc/\">"
      "<cc:Work rdf:about=\"\">%s</cc:Work></rdf:RDF></metadata></svg>",
      declaration, prolog, work);
  gsize length = 0;
  g_autofree char *bytes =
      g_convert (text, -1, encoding != NULL ? encoding : "UTF-8", "UTF-8", NULL, &length, NULL);
  g_assert_nonnull (bytes);
  put_bytes (name, bytes, (gssize) length);
}

static void
make_tree (void)
{
  put_png ("tree/png/food/apple.png", 1); /* starts libvips, too */
  put_alpha_png ("tree/png/animals/cat_01.png");
  put_svg ("tree/svg/animals/cat_01.svg", NULL, "",
           "<dc:title>Tabby Cat</dc:title><dc:subject><rdf:Bag><rdf:li>cat</rdf:li><rdf:li>house "
           "pet</rdf:li></rdf:Bag></dc:subject><dc:description>A cat, isn't it?</dc:description>"
           "<dc:creator><cc:Agent><dc:title>Ann Author</dc:title></cc:Agent></dc:creator>");
  put_link ("tree/png/people/pets/cat.png", "../../animals/cat_01.png");
  put_link ("tree/svg/people/pets/cat.svg", "../../animals/cat_01.svg");
  put_alpha_png ("tree/png/unsorted/tom.png");
  put_svg ("tree/svg/unsorted/tom.svg", NULL, "",
           "<dc:title>Tom</dc:title><dc:subject><rdf:Bag><rdf:li>hash</rdf:li></rdf:Bag>"
           "</dc:subject>");

  put_svg ("tree/svg/food/apple.svg", "ISO-8859-1", "", "<dc:title>\303\211clair</dc:title>");
  put_png ("tree/png/food/fruit/pear.PNG", 2);
  put_svg ("tree/svg/food/fruit/pear.svg", "UTF-16", "", "<dc:title>Birne gr\303\274n</dc:title>");
  put_png ("tree/png/food/broken.png", 3);
  put_svg ("tree/svg/food/broken.svg", NULL, "",
           "<dc:title>Fish & chips</dc:title><dc:description>fried</dc:description>");
  put_png ("tree/png/food/bomb.png", 4);
  put_svg ("tree/svg/food/bomb.svg", NULL,
           "<!DOCTYPE svg [<!ENTITY a \"boom\"><!ENTITY b \"&a;&a;&a;\">]>",
           "<dc:title>&b; &amp;quot;quiet&amp;quot;</dc:title>");
  put_png ("tree/png/shapes/lonely_star.png", 5);
  put_png ("tree/png/shapes/\xff\xfe_ring.png", 6);
  put_svg ("tree/svg/shapes/\xff\xfe_ring.svg", NULL, "", "<dc:title>Ring</dc:title>");
  put_png ("tree/png/___.png", 7);

  put_bytes ("tree/png/food/empty.png", "", 0);
  put_link ("tree/png/food/empty_too.png", "empty.png");
  put_png ("tree/png/food/cut.png", 8);
  cut_file ("tree/png/food/cut.png");
  put_bytes ("tree/png/food/text.png", "not a picture", -1);
  put_huge_png ("tree/png/food/huge.png", 25000);
  put_huge_png ("tree/png/food/vast.png", 2000000000);
  put_link ("tree/png/dangling.png", "nowhere.png");
  put_link ("tree/png/loop.png", "loop.png");
  put_link ("tree/png/round", ".");
  put_bytes ("tree/png/README", "read me", -1);
  g_autofree char *pipe = below ("tree/png/pipe.png");
  g_assert_cmpint (mkfifo (pipe, 0666), ==, 0);
}

static void
import_tree (DataImportSummary *summary)
{
  GError *error = NULL;
  g_autofree char *source = below ("tree");
  g_autofree char *set = below ("set");
  const DataImportOptions options = { .vocabulary_size = 600 };
  data_import_openclipart (set, summary, source, &options, &error);
  g_assert_no_error (error);
}

typedef struct
{
  const char *file;
  const char *caption;
  const char *group;
} Expected;

/* In the order of their first names. */
static const Expected expected_items[] = {
  { "animals/cat_01.png", "Tabby Cat Tom house pet hash A isn't it animals people pets unsorted 01",
    "animals" },
  { "food/apple.png", "\303\211clair food apple", "food" },
  { "food/bomb.png", "quiet food bomb", "food" },
  { "food/broken.png", "Fish chips fried food broken", "food" },
  { "food/fruit/pear.PNG", "Birne gr\303\274n food fruit pear", "food" },
  { "shapes/lonely_star.png", "shapes lonely star", "shapes" },
  { NULL, "Ring shapes", "shapes" },
};

static void
test_items (void)
{
  DataImportSummary summary;
  g_autofree char *path = below ("set");
  import_tree (&summary);
  g_assert_cmpuint (summary.items, ==, G_N_ELEMENTS (expected_items));
  g_assert_cmpuint (summary.train + summary.val, ==, summary.items);
  g_assert_cmpuint (summary.skipped, ==, 12);
  g_assert_cmpuint (summary.noted, ==, 4);

  g_autoptr (DataSet) set = data_set_open (path, NULL);
  g_assert_cmpuint (data_set_get_n_items (set), ==, G_N_ELEMENTS (expected_items));
  for (guint i = 0; i < G_N_ELEMENTS (expected_items); i++)
    {
      const DataItem *item = data_set_get_item (set, i);
      g_assert_cmpuint (item->n_captions, ==, 1);
      g_assert_cmpstr (item->captions[0], ==, expected_items[i].caption);
      g_assert_cmpstr (item->group, ==, expected_items[i].group);
      g_assert_cmpint (item->alpha, ==, i == 0);
      g_assert_cmpint (item->width, ==, i == 0 ? 3 : 2);

      g_autofree char *bytes = NULL;
      gsize length;
      g_assert_true (g_file_get_contents (item->path, &bytes, &length, NULL));
      g_autofree char *sha =
          g_compute_checksum_for_data (G_CHECKSUM_SHA256, (guchar *) bytes, length);
      g_assert_cmpstr (item->id, ==, sha);
      if (expected_items[i].file != NULL)
        {
          g_autofree char *png = below ("tree/png");
          g_autofree char *real = realpath (png, NULL);
          g_autofree char *file = g_build_filename (real, expected_items[i].file, NULL);
          g_assert_cmpstr (item->file, ==, file);
        }
      else
        g_assert_true (g_str_has_prefix (item->file, "pictures/"));
    }
  g_autoptr (DataCheck) check = data_set_check (path, NULL, NULL);
  g_assert_cmpuint (check->problems->len, ==, 0);
}

static const char *const expected_report[] = {
  "README: skipped: its name is not a picture's",
  "___.png: noted: its SVG: No such file or directory",
  "___.png: skipped: nothing is said of it, not even by its name",
  "dangling.png: skipped: No such file or directory",
  "food/broken.png: noted: its SVG: broken XML, line 1: ",
  "food/cut.png: skipped: cut short: the PNG has no end",
  "food/empty.png: skipped: the file is empty",
  "food/empty_too.png: skipped: the file is empty",
  "food/huge.png: skipped: 25000 x 25000 pixels are too many: 625 million, at most 200 are taken",
  "food/text.png: skipped: ",
  "food/vast.png: skipped: ",
  "loop.png: skipped: Too many levels of symbolic links",
  "pipe.png: skipped: not a regular file",
  "round: skipped: a link to a folder",
  "shapes/lonely_star.png: noted: its SVG: No such file or directory",
  "shapes/\357\277\275\357\277\275_ring.png: noted: its path is not UTF-8: copied to pictures/",
};

static gint
compare_lines (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static void
test_report (void)
{
  DataImportSummary summary;
  g_autofree char *path = below ("set/report.jsonl");
  g_autofree char *text = NULL;
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  import_tree (&summary);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_auto (GStrv) split = g_strsplit (text, "\n", -1);
  for (guint i = 0; split[i] != NULL && *split[i] != '\0'; i++)
    {
      cJSON *object = cJSON_Parse (split[i]);
      g_ptr_array_add (
          lines, g_strdup_printf ("%s: %s: %s",
                                  cJSON_GetStringValue (cJSON_GetObjectItem (object, "file")),
                                  cJSON_GetStringValue (cJSON_GetObjectItem (object, "action")),
                                  cJSON_GetStringValue (cJSON_GetObjectItem (object, "reason"))));
      cJSON_Delete (object);
    }
  g_ptr_array_sort (lines, compare_lines);
  for (guint i = 0; i < MIN (lines->len, G_N_ELEMENTS (expected_report)); i++)
    if (!g_str_has_prefix (lines->pdata[i], expected_report[i]))
      g_assert_cmpstr (lines->pdata[i], ==, expected_report[i]);
  g_assert_cmpuint (lines->len, ==, G_N_ELEMENTS (expected_report));
}

static void
test_raw (void)
{
  DataImportSummary summary;
  g_autofree char *path = below ("set");
  import_tree (&summary);
  g_autoptr (DataSet) set = data_set_open (path, NULL);
  g_autofree char *line = data_set_dup_line (set, 0, NULL);
  cJSON *object = cJSON_Parse (line);
  char *raw = cJSON_PrintUnformatted (cJSON_GetObjectItem (object, "raw"));
#define CAT                                                                                        \
  "\"svg\":{\"title\":[\"Tabby Cat\"],\"subject\":[\"cat\",\"house pet\"],"                        \
  "\"description\":[\"A cat, isn't it?\"],\"creator\":[\"Ann Author\"]}}"
  g_assert_cmpstr (raw, ==,
                   "{\"names\":[{\"name\":\"animals/cat_01.png\",\"link\":false," CAT
                   ",{\"name\":\"people/pets/cat.png\",\"link\":true," CAT
                   ",{\"name\":\"unsorted/tom.png\",\"link\":false,"
                   "\"svg\":{\"title\":[\"Tom\"],\"subject\":[\"hash\"]}}]}");
  cJSON_free (raw);
  cJSON_Delete (object);
}

/* SHA-256 as a number of 256 bits, most significant byte first, modulo 10. */
static void
test_split (void)
{
  DataImportSummary summary;
  g_autofree char *path = below ("set");
  import_tree (&summary);
  g_autoptr (DataSet) set = data_set_open (path, NULL);
  for (guint i = 0; i < data_set_get_n_items (set); i++)
    {
      const DataItem *item = data_set_get_item (set, i);
      /* 16^k ends in 6 for every k > 0. */
      guint sum = 0, n = (guint) strlen (item->id);
      for (guint k = 0; k < n; k++)
        sum += (guint) g_ascii_xdigit_value (item->id[k]) * (k == n - 1 ? 1 : 6);
      g_assert_cmpint (item->split, ==, sum % 10 == 0 ? DATA_SPLIT_VAL : DATA_SPLIT_TRAIN);
    }
}

static void
assert_same_file (const char *first, const char *second)
{
  g_autofree char *a = NULL, *b = NULL;
  gsize n_a, n_b;
  g_autofree char *path_a = below (first);
  g_autofree char *path_b = below (second);
  g_assert_true (g_file_get_contents (path_a, &a, &n_a, NULL));
  g_assert_true (g_file_get_contents (path_b, &b, &n_b, NULL));
  g_assert_cmpmem (a, n_a, b, n_b);
}

static void
test_again (void)
{
  DataImportSummary first, second;
  import_tree (&first);
  g_autofree char *set = below ("set");
  g_autofree char *other = below ("first");
  g_assert_cmpint (g_rename (set, other), ==, 0);
  import_tree (&second);
  assert_same_file ("first/items.jsonl", "set/items.jsonl");
  assert_same_file ("first/report.jsonl", "set/report.jsonl");
  assert_same_file ("first/merges.txt", "set/merges.txt");
  assert_same_file ("first/dataset.json", "set/dataset.json");
  temporary_remove (other);
}

static void
test_no_tree (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *set = below ("none");
  g_autofree char *source = below ("tree/png");
  DataImportSummary summary;
  const DataImportOptions options = { 0 };
  g_assert_false (data_import_openclipart (set, &summary, source, &options, &error));
  g_assert_error (error, DATA_ERROR, DATA_ERROR_MISSING);
  g_assert_nonnull (strstr (error->message, "has no folder 'png'"));
  g_assert_false (g_file_test (set, G_FILE_TEST_EXISTS));
}

static void
test_cancel (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autofree char *set = below ("cancelled");
  g_autofree char *partial = below ("cancelled.partial");
  g_autofree char *source = below ("tree");
  DataImportSummary summary;
  const DataImportOptions options = { .cancellable = cancellable };
  g_cancellable_cancel (cancellable);
  g_assert_false (data_import_openclipart (set, &summary, source, &options, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (g_file_test (set, G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test (partial, G_FILE_TEST_EXISTS));
}

static void
test_caption (void)
{
  g_autoptr (DataCaption) caption = data_caption_new ();
  g_assert_cmpstr (data_caption_get (caption), ==, "");
  data_caption_add (caption, "  The cat's 'hat' -- don\342\200\231t_touch/the v2.0!");
  data_caption_add (caption, "THE Cat\xff\xff dog &amp; \316\251 \317\211 '' _");
  g_assert_cmpstr (data_caption_get (caption), ==,
                   "The cat's hat don\342\200\231t touch v2 0 Cat dog \316\251");
}

static void
make_scenes (const char *name, guint64 seed, guint count, guint size)
{
  GError *error = NULL;
  g_autofree char *path = below (name);
  DataImportSummary summary;
  const DataImportOptions options = { 0 };
  const DataScenesSettings settings = { .count = count, .size = size, .seed = seed };
  data_import_scenes (path, &summary, &settings, &options, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (summary.items, ==, count);
  g_assert_cmpuint (summary.val, ==, count / 10);
}

static void
test_scenes (void)
{
  make_scenes ("scenes", 1, 200, 32);
  make_scenes ("same", 1, 200, 32);
  make_scenes ("other", 2, 20, 32);
  assert_same_file ("scenes/items.jsonl", "same/items.jsonl");
  assert_same_file ("scenes/merges.txt", "same/merges.txt");
  assert_same_file ("scenes/pictures/000007.png", "same/pictures/000007.png");

  g_autofree char *path = below ("scenes");
  g_autofree char *other_path = below ("other");
  g_autoptr (DataSet) set = data_set_open (path, NULL);
  g_autoptr (DataSet) other = data_set_open (other_path, NULL);
  g_assert_cmpstr (data_set_get_item (set, 0)->captions[0], !=,
                   data_set_get_item (other, 0)->captions[0]);
  g_autoptr (GHashTable) captions = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < data_set_get_n_items (set); i++)
    g_assert_true (g_hash_table_add (captions, data_set_get_item (set, i)->captions[0]));
  g_autoptr (DataCheck) check = data_set_check (path, NULL, NULL);
  g_assert_cmpuint (check->problems->len, ==, 0);
}

static void
test_scenes_settings (void)
{
  static const DataScenesSettings wrong[] = { { .size = 7 },
                                              { .size = 5000 },
                                              { .count = 2000000 } };
  g_autofree char *path = below ("wrong");
  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;
      DataImportSummary summary;
      const DataImportOptions options = { 0 };
      g_assert_false (data_import_scenes (path, &summary, &wrong[i], &options, &error));
      g_assert_error (error, DATA_ERROR, DATA_ERROR_SETTING);
    }
}

static gboolean
is_near (const guint8 *pixel, const guint8 *rgb)
{
  return memcmp (pixel, rgb, 3) == 0;
}

/* Captions are true: relations hold, shapes are inside and apart, the ground is a ground. */
static void
test_scenes_are_exact (void)
{
  const guint size = 64;
  g_autofree guint8 *rgb = g_malloc (size * size * 3);
  for (guint n = 0; n < 300; n++)
    {
      DataScene scene;
      data_scene_draw_up (&scene, 5, n, 0);
      const DataSceneGroup *a = &scene.groups[0], *b = &scene.groups[1];
      for (guint i = 0; scene.n_groups == 2 && i < a->count; i++)
        for (guint j = 0; j < b->count; j++)
          {
            if (strstr (scene.caption, " above ") != NULL)
              g_assert_cmpfloat (a->y[i] + a->radius, <, b->y[j] - b->radius + 1e-3);
            else if (strstr (scene.caption, " below ") != NULL)
              g_assert_cmpfloat (a->y[i] - a->radius, >, b->y[j] + b->radius - 1e-3);
            else if (strstr (scene.caption, " left of ") != NULL)
              g_assert_cmpfloat (a->x[i] + a->radius, <, b->x[j] - b->radius + 1e-3);
            else
              g_assert_cmpfloat (a->x[i] - a->radius, >, b->x[j] + b->radius - 1e-3);
          }
      const guint8 ground = g_str_has_suffix (scene.caption, " on white")   ? 248
                            : g_str_has_suffix (scene.caption, " on black") ? 12
                                                                            : 150;
      for (int c = 0; c < 3; c++)
        g_assert_cmpint (ABS ((int) scene.ground[c] - ground), <=, 10);
      data_scene_paint (&scene, rgb, size);
      for (guint g = 0; g < scene.n_groups; g++)
        for (guint i = 0; i < scene.groups[g].count; i++)
          {
            const DataSceneGroup *group = &scene.groups[g];
            g_assert_cmpfloat (group->x[i], >=, group->radius);
            g_assert_cmpfloat (group->x[i] + group->radius, <=, 1);
            g_assert_cmpfloat (group->y[i], >=, group->radius);
            g_assert_cmpfloat (group->y[i] + group->radius, <=, 1);
            for (guint j = 0; j < i; j++)
              g_assert_true (ABS (group->x[i] - group->x[j]) > 2 * group->radius
                             || ABS (group->y[i] - group->y[j]) > 2 * group->radius);
            guint column = (guint) (group->x[i] * size), row = (guint) (group->y[i] * size);
            const guint8 *pixel = rgb + (row * size + column) * 3;
            g_assert_true (
                is_near (pixel, group->shape == DATA_SHAPE_RING ? scene.ground : group->rgb));
          }
      g_assert_true (is_near (rgb, scene.ground));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* libvips warns of the picture that says it is vast. */
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
  folder = temporary_folder ();
  make_tree ();
  g_test_add_func ("/import/openclipart/items", test_items);
  g_test_add_func ("/import/openclipart/report", test_report);
  g_test_add_func ("/import/openclipart/raw", test_raw);
  g_test_add_func ("/import/openclipart/split", test_split);
  g_test_add_func ("/import/openclipart/again", test_again);
  g_test_add_func ("/import/openclipart/no-tree", test_no_tree);
  g_test_add_func ("/import/openclipart/cancel", test_cancel);
  g_test_add_func ("/import/caption", test_caption);
  g_test_add_func ("/import/scenes", test_scenes);
  g_test_add_func ("/import/scenes/settings", test_scenes_settings);
  g_test_add_func ("/import/scenes/exact", test_scenes_are_exact);
  int status = g_test_run ();
  temporary_remove (folder);
  g_free (folder);
  return status;
}
