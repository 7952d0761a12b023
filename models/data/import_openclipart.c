/* OpenClipart as Debian packages it: png/THEME/.../NAME.png, and svg/THEME/.../NAME.svg with the
 * words.
 *
 * Many names are links to the same picture under another theme.  An item is one content; what all
 * its names say goes into one caption: titles, keywords, descriptions, folders, file names, each
 * word once. Words are taken as they are, junk and all: so are captions of the web.  An item is
 * held out when its SHA-256, read as one number of 256 bits (most significant byte first), is a
 * multiple of 10. */

#include "models/data/import.h"

#include "models/data/caption.h"
#include "models/data/dataset_writer.h"
#include "models/data/picture.h"
#include "models/data/picture_tree.h"
#include "models/data/svg_metadata.h"

#include <string.h>
#include <gio/gio.h>
#include <glib/gstdio.h>

#define PACKAGED_SOURCE "/usr/share/openclipart"
#define PICTURES "pictures"
#define SUFFIX ".png"

/* Decoding more costs seconds for one picture of thousands; three of Debian's have 231 to 623
 * million. */
#define MAX_PIXELS 200000000

/* One import. */
typedef struct
{
  DataSetWriter *writer;
  char *png; /* real paths of the two trees */
  char *svg;
} Import;

/* One picture on its way to be an item. */
typedef struct
{
  const DataTreePicture *picture;
  DataPictureInfo info;
  GPtrArray *metadata; /* DataSvgMetadata * or NULL, one for each name */
} Entry;

static void
free_metadata (gpointer metadata)
{
  data_svg_metadata_free (metadata);
}

/* The name of the SVG beside a PNG's: "food/apple.png" -> ".../svg/food/apple.svg". */
static char *
dup_svg_path (const Import *import, const char *name)
{
  g_autofree char *stem = g_strndup (name, strlen (name) - strlen (SUFFIX));
  g_autofree char *svg = g_strconcat (stem, ".svg", NULL);
  return g_build_filename (import->svg, svg, NULL);
}

static gboolean
note (const Import *import, const char *name, const char *what, const char *reason, GError **error)
{
  g_autofree char *text = g_strconcat (what, reason, NULL);
  return data_set_writer_report (import->writer, DATA_REPORT_NOTED, name, text, error);
}

static gboolean
read_metadata (const Import *import, Entry *entry, GError **error)
{
  const GPtrArray *names = entry->picture->names;
  for (guint i = 0; i < names->len; i++)
    {
      const DataPictureName *name = names->pdata[i];
      g_autoptr (GError) why = NULL;
      g_autofree char *path = dup_svg_path (import, name->name);
      DataSvgMetadata *metadata = data_svg_metadata_read (path, &why);
      g_ptr_array_add (entry->metadata, metadata);
      if (metadata == NULL && !note (import, name->name, "its SVG: ", why->message, error))
        return FALSE;
      if (metadata != NULL && metadata->problem != NULL
          && !note (import, name->name, "its SVG: ", metadata->problem, error))
        return FALSE;
    }
  return TRUE;
}

/* The words of one field of all names. */
static void
add_field (DataCaption *caption, const Entry *entry, const char *field)
{
  for (guint i = 0; i < entry->metadata->len; i++)
    {
      const DataSvgMetadata *metadata = entry->metadata->pdata[i];
      const GPtrArray *values = metadata != NULL ? data_svg_metadata_get (metadata, field) : NULL;
      for (guint v = 0; values != NULL && v < values->len; v++)
        data_caption_add (caption, values->pdata[v]);
    }
}

static void
add_names (DataCaption *caption, const Entry *entry, gboolean folders)
{
  const GPtrArray *names = entry->picture->names;
  for (guint i = 0; i < names->len; i++)
    {
      const char *name = ((const DataPictureName *) names->pdata[i])->name;
      const char *slash = strrchr (name, '/');
      const char *start = slash != NULL ? slash + 1 : name;
      g_autofree char *part = folders ? g_strndup (name, (gsize) (start - name))
                                      : g_strndup (start, strlen (start) - strlen (SUFFIX));
      data_caption_add (caption, part);
    }
}

