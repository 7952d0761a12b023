/* The table of fields and what is done to one field. The order of the table is the order in which a
 * resolved config is written; fields of a block stand together. */
#include "models/nn/config_fields.h"

#include <math.h>
#include <string.h>

#define TWO_53 9007199254740992.0
#define LN_100 4.605170185988092

static const char *const methods[] = { "none", "evit", NULL };
static const char *const teachers[] = { "none", "momentum", NULL };
static const char *const momentum_schedules[] = { "constant", "cosine", NULL };
static const char *const distill_texts[] = { "shared", NULL };
static const char *const distill_targets[] = { "kl", NULL };
static const char *const losses[] = { "contrastive", NULL };
static const char *const optimizers[] = { "adamw", NULL };

#define AT(member) .offset = G_STRUCT_OFFSET (NnConfig, member)
#define INT(p, member, lo, hi, def)                                                                \
  {                                                                                                \
    .path = p, .kind = FIELD_INT, AT (member), .least = lo, .most = hi, .fallback = def            \
  }
#define NUMBER(p, member, lo, hi, def)                                                             \
  {                                                                                                \
    .path = p, .kind = FIELD_NUMBER, AT (member), .least = lo, .most = hi, .fallback = def         \
  }
#define POSITIVE(p, member, hi, def)                                                               \
  {                                                                                                \
    .path = p, .kind = FIELD_NUMBER, AT (member), .most = hi, .above = TRUE, .fallback = def       \
  }
#define BOOL(p, member, def)                                                                       \
  {                                                                                                \
    .path = p, .kind = FIELD_BOOL, AT (member), .fallback = def                                    \
  }
#define CHOICE(p, member, names)                                                                   \
  {                                                                                                \
    .path = p, .kind = FIELD_CHOICE, AT (member), .choices = names                                 \
  }
#define STRING(p, member, bytes)                                                                   \
  {                                                                                                \
    .path = p, .kind = FIELD_STRING, AT (member), .size = bytes                                    \
  }

