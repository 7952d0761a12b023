/* Looking a data set over. */

#include "models/data/dataset_check.h"

#include "models/data/bpe.h"
#include "models/data/picture.h"

static void
add_problem (DataCheck *check, char *line)
{
  g_ptr_array_add (check->problems, line);
}

static void
check_item (DataCheck *check, const DataItem *item)
{
  g_autoptr (GError) error = NULL;
  DataPictureInfo info = { 0 };

  if (!data_picture_probe (&info, item->path, &error))
    add_problem (check, g_strdup (error->message));
  else if (info.width != item->width || info.height != item->height || info.alpha != item->alpha)
    add_problem (check, g_strdup_printf (
                            "picture '%s' is not as items.jsonl says (%" G_GINT64_FORMAT
                            " x %" G_GINT64_FORMAT "%s): import the data set again",
                            item->path, item->width, item->height, item->alpha ? ", alpha" : ""));
}

static void
check_vocabulary (DataCheck *check, const DataSet *set)
{
  g_autoptr (GError) error = NULL;
  const char *folder = data_set_get_folder (set);
  g_autoptr (DataBpe) bpe = data_bpe_new_from_path (folder, &error);

  if (bpe == NULL)
    add_problem (check, g_strdup (error->message));
  else if (data_bpe_get_size (bpe) != data_set_get_vocabulary_size (set))
    add_problem (check, g_strdup_printf (
                            "the vocabulary in '%s' has %u ids, dataset.json says %u: import "
                            "the data set again",
                            folder, data_bpe_get_size (bpe), data_set_get_vocabulary_size (set)));
}

DataCheck *
data_set_check (const char *folder, const DataImportOptions *options, GError **error)
{
  const DataImportOptions none = { 0 };
  g_autoptr (DataSet) set = data_set_open (folder, error);
  if (set == NULL)
    return NULL;
  if (options == NULL)
    options = &none;

  g_autoptr (DataCheck) check = g_new0 (DataCheck, 1);
  check->problems = g_ptr_array_new_with_free_func (g_free);
  check->n_items = data_set_get_n_items (set);
  check->n_captions = data_set_get_n_captions (set);
  check->vocabulary_size = data_set_get_vocabulary_size (set);
  for (int i = 0; i < DATA_N_SPLITS; i++)
    data_set_get_split (set, (DataSplit) i, &check->n_split[i]);

  for (guint i = 0; i < check->n_items; i++)
    {
      if (g_cancellable_set_error_if_cancelled (options->cancellable, error))
        return NULL;
      check_item (check, data_set_get_item (set, i));
      if (options->progress != NULL)
        options->progress (i + 1, check->n_items, "checking pictures", options->user_data);
    }
  check_vocabulary (check, set);
  return g_steal_pointer (&check);
}

void
data_check_free (DataCheck *check)
{
  if (check == NULL)
    return;
  g_clear_pointer (&check->problems, g_ptr_array_unref);
  g_free (check);
}
