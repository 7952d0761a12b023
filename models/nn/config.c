/* The document as a whole: walking it, checks across fields, writing it out. What concerns one
 * field is in config_fields.c, sizes and schedules derived from a config are in config_derived.c.
 */
#include "models/nn/config.h"

#include "models/nn/config_fields.h"
#include "models/presets.h"

#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DOCUMENT (1024 * 1024)

G_DEFINE_QUARK (nn_config_error, nn_config_error)

/* Where a model is expedited unless told otherwise: floor(L i/4), i = 1..3. */
static void
default_shrinking_blocks (NnExpeditionConfig *expedition, int blocks)
{
  memset (expedition->layers, 0, sizeof expedition->layers);
  expedition->n_layers = 0;
  for (int i = 1; i <= 3; i++)
    {
      int block = blocks * i / 4;

      if (expedition->n_layers == 0 || expedition->layers[expedition->n_layers - 1] < block)
        expedition->layers[expedition->n_layers++] = block;
    }
}

static gboolean
has_default_shrinking_blocks (const NnConfig *config)
{
  NnExpeditionConfig expected;

  default_shrinking_blocks (&expected, config->vision.layers);
  return config->expedition.n_layers == expected.n_layers
         && memcmp (config->expedition.layers, expected.layers, sizeof expected.layers) == 0;
}

static gboolean
refuse_unknown (const char *path, GError **error)
{
  const char *dot = strrchr (path, '.');
  g_autofree char *block = dot ? g_strndup (path, dot - path) : g_strdup ("");
  gboolean known = *block == '\0' || nn_field_is_block (block);
  g_autofree char *names = nn_field_names (known ? block : "");

  g_set_error (error, NN_CONFIG_ERROR, NN_CONFIG_ERROR_FIELD, "%s is not a config field: %s has %s",
               path, known && *block ? block : "a config", names);
  return FALSE;
}

static gboolean
apply (NnConfig *config, const char *path, const cJSON *value, GError **error)
{
  const NnField *field = nn_field_find (path);
  gboolean known;

  if (field)
    return nn_field_parse (field, config, value, error);
  if (!nn_field_check_foreign (path, value, &known, error))
    return FALSE;
  return known || refuse_unknown (path, error);
}

