/* Reading a data set folder.
 *
 * items.jsonl is a few megabytes for thousands of items, so it is read whole; what training needs
 * of a line stays in memory, its raw fields do not: the line's place in the file is kept to read
 * them again. Lines may come from anywhere: nothing in them is believed before it is looked at. */

#include "models/data/dataset.h"

#include <cjson/cJSON.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <unistd.h>
#include <glib/gstdio.h>

struct _DataSet
{
  char *folder;
  char *name;
  char *source;
  char *fingerprint;
  guint vocabulary_size;
  GArray *items; /* DataItem */
  GArray *lines; /* DataLine, one for each item */
  guint n_captions;
  GArray *splits[DATA_N_SPLITS]; /* guint indices into items */
  GHashTable *by_id;             /* borrowed id -> index + 1 */
};

typedef struct
{
  gsize offset;
  gsize length;
} DataLine;

G_DEFINE_QUARK (penumbra_data_error, data_error)

static const char *const split_names[DATA_N_SPLITS] = { "train", "val" };

const char *
data_split_to_string (DataSplit split)
{
  g_assert (split < DATA_N_SPLITS);
  return split_names[split];
}

static void
clear_item (gpointer item_pointer)
{
  DataItem *item = item_pointer;
  g_free (item->id);
  g_free (item->file);
  g_free (item->path);
  g_strfreev (item->captions);
  g_free (item->group);
}

void
data_set_free (DataSet *set)
{
  if (set == NULL)
    return;
  g_clear_pointer (&set->by_id, g_hash_table_unref);
  for (int i = 0; i < DATA_N_SPLITS; i++)
    g_clear_pointer (&set->splits[i], g_array_unref);
  g_clear_pointer (&set->items, g_array_unref);
  g_clear_pointer (&set->lines, g_array_unref);
  g_free (set->fingerprint);
  g_free (set->source);
  g_free (set->name);
  g_free (set->folder);
  g_free (set);
}

/* A whole number within [low, high], or FALSE.  JSON has only doubles: 2^53 and beyond are not
 * whole numbers anyone can rely on. */
static gboolean
get_integer (const cJSON *object, const char *key, gint64 low, gint64 high, gint64 *value)
{
  const cJSON *field = cJSON_GetObjectItemCaseSensitive (object, key);
  if (!cJSON_IsNumber (field) || !(fabs (field->valuedouble) < 9007199254740992.0)
      || field->valuedouble != floor (field->valuedouble))
    return FALSE;
  *value = (gint64) field->valuedouble;
  return *value >= low && *value <= high;
}

static const char *
get_string (const cJSON *object, const char *key)
{
  return cJSON_GetStringValue (cJSON_GetObjectItemCaseSensitive (object, key));
}

static gboolean
is_blank (const char *text)
{
  for (; *text != '\0'; text = g_utf8_next_char (text))
    if (!g_unichar_isspace (g_utf8_get_char (text)))
      return FALSE;
  return TRUE;
}

/* Says why the captions cannot be used, or NULL and sets item->captions. */
static const char *
parse_captions (const cJSON *object, DataItem *item)
{
  const cJSON *captions = cJSON_GetObjectItemCaseSensitive (object, "captions");
  int n = cJSON_IsArray (captions) ? cJSON_GetArraySize (captions) : 0;
  if (n == 0)
    return "\"captions\" is not a list of at least one text";

  const cJSON *caption;
  item->captions = g_new0 (char *, (gsize) n + 1);
  cJSON_ArrayForEach (caption, captions)
  {
    if (!cJSON_IsString (caption) || is_blank (caption->valuestring))
      return "a caption is empty or not a text";
    item->captions[item->n_captions++] = g_strdup (caption->valuestring);
  }
  return NULL;
}

/* Says what is wrong with the object, or NULL and fills the item (which the caller clears either
 * way). */
