/* The writer: path.tmp, fsync, rename, fsync of the folder. */
#include "models/nn/safetensors.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

typedef struct
{
  char *name;
  NnDType dtype;
  int rank;
  gint64 shape[NN_TENSOR_MAX_RANK];
  gsize bytes;
  const void *data;
} Entry;

struct NnTensorWriter
{
  GArray *entries;
  GHashTable *names;
  GTree *metadata;
  char *path;
  char *temporary;
  int fd; /* -1 unless begun and not ended */
  gsize total;
  gsize written;
};

static void
entry_clear (gpointer data)
{
  g_free (((Entry *) data)->name);
}

static int
compare_keys (gconstpointer a, gconstpointer b, gpointer user)
{
  (void) user;
  return strcmp (a, b);
}

NnTensorWriter *
nn_tensor_writer_new (void)
{
  NnTensorWriter *writer = g_new0 (NnTensorWriter, 1);

  writer->entries = g_array_new (FALSE, TRUE, sizeof (Entry));
  g_array_set_clear_func (writer->entries, entry_clear);
  writer->names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  writer->metadata = g_tree_new_full (compare_keys, NULL, g_free, g_free);
  writer->fd = -1;
  return writer;
}

static void
abandon (NnTensorWriter *writer)
{
  if (writer->fd < 0)
    return;
  close (writer->fd);
  writer->fd = -1;
  g_unlink (writer->temporary);
}

void
nn_tensor_writer_free (NnTensorWriter *writer)
{
  if (writer == NULL)
    return;
  abandon (writer);
  g_array_unref (writer->entries);
  g_hash_table_unref (writer->names);
  g_tree_unref (writer->metadata);
  g_free (writer->path);
  g_free (writer->temporary);
  g_free (writer);
}

void
nn_tensor_writer_add_metadata (NnTensorWriter *writer, const char *key, const char *value)
{
  g_assert (g_utf8_validate (key, -1, NULL) && g_utf8_validate (value, -1, NULL));
  g_tree_replace (writer->metadata, g_strdup (key), g_strdup (value));
}

void
nn_tensor_writer_add (NnTensorWriter *writer, const char *name, NnDType dtype, int rank,
                      const gint64 *shape, const void *data)
{
  Entry entry = { .name = g_strdup (name), .dtype = dtype, .rank = rank, .data = data, .bytes = 1 };
  gboolean fits = TRUE;

  g_assert (writer->fd < 0 && rank >= 0 && rank <= NN_TENSOR_MAX_RANK);
  g_assert (strcmp (name, "__metadata__") != 0 && g_utf8_validate (name, -1, NULL));
  gboolean is_new = g_hash_table_add (writer->names, g_strdup (name));
  g_assert (is_new);
  for (int i = 0; i < rank; i++)
    {
      g_assert (shape[i] >= 0);
      entry.shape[i] = shape[i];
      fits = fits && g_size_checked_mul (&entry.bytes, entry.bytes, (gsize) shape[i]);
    }
  fits = fits && g_size_checked_mul (&entry.bytes, entry.bytes, nn_dtype_size (dtype))
         && g_size_checked_add (&writer->total, writer->total, entry.bytes);
  g_assert (fits);
  g_array_append_val (writer->entries, entry);
}

static void
append_text (GString *json, const char *text)
{
  cJSON *item = cJSON_CreateString (text);
  char *quoted = cJSON_PrintUnformatted (item);

  g_string_append (json, quoted);
  cJSON_free (quoted);
  cJSON_Delete (item);
}

static gboolean
append_metadata (gpointer key, gpointer value, gpointer user)
{
  GString *json = user;

  if (json->str[json->len - 1] != '{')
    g_string_append_c (json, ',');
  append_text (json, key);
  g_string_append_c (json, ':');
  append_text (json, value);
  return FALSE;
}