static char *
compose_caption (const Entry *entry)
{
  g_autoptr (DataCaption) caption = data_caption_new ();
  add_field (caption, entry, "title");
  add_field (caption, entry, "subject");
  add_field (caption, entry, "description");
  add_names (caption, entry, TRUE);
  add_names (caption, entry, FALSE);
  return g_strdup (data_caption_get (caption));
}

static cJSON *
describe_metadata (const DataSvgMetadata *metadata)
{
  cJSON *object = cJSON_CreateObject ();
  for (guint i = 0; i < metadata->fields->len; i++)
    {
      const DataSvgField *field = metadata->fields->pdata[i];
      if (field->values->len > 0)
        cJSON_AddItemToObject (object, field->name,
                               cJSON_CreateStringArray ((const char *const *) field->values->pdata,
                                                        (int) field->values->len));
    }
  return object;
}

/* {"names": [{"name": "food/apple.png", "link": false, "svg": {"title": ["Apple"], ...}}, ...]} */
static cJSON *
describe (const Entry *entry)
{
  cJSON *raw = cJSON_CreateObject ();
  cJSON *list = cJSON_AddArrayToObject (raw, "names");
  for (guint i = 0; i < entry->picture->names->len; i++)
    {
      const DataPictureName *name = entry->picture->names->pdata[i];
      const DataSvgMetadata *metadata = entry->metadata->pdata[i];
      g_autofree char *valid = g_utf8_make_valid (name->name, -1);
      cJSON *object = cJSON_CreateObject ();
      cJSON_AddStringToObject (object, "name", valid);
      cJSON_AddBoolToObject (object, "link", name->link);
      if (metadata != NULL)
        cJSON_AddItemToObject (object, "svg", describe_metadata (metadata));
      cJSON_AddItemToArray (list, object);
    }
  return raw;
}

/* A number of any length, modulo 10, digit by digit. */
static DataSplit
choose_split (const char *sha256)
{
  guint rest = 0;
  for (const char *digit = sha256; *digit != '\0'; digit++)
    rest = (rest * 16 + (guint) g_ascii_xdigit_value (*digit)) % 10;
  return rest == 0 ? DATA_SPLIT_VAL : DATA_SPLIT_TRAIN;
}

/* The first folder of the first name that is not a link. */
static char *
dup_theme (const DataTreePicture *picture)
{
  const DataPictureName *best = picture->names->pdata[0];
  for (guint i = 0; i < picture->names->len && best->link; i++)
    best = picture->names->pdata[i];
  const char *slash = strchr (best->name, '/');
  g_autofree char *theme = g_strndup (best->name, slash != NULL ? (gsize) (slash - best->name) : 0);
  return g_utf8_make_valid (theme, -1);
}

/* How the data set names the picture's file: where it lies, or if JSON cannot say that, a copy of
 * our own. */
static char *
dup_file (const Import *import, const DataTreePicture *picture, GError **error)
{
  if (g_utf8_validate (picture->path, -1, NULL))
    return g_strdup (picture->path);

  const DataPictureName *name = picture->names->pdata[0];
  g_autofree char *file = g_strconcat (PICTURES "/", picture->sha256, SUFFIX, NULL);
  g_autofree char *copy =
      g_build_filename (data_set_writer_get_folder (import->writer), file, NULL);
  g_autofree char *folder = g_path_get_dirname (copy);
  g_autoptr (GFile) from = g_file_new_for_path (picture->path);
  g_autoptr (GFile) to = g_file_new_for_path (copy);
  g_mkdir (folder, 0777);
  if (!g_file_copy (from, to, G_FILE_COPY_NOFOLLOW_SYMLINKS, NULL, NULL, NULL, error)
      || !note (import, name->name, "its path is not UTF-8: copied to ", file, error))
    return NULL;
  return g_steal_pointer (&file);
}

