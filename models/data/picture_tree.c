/* First all names are listed and sorted, so the outcome does not depend on the order a file system
 * gives; then each file is read once, in blocks, however many links lead to it. */

#include "models/data/picture_tree.h"

#include "models/data/picture_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <glib/gstdio.h>

#define MAX_DEPTH 64
#define BLOCK_BYTES (256 * 1024)

typedef struct
{
  DataSetWriter *writer;
  const char *root;
  const char *suffix;
  const DataImportOptions *options;
  GPtrArray *names;     /* DataPictureName *, until a picture takes them */
  GPtrArray *pictures;  /* DataTreePicture * */
  GHashTable *by_hash;  /* borrowed sha256 -> borrowed picture */
  GHashTable *by_path;  /* real path -> borrowed picture */
  GHashTable *unusable; /* real path -> why */
} Tree;

static void
free_name (gpointer name_pointer)
{
  DataPictureName *name = name_pointer;
  if (name == NULL)
    return;
  g_free (name->name);
  g_free (name);
}

void
data_tree_picture_free (gpointer picture_pointer)
{
  DataTreePicture *picture = picture_pointer;
  if (picture == NULL)
    return;
  g_ptr_array_unref (picture->names);
  g_free (picture->path);
  g_free (picture->sha256);
  g_free (picture);
}

static gboolean
skip (Tree *tree, const char *name, const char *reason, GError **error)
{
  return data_set_writer_report (tree->writer, DATA_REPORT_SKIPPED, name, reason, error);
}

static gboolean
ends_in (const char *name, const char *suffix)
{
  gsize length = strlen (name), n = strlen (suffix);
  return length > n && g_ascii_strcasecmp (name + length - n, suffix) == 0;
}

static gboolean list_folder (Tree *tree, const char *below, int depth, GError **error);

static gboolean
list_entry (Tree *tree, char *name, int depth, GError **error)
{
  g_autofree char *owned = name;
  g_autofree char *path = g_build_filename (tree->root, name, NULL);
  GStatBuf status;
  if (g_lstat (path, &status) != 0)
    return skip (tree, name, g_strerror (errno), error);
  if (S_ISDIR (status.st_mode))
    return list_folder (tree, name, depth + 1, error);

  if (S_ISLNK (status.st_mode) && g_file_test (path, G_FILE_TEST_IS_DIR))
    return skip (tree, name, "a link to a folder", error);
  if (!ends_in (name, tree->suffix))
    return skip (tree, name, "its name is not a picture's", error);

  DataPictureName *entry = g_new0 (DataPictureName, 1);
  entry->name = g_steal_pointer (&owned);
  entry->link = S_ISLNK (status.st_mode);
  g_ptr_array_add (tree->names, entry);
  return TRUE;
}

/* `below` is the folder's name below the root, "" for the root. */
static gboolean
list_folder (Tree *tree, const char *below, int depth, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  g_autofree char *path = g_build_filename (tree->root, below, NULL);
  if (depth > MAX_DEPTH)
    return skip (tree, below, "folders too deep in each other", error);
  g_autoptr (GDir) dir = g_dir_open (path, 0, &local_error);
  if (dir == NULL && depth > 0)
    return skip (tree, below, local_error->message, error);
  if (dir == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }

  for (const char *name; (name = g_dir_read_name (dir)) != NULL;)
    if (!list_entry (tree, *below != '\0' ? g_build_filename (below, name, NULL) : g_strdup (name),
                     depth, error))
      return FALSE;
  return TRUE;
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  const DataPictureName *const *first = a, *const *second = b;
  return strcmp ((*first)->name, (*second)->name);
}

static char *
compute_sha256 (const char *path, GError **error)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree guchar *block = g_malloc (BLOCK_BYTES);
  int fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);
  gssize n = -1;
  while (fd >= 0 && ((n = read (fd, block, BLOCK_BYTES)) > 0 || (n < 0 && errno == EINTR)))
    if (n > 0)
      g_checksum_update (checksum, block, n);
  if (n < 0)
    g_set_error (error, DATA_ERROR, DATA_ERROR_MISSING, "%s", g_strerror (errno));
  if (fd >= 0)
    close (fd);
  return n == 0 ? g_strdup (g_checksum_get_string (checksum)) : NULL;
}