/* Spaces up to a multiple of 8 put the data on an aligned byte. */
static GString *
make_header (const NnTensorWriter *writer)
{
  GString *json = g_string_new ("{\"__metadata__\":{");
  gsize at = 0;

  g_tree_foreach (writer->metadata, append_metadata, json);
  g_string_append_c (json, '}');
  for (guint i = 0; i < writer->entries->len; i++)
    {
      const Entry *entry = &g_array_index (writer->entries, Entry, i);

      g_string_append_c (json, ',');
      append_text (json, entry->name);
      g_string_append_printf (json, ":{\"dtype\":\"%s\",\"shape\":[", nn_dtype_name (entry->dtype));
      for (int d = 0; d < entry->rank; d++)
        g_string_append_printf (json, "%s%" G_GINT64_FORMAT, d ? "," : "", entry->shape[d]);
      g_string_append_printf (json, "],\"data_offsets\":[%" G_GSIZE_FORMAT ",%" G_GSIZE_FORMAT "]}",
                              at, at + entry->bytes);
      at += entry->bytes;
    }
  g_string_append_c (json, '}');
  while (json->len % 8 != 0)
    g_string_append_c (json, ' ');
  return json;
}

static gboolean
fail (NnTensorWriter *writer, int failure, GError **error)
{
  gboolean full = failure == ENOSPC || failure == EDQUOT;

  abandon (writer);
  g_set_error (error, NN_TENSOR_FILE_ERROR, NN_TENSOR_FILE_ERROR_IO, "cannot write %s: %s%s",
               writer->path, g_strerror (failure),
               full                                    ? "; free some space on that disk"
               : failure == EACCES || failure == EROFS ? "; make the folder writable"
                                                       : "");
  return FALSE;
}

static gboolean
write_all (NnTensorWriter *writer, const void *data, gsize bytes, GError **error)
{
  const char *from = data;

  while (bytes > 0)
    {
      /* Linux moves at most 2 GiB a call. */
      gssize moved = write (writer->fd, from, MIN (bytes, (gsize) 1 << 30));

      if (moved < 0 && errno == EINTR)
        continue;
      if (moved < 0)
        return fail (writer, errno, error);
      from += moved;
      bytes -= (gsize) moved;
    }
  return TRUE;
}

gboolean
nn_tensor_writer_begin (NnTensorWriter *writer, const char *path, GError **error)
{
  g_assert (writer->path == NULL);
  writer->path = g_strdup (path);
  writer->temporary = g_strconcat (path, ".tmp", NULL);
  writer->fd = open (writer->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (writer->fd < 0)
    return fail (writer, errno, error);

  GString *header = make_header (writer);
  guint64 length = GUINT64_TO_LE ((guint64) header->len);
  gboolean ok = write_all (writer, &length, sizeof length, error)
                && write_all (writer, header->str, header->len, error);
  g_string_free (header, TRUE);
  return ok;
}

gboolean
nn_tensor_writer_write (NnTensorWriter *writer, const void *data, gsize bytes, GError **error)
{
  g_assert (writer->fd >= 0 && bytes <= writer->total - writer->written);
  writer->written += bytes;
  return write_all (writer, data, bytes, error);
}

static gboolean
sync_folder (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  int fd = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  /* Some file systems cannot sync a folder; the rename has happened all the same. */
  gboolean ok = fd >= 0 && (fsync (fd) == 0 || errno == EINVAL);

  if (fd >= 0)
    close (fd);
  return ok;
}

gboolean
nn_tensor_writer_commit (NnTensorWriter *writer, GError **error)
{
  g_assert (writer->fd >= 0 && writer->written == writer->total);
  if (fsync (writer->fd) < 0)
    return fail (writer, errno, error);
  if (g_rename (writer->temporary, writer->path) < 0)
    return fail (writer, errno, error);
  close (writer->fd);
  writer->fd = -1;
  if (!sync_folder (writer->path))
    return fail (writer, errno, error);
  return TRUE;
}

gboolean
nn_tensor_writer_save (NnTensorWriter *writer, const char *path, GError **error)
{
  if (!nn_tensor_writer_begin (writer, path, error))
    return FALSE;
  for (guint i = 0; i < writer->entries->len; i++)
    {
      const Entry *entry = &g_array_index (writer->entries, Entry, i);

      g_assert (entry->data != NULL || entry->bytes == 0);
      if (!nn_tensor_writer_write (writer, entry->data, entry->bytes, error))
        return FALSE;
    }
  return nn_tensor_writer_commit (writer, error);
}