static const NnField fields[] = {
  { .path = "embed_dim",
    .kind = FIELD_INT,
    AT (embed_dim),
    .least = 1,
    .most = 8192,
    .fallback = 512,
    .required = TRUE },
  INT ("vision_cfg.image_size", vision.image_size, 1, 4096, 224),
  INT ("vision_cfg.layers", vision.layers, 1, NN_MAX_LAYERS, 12),
  INT ("vision_cfg.width", vision.width, 1, 8192, 768),
  INT ("vision_cfg.head_width", vision.head_width, 1, 1024, 64),
  POSITIVE ("vision_cfg.mlp_ratio", vision.mlp_ratio, 64, 4),
  INT ("vision_cfg.patch_size", vision.patch_size, 1, 4096, 16),
  INT ("text_cfg.context_length", text.context_length, 2, 4096, 77),
  INT ("text_cfg.vocab_size", text.vocab_size, 3, 1048576, 49408),
  INT ("text_cfg.width", text.width, 1, 8192, 512),
  INT ("text_cfg.heads", text.heads, 1, 1024, 8),
  INT ("text_cfg.layers", text.layers, 1, NN_MAX_LAYERS, 12),
  BOOL ("quick_gelu", quick_gelu, FALSE),
  NUMBER ("init_logit_scale", init_logit_scale, 0, LN_100, 2.659260036932778),
  { .path = "expedition_cfg.method",
    .kind = FIELD_CHOICE,
    AT (expedition.method),
    .choices = methods,
    .required = TRUE },
  POSITIVE ("expedition_cfg.keep_rate", expedition.keep_rate, 1, 1),
  { .path = "expedition_cfg.layers", .kind = FIELD_LAYERS, AT (expedition) },
  BOOL ("expedition_cfg.fuse", expedition.fuse, TRUE),
  NUMBER ("expedition_cfg.warmup_start", expedition.warmup_start, 0, 1e6, 0),
  NUMBER ("expedition_cfg.warmup_span", expedition.warmup_span, 0, 1e6, 0),
  { .path = "distill_cfg.teacher",
    .kind = FIELD_CHOICE,
    AT (distill.teacher),
    .choices = teachers,
    .required = TRUE },
  NUMBER ("distill_cfg.momentum", distill.momentum, 0, 1, 0.995),
  CHOICE ("distill_cfg.momentum_schedule", distill.momentum_schedule, momentum_schedules),
  NUMBER ("distill_cfg.weight", distill.weight, 0, 1000, 1),
  CHOICE ("distill_cfg.text", distill.text, distill_texts),
  CHOICE ("distill_cfg.target", distill.target, distill_targets),
  BOOL ("distill_cfg.stop_grad_text", distill.stop_grad_text, TRUE),
  CHOICE ("loss", loss, losses),
  CHOICE ("optimizer.name", optimizer.name, optimizers),
  NUMBER ("optimizer.lr", optimizer.lr, 0, 10, 5e-4),
  { .path = "optimizer.betas",
    .kind = FIELD_PAIR,
    AT (optimizer.betas),
    .most = 1,
    .below = TRUE,
    .fallback = 0.9,
    .second = 0.98 },
  POSITIVE ("optimizer.eps", optimizer.eps, 1, 1e-6),
  NUMBER ("optimizer.weight_decay", optimizer.weight_decay, 0, 10, 0.2),
  NUMBER ("optimizer.grad_clip_norm", optimizer.grad_clip_norm, 0, 1e6, 0),
  INT ("schedule.epochs", schedule.epochs, 1, 1000000, 10),
  INT ("schedule.batch_size", schedule.batch_size, 2, 32768, 64),
  INT ("schedule.micro_batch", schedule.micro_batch, 0, 32768, 0),
  INT ("schedule.warmup_steps", schedule.warmup_steps, 0, 1000000000, 50),
  { .path = "schedule.horizon", .kind = FIELD_INT64, AT (schedule.horizon), .most = TWO_53 },
  STRING ("data.path", data.path, NN_PATH_SIZE),
  INT ("data.shift", data.shift, 0, 4096, 0),
  POSITIVE ("data.crop_scale", data.crop_scale, 1, 1),
  BOOL ("data.flip", data.flip, FALSE),
  INT ("eval.every_epochs", eval.every_epochs, 0, 1000000, 1),
  INT ("eval.batch_size", eval.batch_size, 1, 32768, 64),
  { .path = "run.seed", .kind = FIELD_INT64, AT (run.seed), .most = TWO_53 },
  { .path = "run.steps", .kind = FIELD_INT64, AT (run.steps), .most = TWO_53 },
  INT ("run.snapshot_every", run.snapshot_every, 0, 1000000000, 50),
  NUMBER ("run.checkpoint_minutes", run.checkpoint_minutes, 0, 1e6, 10),
  INT ("run.probes", run.probes, 1, 1024, 16),
  INT ("run.snapshot_budget_mb", run.snapshot_budget_mb, 0, 100000000, 512),
  STRING ("run.device", run.device, NN_NAME_SIZE),
  STRING ("run.device_uuid", run.device_uuid, NN_NAME_SIZE),
  STRING ("run.driver", run.driver, NN_NAME_SIZE),
  STRING ("run.version", run.version, NN_NAME_SIZE),
  STRING ("run.data_fingerprint", run.data_fingerprint, NN_NAME_SIZE),
};

const NnField *
nn_fields (gsize *count)
{
  *count = G_N_ELEMENTS (fields);
  return fields;
}

const NnField *
nn_field_find (const char *path)
{
  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
    if (strcmp (fields[i].path, path) == 0)
      return &fields[i];
  return NULL;
}

gboolean
nn_field_is_block (const char *path)
{
  gsize length = strlen (path);

  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
    if (strncmp (fields[i].path, path, length) == 0 && fields[i].path[length] == '.')
      return length > 0;
  return FALSE;
}

char *
nn_field_names (const char *block)
{
  GString *names = g_string_new (NULL);
  gsize length = strlen (block);
  gsize last = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
    {
      const char *path = fields[i].path;
      const char *name = length ? path + length + 1 : path;

      if (length && (strncmp (path, block, length) != 0 || path[length] != '.'))
        continue;
      gsize width = strcspn (name, ".");
      if (names->len > 0 && width == names->len - last
          && strncmp (names->str + last, name, width) == 0)
        continue;
      if (names->len > 0)
        g_string_append (names, ", ");
      last = names->len;
      g_string_append_len (names, name, width);
    }
  return g_string_free (names, FALSE);
}

