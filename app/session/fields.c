#include "app/session/fields.h"

#include <cjson/cJSON.h>
#include <string.h>

static void
field_free (WbField *field)
{
  g_free (field->path);
  g_free (field->text);
  g_free (field);
}

static char *
print (const cJSON *value)
{
  if (cJSON_IsString (value))
    return g_strdup (value->valuestring);
  char *json = cJSON_PrintUnformatted (value);
  char *text = g_strdup (json);
  cJSON_free (json);
  return text;
}

static void
flatten (GPtrArray *fields, const char *block, const cJSON *object)
{
  const cJSON *member;

  cJSON_ArrayForEach (member, object)
  {
    g_autofree char *path = g_strconcat (block, *block ? "." : "", member->string, NULL);

    if (cJSON_IsObject (member))
      {
        flatten (fields, path, member);
        continue;
      }
    WbField *field = g_new (WbField, 1);
    field->path = g_steal_pointer (&path);
    field->text = print (member);
    g_ptr_array_add (fields, field);
  }
}

GPtrArray *
wb_fields_new (const NnConfig *config)
{
  GPtrArray *fields = g_ptr_array_new_with_free_func ((GDestroyNotify) field_free);
  g_autofree char *json = nn_config_to_json (config);
  cJSON *document = cJSON_Parse (json);

  flatten (fields, "", document);
  cJSON_Delete (document);
  return fields;
}

const char *
wb_fields_get (const GPtrArray *fields, const char *path)
{
  for (guint i = 0; i < fields->len; i++)
    if (strcmp (((const WbField *) fields->pdata[i])->path, path) == 0)
      return ((const WbField *) fields->pdata[i])->text;
  return NULL;
}

static gboolean
is_written_by_trainer (const char *path)
{
  static const char *const paths[] = { "run.device", "run.device_uuid", "run.driver", "run.version",
                                       "schedule.horizon" };

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    if (strcmp (paths[i], path) == 0)
      return TRUE;
  return FALSE;
}

GPtrArray *
wb_fields_differing (const NnConfig *const *configs, guint n)
{
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (all, wb_fields_new (configs[i]));
  const GPtrArray *first = n > 0 ? all->pdata[0] : NULL;
  for (guint f = 0; first && f < first->len; f++)
    {
      const WbField *field = first->pdata[f];
      gboolean differs = FALSE;

      for (guint i = 1; i < n && !differs; i++)
        differs =
            strcmp (((const WbField *) ((GPtrArray *) all->pdata[i])->pdata[f])->text, field->text)
            != 0;
      if (differs && !is_written_by_trainer (field->path))
        g_ptr_array_add (paths, g_strdup (field->path));
    }
  return paths;
}

gboolean
wb_fields_split_error (const GError *error, char **path, char **problem)
{
  const char *blank = strchr (error->message, ' ');

  if (!g_error_matches (error, NN_CONFIG_ERROR, NN_CONFIG_ERROR_FIELD) || !blank
      || error->message[0] == '"')
    return FALSE;
  *path = g_strndup (error->message, (gsize) (blank - error->message));
  *problem = g_strdup (blank + 1);
  return TRUE;
}
