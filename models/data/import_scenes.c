/* The data set `scenes`: generated, for tests and for machines without picture packages.
 *
 * Every tenth picture is held out.  No two pictures have the same caption while there are captions
 * left (millions), so retrieval has one right answer each way. */

#include "models/data/import.h"

#include "models/data/dataset_writer.h"
#include "models/data/picture.h"
#include "models/data/scene.h"

#include <errno.h>
#include <glib/gstdio.h>

#define DEFAULT_COUNT 2000
#define DEFAULT_SIZE 64
#define MAX_COUNT 1000000
#define MIN_SIZE 8
#define MAX_SIZE 4096
#define MAX_ATTEMPTS 64
#define PICTURES "pictures"

static gboolean
check_settings (const DataScenesSettings *settings, GError **error)
{
  if (settings->count > MAX_COUNT)
    g_set_error (error, DATA_ERROR, DATA_ERROR_SETTING, "%u scenes are too many: ask for 1 to %d",
                 settings->count, MAX_COUNT);
  else if (settings->size < MIN_SIZE || settings->size > MAX_SIZE)
    g_set_error (error, DATA_ERROR, DATA_ERROR_SETTING,
                 "scenes cannot be %u pixels a side: ask for %d to %d", settings->size, MIN_SIZE,
                 MAX_SIZE);
  else
    return TRUE;
  return FALSE;
}

/* `raw` keeps what the picture shows, so that checks need not parse captions. */
static cJSON *
describe (const DataScene *scene)
{
  cJSON *raw = cJSON_CreateObject ();
  cJSON *groups = cJSON_AddArrayToObject (raw, "groups");
  for (guint g = 0; g < scene->n_groups; g++)
    {
      const DataSceneGroup *group = &scene->groups[g];
      cJSON *object = cJSON_CreateObject ();
      cJSON_AddStringToObject (object, "shape", data_shape_to_string (group->shape));
      cJSON_AddNumberToObject (object, "count", group->count);
      cJSON_AddItemToArray (groups, object);
    }
  return raw;
}

static gboolean
add_scene (DataSetWriter *writer, GHashTable *seen, guint8 *rgb, guint index,
           const DataScenesSettings *settings, GError **error)
{
  DataScene scene;
  guint attempt = 0;
  do
    data_scene_draw_up (&scene, settings->seed, index, attempt++);
  while (g_hash_table_contains (seen, scene.caption) && attempt < MAX_ATTEMPTS);
  g_hash_table_add (seen, g_strdup (scene.caption));

  g_autofree char *id = g_strdup_printf ("scene-%06u", index);
  g_autofree char *file = g_strdup_printf (PICTURES "/%06u.png", index);
  g_autofree char *path = g_build_filename (data_set_writer_get_folder (writer), file, NULL);
  data_scene_paint (&scene, rgb, settings->size);
  if (!data_picture_save_png (path, rgb, settings->size, settings->size, error))
    return FALSE;

  char *captions[] = { scene.caption, NULL };
  DataItem item = {
    .id = id,
    .file = file,
    .captions = captions,
    .n_captions = 1,
    .split = index % 10 == 9 ? DATA_SPLIT_VAL : DATA_SPLIT_TRAIN,
    .group = (char *) data_shape_to_string (scene.groups[0].shape),
    .width = settings->size,
    .height = settings->size,
  };
  cJSON *raw = describe (&scene);
  gboolean added = data_set_writer_add (writer, &item, raw, error);
  cJSON_Delete (raw);
  return added;
}

static gboolean
add_scenes (DataSetWriter *writer, const DataScenesSettings *settings,
            const DataImportOptions *options, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree guint8 *rgb = g_malloc ((gsize) settings->size * settings->size * 3);
  g_autofree char *pictures =
      g_build_filename (data_set_writer_get_folder (writer), PICTURES, NULL);
  if (g_mkdir (pictures, 0777) != 0)
    {
      g_set_error (error, G_FILE_ERROR, (gint) g_file_error_from_errno (errno),
                   "cannot make '%s': %s", pictures, g_strerror (errno));
      return FALSE;
    }

  for (guint i = 0; i < settings->count; i++)
    {
      if (g_cancellable_set_error_if_cancelled (options->cancellable, error)
          || !add_scene (writer, seen, rgb, i, settings, error))
        return FALSE;
      if (options->progress != NULL)
        options->progress (i + 1, settings->count, "painting scenes", options->user_data);
    }
  return TRUE;
}

gboolean
data_import_scenes (const char *folder, DataImportSummary *summary,
                    const DataScenesSettings *settings, const DataImportOptions *options,
                    GError **error)
{
  DataScenesSettings whole = *settings;
  if (whole.count == 0)
    whole.count = DEFAULT_COUNT;
  if (whole.size == 0)
    whole.size = DEFAULT_SIZE;
  if (!check_settings (&whole, error))
    return FALSE;

  g_autofree char *source =
      g_strdup_printf ("generated: seed %" G_GUINT64_FORMAT ", %u pictures of %u x %u", whole.seed,
                       whole.count, whole.size, whole.size);
  g_autoptr (DataSetWriter) writer = data_set_writer_new (folder, "scenes", source, error);
  return writer != NULL && add_scenes (writer, &whole, options, error)
         && data_set_writer_finish (writer, summary, options, error);
}