void
nn_field_set_error (GError **error, const char *path, const cJSON *value, const char *format, ...)
{
  char *shown = value ? cJSON_PrintUnformatted (value) : NULL;
  g_autofree char *brief = g_utf8_make_valid (shown ? shown : "", -1);
  va_list args;

  if (g_utf8_strlen (brief, -1) > 60)
    strcpy (g_utf8_offset_to_pointer (brief, 57), "...");
  va_start (args, format);
  g_autofree char *rule = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, NN_CONFIG_ERROR, NN_CONFIG_ERROR_FIELD, "%s %s%s: %s", path,
               value ? "is " : "is missing", brief, rule);
  cJSON_free (shown);
}

/* "must be ..." for a field, from its declaration. */
static char *
describe (const NnField *field)
{
  g_autofree char *names = field->choices ? g_strjoinv (" or ", (char **) field->choices) : NULL;
  const char *least = field->above ? "above" : "from";
  const char *most = field->below ? "below" : field->above ? "up to" : "to";

  switch (field->kind)
    {
    case FIELD_BOOL:
      return g_strdup ("must be true or false");
    case FIELD_INT:
    case FIELD_INT64:
      return g_strdup_printf ("must be a whole number from %.0f to %.0f", field->least,
                              field->most);
    case FIELD_NUMBER:
      return g_strdup_printf ("must be a number %s %g %s %.7g", least, field->least, most,
                              field->most);
    case FIELD_CHOICE:
      return g_strdup_printf ("must be %s", names);
    case FIELD_STRING:
      return g_strdup_printf ("must be a text of less than %" G_GSIZE_FORMAT " bytes", field->size);
    case FIELD_PAIR:
      return g_strdup_printf ("must be two numbers, each %s %g and %s %g", least, field->least,
                              most, field->most);
    case FIELD_LAYERS:
      return g_strdup_printf ("must be a list of at most %d block numbers, counted from 0",
                              NN_MAX_LAYERS);
    }
  g_assert_not_reached ();
}

static gboolean
in_range (const NnField *field, double value)
{
  return (field->above ? value > field->least : value >= field->least)
         && (field->below ? value < field->most : value <= field->most);
}

static gboolean
is_whole (const cJSON *value, double least, double most)
{
  return cJSON_IsNumber (value) && value->valuedouble >= least && value->valuedouble <= most
         && value->valuedouble == floor (value->valuedouble);
}

static gboolean
parse_layers (NnExpeditionConfig *expedition, const cJSON *value)
{
  int layers[NN_MAX_LAYERS] = { 0 };
  int count = 0;
  const cJSON *item;

  if (!cJSON_IsArray (value))
    return FALSE;
  cJSON_ArrayForEach (item, value)
  {
    if (count == NN_MAX_LAYERS || !is_whole (item, 0, NN_MAX_LAYERS - 1))
      return FALSE;
    layers[count++] = (int) item->valuedouble;
  }
  memcpy (expedition->layers, layers, sizeof layers);
  expedition->n_layers = count;
  return TRUE;
}

static gboolean
parse_pair (const NnField *field, double *pair, const cJSON *value)
{
  const cJSON *first = cJSON_GetArrayItem (value, 0);
  const cJSON *second = cJSON_GetArrayItem (value, 1);

  if (!cJSON_IsArray (value) || cJSON_GetArraySize (value) != 2 || !cJSON_IsNumber (first)
      || !cJSON_IsNumber (second) || !in_range (field, first->valuedouble)
      || !in_range (field, second->valuedouble))
    return FALSE;
  pair[0] = first->valuedouble;
  pair[1] = second->valuedouble;
  return TRUE;
}

static gboolean
parse_string (const NnField *field, char *out, const cJSON *value)
{
  if (!cJSON_IsString (value) || strlen (value->valuestring) >= field->size)
    return FALSE;
  memset (out, 0, field->size);
  strcpy (out, value->valuestring);
  return TRUE;
}