static gboolean
apply_object (NnConfig *config, const char *block, const cJSON *object, GHashTable *seen,
              GError **error)
{
  const cJSON *member;

  cJSON_ArrayForEach (member, object)
  {
    char *path = g_strconcat (block, *block ? "." : "", member->string, NULL);

    if (!g_hash_table_add (seen, path))
      {
        nn_field_set_error (error, path, member, "given twice; must be given once");
        return FALSE;
      }
    if (nn_field_is_block (path))
      {
        if (!cJSON_IsObject (member))
          {
            nn_field_set_error (error, path, member, "must be an object");
            return FALSE;
          }
        if (!apply_object (config, path, member, seen, error))
          return FALSE;
      }
    else if (!apply (config, path, member, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
check_required (GHashTable *seen, GError **error)
{
  static const char *const blocks[] = { "vision_cfg", "text_cfg" };
  gsize count;
  const NnField *fields = nn_fields (&count);

  for (gsize i = 0; i < G_N_ELEMENTS (blocks); i++)
    if (!g_hash_table_contains (seen, blocks[i]))
      {
        nn_field_set_error (error, blocks[i], NULL, "a config must describe both towers");
        return FALSE;
      }
  for (gsize i = 0; i < count; i++)
    {
      const char *dot = strchr (fields[i].path, '.');
      g_autofree char *block = dot ? g_strndup (fields[i].path, dot - fields[i].path) : NULL;

      if (!fields[i].required || g_hash_table_contains (seen, fields[i].path)
          || (block && !g_hash_table_contains (seen, block)))
        continue;
      g_autofree char *names =
          fields[i].choices ? g_strjoinv (" or ", (char **) fields[i].choices) : NULL;
      nn_field_set_error (error, fields[i].path, NULL, "must be %s",
                          names ? names : "given, a whole number");
      return FALSE;
    }
  return TRUE;
}

static gboolean
fill (NnConfig *config, const cJSON *document, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  gsize count;
  const NnField *fields = nn_fields (&count);

  memset (config, 0, sizeof *config);
  for (gsize i = 0; i < count; i++)
    nn_field_set_default (&fields[i], config);
  if (!apply_object (config, "", document, seen, error) || !check_required (seen, error))
    return FALSE;
  if (!g_hash_table_contains (seen, "expedition_cfg.layers"))
    default_shrinking_blocks (&config->expedition, config->vision.layers);
  return nn_config_check (config, error);
}

static void
set_syntax_error (GError **error, const char *json, const char *at)
{
  int line = 1;

  for (const char *c = json; at && c < at; c++)
    line += *c == '\n';
  g_set_error (error, NN_CONFIG_ERROR, NN_CONFIG_ERROR_SYNTAX,
               "line %d is not JSON: a config must be one JSON object in UTF-8", line);
}

gboolean
nn_config_from_json (NnConfig *config, const char *json, GError **error)
{
  NnConfig read;
  const char *end = NULL;

  if (!g_utf8_validate (json, -1, &end))
    {
      set_syntax_error (error, json, end);
      return FALSE;
    }
  cJSON *document = cJSON_ParseWithOpts (json, &end, TRUE);
  if (!cJSON_IsObject (document))
    {
      set_syntax_error (error, json, document ? json : end);
      cJSON_Delete (document);
      return FALSE;
    }
  gboolean ok = fill (&read, document, error);
  cJSON_Delete (document);
  if (ok)
    *config = read;
  return ok;
}

gboolean
nn_config_load (NnConfig *config, const char *path, GError **error)
{
  g_autofree char *json = NULL;
  g_autoptr (GError) local = NULL;
  gsize length;

  if (!g_file_get_contents (path, &json, &length, &local))
    {
      g_set_error (error, NN_CONFIG_ERROR, NN_CONFIG_ERROR_FILE, "config cannot be read: %s",
                   local->message);
      return FALSE;
    }
  if (length > MAX_DOCUMENT || strlen (json) != length)
    {
      g_set_error (error, NN_CONFIG_ERROR, NN_CONFIG_ERROR_SYNTAX,
                   "%s is not a config: must be JSON of at most %d bytes", path, MAX_DOCUMENT);
      return FALSE;
    }
  if (nn_config_from_json (config, json, error))
    return TRUE;
  g_prefix_error (error, "%s: ", path);
  return FALSE;
}

gboolean
nn_config_preset (NnConfig *config, const char *name, GError **error)
{
  g_autofree char *path = g_strdup_printf ("/org/penumbra/presets/%s.json", name);
  g_autoptr (GBytes) json = g_resource_lookup_data (nn_presets_get_resource (), path, 0, NULL);

  if (json == NULL)
    {
      g_auto (GStrv) files = nn_config_preset_names ();
      g_autofree char *names = g_strjoinv (", ", files);
      g_set_error (error, NN_CONFIG_ERROR, NN_CONFIG_ERROR_FILE,
                   "there is no preset \"%s\": the presets are %s", name, names);
      return FALSE;
    }
  gsize length;
  const char *data = g_bytes_get_data (json, &length);
  g_autofree char *text = g_strndup (data, length);
  return nn_config_from_json (config, text, error);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return g_ascii_strcasecmp (*(char *const *) a, *(char *const *) b);
}

char **
nn_config_preset_names (void)
{
  char **names =
      g_resource_enumerate_children (nn_presets_get_resource (), "/org/penumbra/presets", 0, NULL);

  g_assert (names != NULL);
  for (char **name = names; *name; name++)
    *strrchr (*name, '.') = '\0';
  qsort (names, g_strv_length (names), sizeof *names, compare_names);
  return names;
}

/* Texts need no quotes on a command line; anything else is JSON. */
static cJSON *
value_of (const char *text, const NnField *field)
{
  cJSON *value = cJSON_ParseWithOpts (text, NULL, TRUE);
  gboolean wants_text = field && (field->kind == FIELD_STRING || field->kind == FIELD_CHOICE);

  if (value && wants_text && !cJSON_IsString (value))
    g_clear_pointer (&value, cJSON_Delete);
  return value ? value : cJSON_CreateString (text);
}

gboolean
nn_config_set (NnConfig *config, const char *assignment, GError **error)
{
  const char *equals = strchr (assignment, '=');

  if (equals == NULL || equals == assignment || !g_utf8_validate (assignment, -1, NULL))
    {
      g_set_error (error, NN_CONFIG_ERROR, NN_CONFIG_ERROR_FIELD,
                   "\"%s\" sets nothing: write path=value, e.g. schedule.epochs=3", assignment);
      return FALSE;
    }
  g_autofree char *path = g_strndup (assignment, equals - assignment);
  gboolean follow = has_default_shrinking_blocks (config);
  int blocks = config->vision.layers;
  cJSON *value = value_of (equals + 1, nn_field_find (path));
  gboolean ok = apply (config, path, value, error);

  cJSON_Delete (value);
  /* A shrink at the default blocks means "a quarter, a half, three quarters of the depth". */
  if (ok && follow && config->vision.layers != blocks)
    default_shrinking_blocks (&config->expedition, config->vision.layers);
  return ok;
}

G_GNUC_PRINTF (4, 5)
static gboolean
refuse (GError **error, const NnConfig *config, const char *path, const char *format, ...)
{
  va_list args;
  cJSON *value = nn_field_to_json (nn_field_find (path), config);

  va_start (args, format);
  g_autofree char *rule = g_strdup_vprintf (format, args);
  va_end (args);
  nn_field_set_error (error, path, value, "%s", rule);
  cJSON_Delete (value);
  return FALSE;
}

static gboolean
check_vision (const NnConfig *config, GError **error)
{
  const NnVisionConfig *vision = &config->vision;

  if (vision->width % vision->head_width != 0)
    return refuse (error, config, "vision_cfg.width",
                   "must be a multiple of vision_cfg.head_width %d", vision->head_width);
  if (vision->image_size % vision->patch_size != 0)
    return refuse (error, config, "vision_cfg.image_size",
                   "must be a multiple of vision_cfg.patch_size %d", vision->patch_size);
  if (nn_config_vision_hidden (config) < 1)
    return refuse (error, config, "vision_cfg.mlp_ratio",
                   "must be at least 1/%d, one hidden unit for vision_cfg.width %d", vision->width,
                   vision->width);
  if (config->data.shift >= vision->image_size)
    return refuse (error, config, "data.shift", "must be below vision_cfg.image_size %d",
                   vision->image_size);
  return TRUE;
}

static gboolean
check_expedition (const NnConfig *config, GError **error)
{
  const NnExpeditionConfig *expedition = &config->expedition;

  for (int i = 0; i < expedition->n_layers; i++)
    {
      if (expedition->layers[i] >= config->vision.layers)
        return refuse (error, config, "expedition_cfg.layers",
                       "block numbers must be from 0 to %d (vision_cfg.layers is %d)",
                       config->vision.layers - 1, config->vision.layers);
      if (i > 0 && expedition->layers[i] <= expedition->layers[i - 1])
        return refuse (error, config, "expedition_cfg.layers",
                       "block numbers must increase, each given once");
    }
  if (expedition->method == NN_EXPEDITION_EVIT && nn_config_patches (config) > NN_MAX_EVIT_TOKENS)
    return refuse (error, config, "vision_cfg.image_size",
                   "makes %d patches of %d px, must be at most %d with expedition_cfg.method evit",
                   nn_config_patches (config), config->vision.patch_size, NN_MAX_EVIT_TOKENS);
  return TRUE;
}

/* Rows of a batch are counted in 32 bits. */
static gboolean
check_batch (const NnConfig *config, const char *path, int batch, GError **error)
{
  const int tokens = MAX (nn_config_patches (config) + 1, config->text.context_length);

  if ((gint64) batch * tokens <= G_MAXINT32)
    return TRUE;
  return refuse (error, config, path, "must be at most %d with %d tokens a picture",
                 G_MAXINT32 / tokens, tokens);
}

/* What is encoded at once is a micro-batch, or the batch. */
static gboolean
check_training_batch (const NnConfig *config, GError **error)
{
  const int batch = config->schedule.batch_size, micro = config->schedule.micro_batch;

  if (micro == 0)
    return check_batch (config, "schedule.batch_size", batch, error);
  if (batch % micro == 0)
    return check_batch (config, "schedule.micro_batch", micro, error);
  return refuse (error, config, "schedule.micro_batch",
                 "must divide schedule.batch_size %d, or be 0 for the whole batch", batch);
}

gboolean
nn_config_check (const NnConfig *config, GError **error)
{
  if (!check_vision (config, error) || !check_expedition (config, error)
      || !check_training_batch (config, error)
      || !check_batch (config, "eval.batch_size", config->eval.batch_size, error))
    return FALSE;
  if (config->text.width % config->text.heads != 0)
    return refuse (error, config, "text_cfg.width", "must be a multiple of text_cfg.heads %d",
                   config->text.heads);
  return TRUE;
}

char *
nn_config_to_json (const NnConfig *config)
{
  GString *json = g_string_new ("{");
  gsize count;
  const NnField *fields = nn_fields (&count);
  const char *block = "";
  gsize width = 0;

  for (gsize i = 0; i < count; i++)
    {
      const char *dot = strchr (fields[i].path, '.');
      gsize next = dot ? (gsize) (dot - fields[i].path) : 0;
      gboolean same = next == width && strncmp (block, fields[i].path, next) == 0;

      if (!same && width > 0)
        g_string_append (json, "\n  }");
      if (i > 0)
        g_string_append_c (json, ',');
      if (!same && next > 0)
        g_string_append_printf (json, "\n  \"%.*s\": {", (int) next, fields[i].path);
      block = fields[i].path;
      width = next;
      cJSON *value = nn_field_to_json (&fields[i], config);
      char *text = cJSON_PrintUnformatted (value);
      g_string_append_printf (json, "\n%s\"%s\": %s", next ? "    " : "  ",
                              next ? dot + 1 : fields[i].path, text);
      cJSON_free (text);
      cJSON_Delete (value);
    }
  g_string_append (json, width > 0 ? "\n  }\n}\n" : "\n}\n");
  return g_string_free (json, FALSE);
}