/* The picture of a file not met before, or NULL and why there is none. */
static DataTreePicture *
add_file (Tree *tree, const char *path, GError **error)
{
  if (!data_picture_file_check (path, error))
    return NULL;
  g_autofree char *sha256 = compute_sha256 (path, error);
  if (sha256 == NULL)
    return NULL;

  DataTreePicture *picture = g_hash_table_lookup (tree->by_hash, sha256);
  if (picture == NULL)
    {
      picture = g_new0 (DataTreePicture, 1);
      picture->sha256 = g_steal_pointer (&sha256);
      picture->path = g_strdup (path);
      picture->names = g_ptr_array_new_with_free_func (free_name);
      g_ptr_array_add (tree->pictures, picture);
      g_hash_table_insert (tree->by_hash, picture->sha256, picture);
    }
  g_hash_table_insert (tree->by_path, g_strdup (path), picture);
  return picture;
}

/* Takes the name in any case. */
static gboolean
add_name (Tree *tree, DataPictureName *name, GError **error)
{
  g_autofree char *path = g_build_filename (tree->root, name->name, NULL);
  g_autofree char *real = realpath (path, NULL);
  if (real == NULL)
    {
      gboolean reported = skip (tree, name->name, g_strerror (errno), error);
      free_name (name);
      return reported;
    }

  DataTreePicture *picture = g_hash_table_lookup (tree->by_path, real);
  const char *reason = g_hash_table_lookup (tree->unusable, real);
  if (picture == NULL && reason == NULL)
    {
      g_autoptr (GError) why = NULL;
      picture = add_file (tree, real, &why);
      if (picture == NULL)
        {
          reason = why->message;
          g_hash_table_insert (tree->unusable, g_strdup (real), g_strdup (reason));
          reason = g_hash_table_lookup (tree->unusable, real);
        }
    }
  if (picture != NULL)
    {
      g_ptr_array_add (picture->names, name);
      return TRUE;
    }
  gboolean reported = skip (tree, name->name, reason, error);
  free_name (name);
  return reported;
}

static gboolean
read_names (Tree *tree, GError **error)
{
  const DataImportOptions *options = tree->options;
  const guint total = tree->names->len;
  for (guint i = 0; i < total; i++)
    {
      DataPictureName *name = tree->names->pdata[i];
      tree->names->pdata[i] = NULL;
      if (g_cancellable_set_error_if_cancelled (options->cancellable, error))
        {
          free_name (name);
          return FALSE;
        }
      if (!add_name (tree, name, error))
        return FALSE;
      if (options->progress != NULL)
        options->progress (i + 1, total, "reading pictures", options->user_data);
    }
  return TRUE;
}

GPtrArray *
data_picture_tree_read (DataSetWriter *writer, const char *root, const char *suffix,
                        const DataImportOptions *options, GError **error)
{
  Tree tree = {
    .writer = writer,
    .root = root,
    .suffix = suffix,
    .options = options,
    .names = g_ptr_array_new_with_free_func (free_name),
    .pictures = g_ptr_array_new_with_free_func (data_tree_picture_free),
    .by_hash = g_hash_table_new (g_str_hash, g_str_equal),
    .by_path = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
    .unusable = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free),
  };
  gboolean good = list_folder (&tree, "", 0, error);
  if (good)
    {
      g_ptr_array_sort (tree.names, compare_names);
      good = read_names (&tree, error);
    }
  g_hash_table_unref (tree.unusable);
  g_hash_table_unref (tree.by_path);
  g_hash_table_unref (tree.by_hash);
  g_ptr_array_unref (tree.names);
  if (!good)
    g_clear_pointer (&tree.pictures, g_ptr_array_unref);
  return tree.pictures;
}