static gboolean
parse_choice (const NnField *field, int *out, const cJSON *value)
{
  if (!cJSON_IsString (value))
    return FALSE;
  for (int i = 0; field->choices[i]; i++)
    if (strcmp (field->choices[i], value->valuestring) == 0)
      {
        *out = i;
        return TRUE;
      }
  return FALSE;
}

static gboolean
parse_value (const NnField *field, void *out, const cJSON *value)
{
  switch (field->kind)
    {
    case FIELD_BOOL:
      if (!cJSON_IsBool (value))
        return FALSE;
      *(gboolean *) out = cJSON_IsTrue (value);
      return TRUE;
    case FIELD_INT:
      if (!is_whole (value, field->least, field->most))
        return FALSE;
      *(int *) out = (int) value->valuedouble;
      return TRUE;
    case FIELD_INT64:
      if (!is_whole (value, field->least, field->most))
        return FALSE;
      *(gint64 *) out = (gint64) value->valuedouble;
      return TRUE;
    case FIELD_NUMBER:
      if (!cJSON_IsNumber (value) || !in_range (field, value->valuedouble))
        return FALSE;
      *(double *) out = value->valuedouble;
      return TRUE;
    case FIELD_CHOICE:
      return parse_choice (field, out, value);
    case FIELD_STRING:
      return parse_string (field, out, value);
    case FIELD_PAIR:
      return parse_pair (field, out, value);
    case FIELD_LAYERS:
      return parse_layers (out, value);
    }
  g_assert_not_reached ();
}

gboolean
nn_field_parse (const NnField *field, NnConfig *config, const cJSON *value, GError **error)
{
  if (parse_value (field, (char *) config + field->offset, value))
    return TRUE;
  g_autofree char *rule = describe (field);
  nn_field_set_error (error, field->path, value, "%s", rule);
  return FALSE;
}

void
nn_field_set_default (const NnField *field, NnConfig *config)
{
  void *out = (char *) config + field->offset;

  switch (field->kind)
    {
    case FIELD_BOOL:
    case FIELD_INT:
    case FIELD_CHOICE:
      *(int *) out = (int) field->fallback;
      break;
    case FIELD_INT64:
      *(gint64 *) out = (gint64) field->fallback;
      break;
    case FIELD_NUMBER:
      *(double *) out = field->fallback;
      break;
    case FIELD_PAIR:
      ((double *) out)[0] = field->fallback;
      ((double *) out)[1] = field->second;
      break;
    case FIELD_STRING:
      memset (out, 0, field->size);
      break;
    case FIELD_LAYERS:
      /* depends on vision_cfg.layers: config.c fills it in */
      break;
    }
}

/* The shortest text that reads back as the same double: cJSON's own may be off by the last bit. */
static cJSON *
exact_number (double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  static const char *const formats[] = { "%.15g", "%.16g", "%.17g" };

  for (gsize i = 0; i < G_N_ELEMENTS (formats); i++)
    {
      g_ascii_formatd (text, sizeof text, formats[i], value);
      if (g_ascii_strtod (text, NULL) == value)
        break;
    }
  return cJSON_CreateRaw (text);
}

static cJSON *
exact_pair (const double *pair)
{
  cJSON *list = cJSON_CreateArray ();

  cJSON_AddItemToArray (list, exact_number (pair[0]));
  cJSON_AddItemToArray (list, exact_number (pair[1]));
  return list;
}

cJSON *
nn_field_to_json (const NnField *field, const NnConfig *config)
{
  const void *in = (const char *) config + field->offset;

  switch (field->kind)
    {
    case FIELD_BOOL:
      return cJSON_CreateBool (*(const gboolean *) in);
    case FIELD_INT:
      return cJSON_CreateNumber (*(const int *) in);
    case FIELD_INT64:
      return exact_number ((double) *(const gint64 *) in);
    case FIELD_NUMBER:
      return exact_number (*(const double *) in);
    case FIELD_CHOICE:
      return cJSON_CreateString (field->choices[*(const int *) in]);
    case FIELD_STRING:
      return cJSON_CreateString (in);
    case FIELD_PAIR:
      return exact_pair (in);
    case FIELD_LAYERS:
      return cJSON_CreateIntArray (((const NnExpeditionConfig *) in)->layers,
                                   ((const NnExpeditionConfig *) in)->n_layers);
    }
  g_assert_not_reached ();
}