static const char *
parse_item (const cJSON *object, const char *folder, DataItem *item)
{
  if (!cJSON_IsObject (object))
    return "not a JSON object";

  item->id = g_strdup (get_string (object, "id"));
  if (item->id == NULL || *item->id == '\0')
    return "\"id\" is missing or not a text";
  item->file = g_strdup (get_string (object, "file"));
  if (item->file == NULL || *item->file == '\0')
    return "\"file\" is missing or not a text";
  item->path = g_path_is_absolute (item->file) ? g_strdup (item->file)
                                               : g_build_filename (folder, item->file, NULL);

  const char *split = get_string (object, "split");
  if (g_strcmp0 (split, "train") != 0 && g_strcmp0 (split, "val") != 0)
    return "\"split\" is not \"train\" or \"val\"";
  item->split = strcmp (split, "val") == 0 ? DATA_SPLIT_VAL : DATA_SPLIT_TRAIN;

  const char *group = get_string (object, "group");
  item->group = g_strdup (group != NULL ? group : "");
  item->alpha = cJSON_IsTrue (cJSON_GetObjectItemCaseSensitive (object, "alpha"));
  if (!get_integer (object, "width", 1, G_MAXINT32, &item->width)
      || !get_integer (object, "height", 1, G_MAXINT32, &item->height))
    return "\"width\" or \"height\" is not a number of pixels";
  return parse_captions (object, item);
}

static gboolean
add_line (DataSet *set, const char *text, gsize offset, gsize length, const char *path,
          GError **error)
{
  DataItem item = { 0 };
  const char *problem = NULL;
  cJSON *object = NULL;

  if (!g_utf8_validate_len (text + offset, length, NULL))
    problem = "not valid UTF-8";
  else if ((object = cJSON_ParseWithLength (text + offset, length)) == NULL)
    problem = "not valid JSON";
  else
    problem = parse_item (object, set->folder, &item);
  cJSON_Delete (object);
  if (problem == NULL && g_hash_table_contains (set->by_id, item.id))
    problem = "its \"id\" is already that of an earlier line";

  if (problem != NULL)
    {
      clear_item (&item);
      g_set_error (error, DATA_ERROR, DATA_ERROR_INVALID,
                   "%s:%u: %s: repair the line or import the data set again", path,
                   set->items->len + 1, problem);
      return FALSE;
    }

  guint index = set->items->len;
  DataLine line = { .offset = offset, .length = length };
  g_array_append_val (set->items, item);
  g_array_append_val (set->lines, line);
  g_array_append_val (set->splits[item.split], index);
  g_hash_table_insert (set->by_id, item.id, GUINT_TO_POINTER (index + 1));
  set->n_captions += item.n_captions;
  return TRUE;
}

static gboolean
read_items (DataSet *set, GError **error)
{
  g_autofree char *path = g_build_filename (set->folder, "items.jsonl", NULL);
  g_autofree char *text = NULL;
  gsize length = 0;
  if (!g_file_get_contents (path, &text, &length, error))
    {
      g_prefix_error (error, "data set '%s': ", set->folder);
      return FALSE;
    }

  set->fingerprint = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (guchar *) text, length);
  for (gsize offset = 0; offset < length;)
    {
      const char *end = memchr (text + offset, '\n', length - offset);
      gsize line_length = end != NULL ? (gsize) (end - text) - offset : length - offset;
      if (!add_line (set, text, offset, line_length, path, error))
        return FALSE;
      offset += line_length + 1;
    }
  return TRUE;
}

/* Reads dataset.json; gives the number of items it promises. */
static gboolean
read_description (DataSet *set, gint64 *n_items, GError **error)
{
  g_autofree char *path = g_build_filename (set->folder, "dataset.json", NULL);
  g_autofree char *text = NULL;
  gsize length = 0;
  if (!g_file_get_contents (path, &text, &length, NULL))
    {
      g_set_error (error, DATA_ERROR, DATA_ERROR_MISSING,
                   "'%s' is not a data set (there is no dataset.json in it): make one with "
                   "'penumbra-cli data import'",
                   set->folder);
      return FALSE;
    }

  cJSON *object =
      g_utf8_validate_len (text, length, NULL) ? cJSON_ParseWithLength (text, length) : NULL;
  gint64 version = 0, vocabulary_size = 0;
  gboolean whole = get_string (object, "name") != NULL
                   && get_integer (object, "version", 1, G_MAXINT32, &version)
                   && get_integer (object, "vocabulary", 0, G_MAXINT32, &vocabulary_size)
                   && get_integer (cJSON_GetObjectItemCaseSensitive (object, "counts"), "items", 0,
                                   G_MAXINT32, n_items);
  if (!whole)
    g_set_error (error, DATA_ERROR, DATA_ERROR_INVALID,
                 "'%s' is broken or not a data set's: import the data set again", path);
  else if (version > DATA_SET_VERSION)
    g_set_error (error, DATA_ERROR, DATA_ERROR_INVALID,
                 "'%s' has format version %d, this program reads %d: import it with this program",
                 path, (int) version, DATA_SET_VERSION);
  else
    {
      const char *source = get_string (object, "source");
      set->name = g_strdup (get_string (object, "name"));
      set->source = g_strdup (source != NULL ? source : "");
      set->vocabulary_size = (guint) vocabulary_size;
    }
  cJSON_Delete (object);
  return set->name != NULL;
}

