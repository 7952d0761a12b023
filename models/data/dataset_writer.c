/* Writing a data set folder, all or nothing.
 *
 * Two renames would leave a moment without a data set, so an old one is swapped with the new one in
 * a single step (renameat2) where the file system can do it.  Only folders known to be ours are
 * emptied: a data set by its dataset.json, a partial one by its import.lock. */

#define _GNU_SOURCE /* renameat2 */

#include "models/data/dataset_writer.h"

#include "models/data/bpe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <gio/gio.h>
#include <glib/gstdio.h>

#define LOCK_NAME "import.lock"
#define DEFAULT_VOCABULARY_SIZE 4096

struct _DataSetWriter
{
  char *folder;  /* where the data set goes; a link is followed first */
  char *partial; /* where it is written until then */
  char *name;
  char *source;
  int lock;
  FILE *items;
  FILE *report;
  GPtrArray *train_captions;
  DataImportSummary summary;
};

static gboolean
set_io_error (const char *what, const char *path, GError **error)
{
  int code = errno;
  g_set_error (error, G_FILE_ERROR, (gint) g_file_error_from_errno (code), "cannot %s '%s': %s",
               what, path, g_strerror (code));
  return FALSE;
}

/* Links are removed, never followed. */
static gboolean
remove_folder (const char *path, GError **error)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, error);
  if (dir == NULL)
    return FALSE;
  for (const char *name; (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);
      GStatBuf status;
      if (g_lstat (child, &status) == 0 && S_ISDIR (status.st_mode))
        {
          if (!remove_folder (child, error))
            return FALSE;
        }
      else if (g_unlink (child) != 0)
        return set_io_error ("remove", child, error);
    }
  if (g_rmdir (path) != 0)
    return set_io_error ("remove", path, error);
  return TRUE;
}

static gboolean
is_empty_folder (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  return dir != NULL && g_dir_read_name (dir) == NULL;
}

static gboolean
contains (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  return g_file_test (path, G_FILE_TEST_IS_REGULAR);
}

/* Broken data sets too, but a file of another program may be called dataset.json: ours has items
 * beside it. */
static gboolean
is_data_set (const char *folder)
{
  return contains (folder, "dataset.json") && contains (folder, "items.jsonl");
}

static gboolean
is_free (const char *folder)
{
  return !g_file_test (folder, G_FILE_TEST_EXISTS) || is_empty_folder (folder);
}