static gboolean
write_item (const Import *import, Entry *entry, char *caption, GError **error)
{
  const DataTreePicture *picture = entry->picture;
  g_autofree char *file = dup_file (import, picture, error);
  g_autofree char *theme = dup_theme (picture);
  if (file == NULL)
    return FALSE;

  char *captions[] = { caption, NULL };
  DataItem item = {
    .id = picture->sha256,
    .file = file,
    .captions = captions,
    .n_captions = 1,
    .split = choose_split (picture->sha256),
    .group = theme,
    .alpha = entry->info.alpha,
    .width = entry->info.width,
    .height = entry->info.height,
  };
  cJSON *raw = describe (entry);
  gboolean added = data_set_writer_add (import->writer, &item, raw, error);
  cJSON_Delete (raw);
  return added;
}

/* Why the picture cannot be an item, or NULL. */
static char *
find_obstacle (Entry *entry)
{
  g_autoptr (GError) error = NULL;
  if (!data_picture_probe (&entry->info, entry->picture->path, &error))
    return g_strdup (error->message);
  guint64 pixels = (guint64) entry->info.width * entry->info.height;
  if (pixels > MAX_PIXELS)
    return g_strdup_printf ("%u x %u pixels are too many: %.0f million, at most %d are taken",
                            entry->info.width, entry->info.height, (double) pixels / 1e6,
                            MAX_PIXELS / 1000000);
  return NULL;
}

static gboolean
add_picture (const Import *import, const DataTreePicture *picture, GError **error)
{
  g_autoptr (GPtrArray) metadata = g_ptr_array_new_with_free_func (free_metadata);
  Entry entry = { .picture = picture, .metadata = metadata };
  const char *name = ((const DataPictureName *) picture->names->pdata[0])->name;
  g_autofree char *caption = NULL;
  g_autofree char *obstacle = find_obstacle (&entry);

  if (obstacle == NULL)
    {
      if (!read_metadata (import, &entry, error))
        return FALSE;
      caption = compose_caption (&entry);
      if (*caption == '\0')
        obstacle = g_strdup ("nothing is said of it, not even by its name");
    }
  if (obstacle != NULL)
    return data_set_writer_report (import->writer, DATA_REPORT_SKIPPED, name, obstacle, error);
  return write_item (import, &entry, caption, error);
}

static gboolean
add_pictures (const Import *import, const DataImportOptions *options, GError **error)
{
  g_autoptr (GPtrArray) pictures =
      data_picture_tree_read (import->writer, import->png, SUFFIX, options, error);
  if (pictures == NULL)
    return FALSE;
  for (guint i = 0; i < pictures->len; i++)
    {
      if (g_cancellable_set_error_if_cancelled (options->cancellable, error)
          || !add_picture (import, pictures->pdata[i], error))
        return FALSE;
      if (options->progress != NULL)
        options->progress (i + 1, pictures->len, "reading captions", options->user_data);
    }
  return TRUE;
}

/* The real path of source/part, or an error that says what to install. */
static char *
find_part (const char *source, const char *part, gboolean packaged, GError **error)
{
  g_autofree char *path = g_build_filename (source, part, NULL);
  g_autofree char *real = realpath (path, NULL);
  if (real != NULL && g_file_test (real, G_FILE_TEST_IS_DIR))
    return g_strdup (real);
  if (packaged)
    g_set_error (error, DATA_ERROR, DATA_ERROR_MISSING,
                 "openclipart-%s is not installed ('%s' is not there): apt-get install "
                 "openclipart-png openclipart-svg",
                 part, path);
  else
    g_set_error (error, DATA_ERROR, DATA_ERROR_MISSING,
                 "'%s' is not a tree of OpenClipart's manner: it has no folder '%s'", source, part);
  return NULL;
}

gboolean
data_import_openclipart (const char *folder, DataImportSummary *summary, const char *source,
                         const DataImportOptions *options, GError **error)
{
  const gboolean packaged = source == NULL;
  if (packaged)
    source = PACKAGED_SOURCE;
  g_autofree char *png = find_part (source, "png", packaged, error);
  g_autofree char *svg = png != NULL ? find_part (source, "svg", packaged, error) : NULL;
  if (svg == NULL)
    return FALSE;

  g_autoptr (DataSetWriter) writer = data_set_writer_new (folder, "openclipart", source, error);
  Import import = { .writer = writer, .png = png, .svg = svg };
  return writer != NULL && add_pictures (&import, options, error)
         && data_set_writer_finish (writer, summary, options, error);
}