DataSet *
data_set_open (const char *folder, GError **error)
{
  g_autoptr (DataSet) set = g_new0 (DataSet, 1);
  gint64 n_items = 0;

  g_assert (folder != NULL);
  set->folder = g_strdup (folder);
  set->items = g_array_new (FALSE, FALSE, sizeof (DataItem));
  set->lines = g_array_new (FALSE, FALSE, sizeof (DataLine));
  g_array_set_clear_func (set->items, clear_item);
  for (int i = 0; i < DATA_N_SPLITS; i++)
    set->splits[i] = g_array_new (FALSE, FALSE, sizeof (guint));
  set->by_id = g_hash_table_new (g_str_hash, g_str_equal);

  if (!read_description (set, &n_items, error) || !read_items (set, error))
    return NULL;
  if ((gint64) set->items->len != n_items)
    {
      g_set_error (error, DATA_ERROR, DATA_ERROR_INVALID,
                   "data set '%s': items.jsonl has %u items, dataset.json says %" G_GINT64_FORMAT
                   ": import the data set again",
                   folder, set->items->len, n_items);
      return NULL;
    }
  return g_steal_pointer (&set);
}

const char *
data_set_get_folder (const DataSet *set)
{
  return set->folder;
}

const char *
data_set_get_name (const DataSet *set)
{
  return set->name;
}

const char *
data_set_get_source (const DataSet *set)
{
  return set->source;
}

const char *
data_set_get_fingerprint (const DataSet *set)
{
  return set->fingerprint;
}

guint
data_set_get_vocabulary_size (const DataSet *set)
{
  return set->vocabulary_size;
}

char *
data_set_dup_vocab_path (const DataSet *set)
{
  return g_build_filename (set->folder, "vocab.json", NULL);
}

char *
data_set_dup_merges_path (const DataSet *set)
{
  return g_build_filename (set->folder, "merges.txt", NULL);
}

guint
data_set_get_n_items (const DataSet *set)
{
  return set->items->len;
}

const DataItem *
data_set_get_item (const DataSet *set, guint index)
{
  g_assert (index < set->items->len);
  return &g_array_index (set->items, DataItem, index);
}

guint
data_set_get_n_captions (const DataSet *set)
{
  return set->n_captions;
}

const guint *
data_set_get_split (const DataSet *set, DataSplit split, guint *n_items)
{
  g_assert (split < DATA_N_SPLITS);
  if (n_items != NULL)
    *n_items = set->splits[split]->len;
  return (const guint *) (const void *) set->splits[split]->data;
}

gint64
data_set_find (const DataSet *set, const char *id)
{
  return (gint64) GPOINTER_TO_UINT (g_hash_table_lookup (set->by_id, id)) - 1;
}

char *
data_set_dup_line (const DataSet *set, guint index, GError **error)
{
  g_assert (index < set->lines->len);
  const DataLine *line = &g_array_index (set->lines, DataLine, index);
  g_autofree char *path = g_build_filename (set->folder, "items.jsonl", NULL);
  g_autofree char *text = g_malloc (line->length + 1);

  int fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);
  gsize done = 0;
  while (fd >= 0 && done < line->length)
    {
      gssize n = pread (fd, text + done, line->length - done, (off_t) (line->offset + done));
      if (n <= 0)
        break;
      done += (gsize) n;
    }
  if (fd >= 0)
    close (fd);
  if (done < line->length)
    {
      g_set_error (error, DATA_ERROR, DATA_ERROR_MISSING,
                   "'%s' cannot be read at line %u: it changed since the data set was opened", path,
                   index + 1);
      return NULL;
    }
  text[line->length] = '\0';
  return g_steal_pointer (&text);
}