/* Takes the partial folder for this writer alone. */
static gboolean
claim_partial (DataSetWriter *writer, GError **error)
{
  if (!is_free (writer->partial) && !is_data_set (writer->partial)
      && !contains (writer->partial, LOCK_NAME))
    {
      g_set_error (error, DATA_ERROR, DATA_ERROR_REFUSED,
                   "'%s' is in the way and was not made by an import: move it or choose another "
                   "folder",
                   writer->partial);
      return FALSE;
    }
  if (g_mkdir_with_parents (writer->partial, 0777) != 0)
    return set_io_error ("make", writer->partial, error);

  g_autofree char *path = g_build_filename (writer->partial, LOCK_NAME, NULL);
  writer->lock = g_open (path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (writer->lock < 0)
    return set_io_error ("write", path, error);
  if (flock (writer->lock, LOCK_EX | LOCK_NB) == 0)
    return TRUE;

  close (writer->lock);
  writer->lock = -1;
  g_set_error (error, DATA_ERROR, DATA_ERROR_REFUSED,
               "another import into '%s' is running: wait for it to end", writer->folder);
  return FALSE;
}

/* Removes what a killed import left in the partial folder: all but the lock, which is held. */
static gboolean
clear_partial (DataSetWriter *writer, GError **error)
{
  g_autoptr (GDir) dir = g_dir_open (writer->partial, 0, error);
  if (dir == NULL)
    return FALSE;
  for (const char *name; (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *child = g_build_filename (writer->partial, name, NULL);
      GStatBuf status;
      if (strcmp (name, LOCK_NAME) == 0)
        continue;
      if (g_lstat (child, &status) == 0 && S_ISDIR (status.st_mode))
        {
          if (!remove_folder (child, error))
            return FALSE;
        }
      else if (g_unlink (child) != 0)
        return set_io_error ("remove", child, error);
    }
  return TRUE;
}

static FILE *
open_in_partial (const DataSetWriter *writer, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (writer->partial, name, NULL);
  FILE *file = g_fopen (path, "we");
  if (file == NULL)
    set_io_error ("write", path, error);
  return file;
}

DataSetWriter *
data_set_writer_new (const char *folder, const char *name, const char *source, GError **error)
{
  g_autoptr (DataSetWriter) writer = g_new0 (DataSetWriter, 1);
  g_autofree char *real = realpath (folder, NULL);

  writer->lock = -1;
  writer->folder = g_canonicalize_filename (real != NULL ? real : folder, NULL);
  writer->name = g_strdup (name);
  writer->source = g_strdup (source);
  writer->train_captions = g_ptr_array_new_with_free_func (g_free);
  if (!is_free (writer->folder) && !is_data_set (writer->folder))
    {
      g_set_error (error, DATA_ERROR, DATA_ERROR_REFUSED,
                   "'%s' exists and is not a data set: choose a folder that does not exist yet",
                   writer->folder);
      return NULL;
    }

  writer->partial = g_strconcat (writer->folder, ".partial", NULL);
  if (!claim_partial (writer, error) || !clear_partial (writer, error)
      || (writer->items = open_in_partial (writer, "items.jsonl", error)) == NULL
      || (writer->report = open_in_partial (writer, "report.jsonl", error)) == NULL)
    return NULL;
  return g_steal_pointer (&writer);
}

void
data_set_writer_free (DataSetWriter *writer)
{
  if (writer == NULL)
    return;
  g_clear_pointer (&writer->items, fclose);
  g_clear_pointer (&writer->report, fclose);
  if (writer->lock >= 0)
    {
      remove_folder (writer->partial, NULL);
      close (writer->lock);
    }
  g_clear_pointer (&writer->train_captions, g_ptr_array_unref);
  g_free (writer->source);
  g_free (writer->name);
  g_free (writer->partial);
  g_free (writer->folder);
  g_free (writer);
}

const char *
data_set_writer_get_folder (const DataSetWriter *writer)
{
  return writer->partial;
}

static gboolean
write_line (const DataSetWriter *writer, FILE *file, const cJSON *object, GError **error)
{
  char *text = cJSON_PrintUnformatted (object);
  g_assert (text != NULL);
  gboolean written = fputs (text, file) >= 0 && fputc ('\n', file) != EOF;
  cJSON_free (text);
  return written || set_io_error ("write in", writer->partial, error);
}

gboolean
data_set_writer_add (DataSetWriter *writer, const DataItem *item, const cJSON *raw, GError **error)
{
  g_assert (item->n_captions > 0);
  cJSON *object = cJSON_CreateObject ();
  cJSON_AddStringToObject (object, "id", item->id);
  cJSON_AddStringToObject (object, "file", item->file);
  cJSON_AddItemToObject (
      object, "captions",
      cJSON_CreateStringArray ((const char *const *) item->captions, (int) item->n_captions));
  cJSON_AddStringToObject (object, "split", data_split_to_string (item->split));
  cJSON_AddStringToObject (object, "group", item->group);
  cJSON_AddBoolToObject (object, "alpha", item->alpha);
  cJSON_AddNumberToObject (object, "width", (double) item->width);
  cJSON_AddNumberToObject (object, "height", (double) item->height);
  if (raw != NULL)
    cJSON_AddItemReferenceToObject (object, "raw", (cJSON *) raw);
  else
    cJSON_AddObjectToObject (object, "raw");
  gboolean written = write_line (writer, writer->items, object, error);
  cJSON_Delete (object);
  if (!written)
    return FALSE;

  writer->summary.items++;
  writer->summary.captions += item->n_captions;
  if (item->split == DATA_SPLIT_VAL)
    writer->summary.val++;
  else
    writer->summary.train++;
  if (item->split == DATA_SPLIT_TRAIN)
    for (guint i = 0; i < item->n_captions; i++)
      g_ptr_array_add (writer->train_captions, g_strdup (item->captions[i]));
  return TRUE;
}

gboolean
data_set_writer_report (DataSetWriter *writer, DataReportKind kind, const char *thing,
                        const char *reason, GError **error)
{
  g_autofree char *valid_thing = g_utf8_make_valid (thing, -1);
  g_autofree char *valid_reason = g_utf8_make_valid (reason, -1);
  cJSON *object = cJSON_CreateObject ();
  cJSON_AddStringToObject (object, "file", valid_thing);
  cJSON_AddStringToObject (object, "action", kind == DATA_REPORT_SKIPPED ? "skipped" : "noted");
  cJSON_AddStringToObject (object, "reason", valid_reason);
  gboolean written = write_line (writer, writer->report, object, error);
  cJSON_Delete (object);
  if (kind == DATA_REPORT_SKIPPED)
    writer->summary.skipped++;
  else
    writer->summary.noted++;
  return written;
}

static gboolean
train_vocabulary (DataSetWriter *writer, guint asked, GError **error)
{
  g_autoptr (DataBpe) bpe = data_bpe_train ((const char *const *) writer->train_captions->pdata,
                                            writer->train_captions->len,
                                            asked > 0 ? asked : DEFAULT_VOCABULARY_SIZE, error);
  if (bpe == NULL || !data_bpe_save (bpe, writer->partial, error))
    return FALSE;
  writer->summary.vocabulary_size = data_bpe_get_size (bpe);
  return TRUE;
}

void
data_set_add_counts (cJSON *object, const DataImportSummary *summary)
{
  cJSON_AddNumberToObject (object, "items", (double) summary->items);
  cJSON_AddNumberToObject (object, "train", (double) summary->train);
  cJSON_AddNumberToObject (object, "val", (double) summary->val);
  cJSON_AddNumberToObject (object, "captions", (double) summary->captions);
  cJSON_AddNumberToObject (object, "skipped", (double) summary->skipped);
  cJSON_AddNumberToObject (object, "noted", (double) summary->noted);
}

static gboolean
write_description (const DataSetWriter *writer, GError **error)
{
  const DataImportSummary *summary = &writer->summary;
  cJSON *object = cJSON_CreateObject ();
  cJSON_AddStringToObject (object, "name", writer->name);
  cJSON_AddNumberToObject (object, "version", DATA_SET_VERSION);
  g_autofree char *source = g_utf8_make_valid (writer->source, -1);
  cJSON_AddStringToObject (object, "source", source);
  cJSON *counts = cJSON_AddObjectToObject (object, "counts");
  data_set_add_counts (counts, summary);
  cJSON_AddNumberToObject (object, "vocabulary", summary->vocabulary_size);

  char *text = cJSON_Print (object);
  g_autofree char *path = g_build_filename (writer->partial, "dataset.json", NULL);
  g_autofree char *line = g_strconcat (text, "\n", NULL);
  gboolean written =
      g_file_set_contents_full (path, line, -1, G_FILE_SET_CONTENTS_DURABLE, 0666, error);
  cJSON_free (text);
  cJSON_Delete (object);
  return written;
}

static gboolean
close_durably (FILE **file, const char *folder, GError **error)
{
  gboolean good = fflush (*file) == 0 && fsync (fileno (*file)) == 0;
  if (fclose (g_steal_pointer (file)) != 0 || !good)
    return set_io_error ("write in", folder, error);
  return TRUE;
}

/* Puts the partial folder in its place; an old data set there is removed after it was replaced. */
static gboolean
publish (DataSetWriter *writer, GError **error)
{
  g_autofree char *old = g_strconcat (writer->folder, ".old", NULL);

  if (is_free (writer->folder))
    {
      if (g_rename (writer->partial, writer->folder) != 0)
        return set_io_error ("make", writer->folder, error);
      return TRUE;
    }
  if (renameat2 (AT_FDCWD, writer->partial, AT_FDCWD, writer->folder, RENAME_EXCHANGE) == 0)
    return remove_folder (writer->partial, error);
  if (g_rename (writer->folder, old) != 0)
    return set_io_error ("replace", writer->folder, error);
  if (g_rename (writer->partial, writer->folder) != 0)
    {
      set_io_error ("replace", writer->folder, error);
      g_rename (old, writer->folder);
      return FALSE;
    }
  return remove_folder (old, error);
}

static void
drop_lock (DataSetWriter *writer)
{
  g_autofree char *lock = g_build_filename (writer->folder, LOCK_NAME, NULL);
  g_unlink (lock);
  close (writer->lock);
  writer->lock = -1;
}

gboolean
data_set_writer_finish (DataSetWriter *writer, DataImportSummary *summary,
                        const DataImportOptions *options, GError **error)
{
  g_assert (writer->items != NULL);
  if (writer->summary.train == 0)
    {
      g_set_error (error, DATA_ERROR, DATA_ERROR_INVALID,
                   "'%s' gives no picture to train on (%" G_GUINT64_FORMAT
                   " skipped): choose another source",
                   writer->source, writer->summary.skipped);
      return FALSE;
    }
  if (options->progress != NULL)
    options->progress (0, 0, "training the vocabulary", options->user_data);
  if (!train_vocabulary (writer, options->vocabulary_size, error)
      || g_cancellable_set_error_if_cancelled (options->cancellable, error)
      || !close_durably (&writer->items, writer->partial, error)
      || !close_durably (&writer->report, writer->partial, error)
      || !write_description (writer, error) || !publish (writer, error))
    return FALSE;

  drop_lock (writer);
  *summary = writer->summary;
  return TRUE;
}
