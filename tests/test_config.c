/* Configs: defaults, every way a field can be wrong, setting, writing out, derived sizes. */
#include "models/nn/step.h"

#include <cjson/cJSON.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define BASE                                                                                       \
  "{\"embed_dim\":32,"                                                                             \
  "\"vision_cfg\":{\"image_size\":32,\"layers\":6,\"width\":64,\"head_width\":16,"                 \
  "\"patch_size\":8},"                                                                             \
  "\"text_cfg\":{\"context_length\":16,\"vocab_size\":96,\"width\":48,\"heads\":4,\"layers\":2},"  \
  "\"expedition_cfg\":{\"method\":\"evit\",\"keep_rate\":0.6},"                                    \
  "\"distill_cfg\":{\"teacher\":\"momentum\"}}"

static NnConfig
read_config (const char *json)
{
  NnConfig config;
  GError *error = NULL;
  gboolean ok = nn_config_from_json (&config, json, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
  return config;
}

/* BASE with one member replaced or added; blocks are made when absent. */
static char *
patch (const char *path, const char *json)
{
  cJSON *document = cJSON_Parse (BASE);
  cJSON *object = document;
  g_auto (GStrv) names = g_strsplit (path, ".", -1);
  int i = 0;

  for (; names[i + 1]; i++)
    {
      cJSON *inner = cJSON_GetObjectItemCaseSensitive (object, names[i]);
      object = inner ? inner : cJSON_AddObjectToObject (object, names[i]);
    }
  cJSON_DeleteItemFromObjectCaseSensitive (object, names[i]);
  cJSON_AddItemToObject (object, names[i], cJSON_Parse (json));
  char *text = cJSON_PrintUnformatted (document);
  char *copy = g_strdup (text);
  cJSON_free (text);
  cJSON_Delete (document);
  return copy;
}

static void
test_defaults (void)
{
  NnConfig config = read_config ("{\"embed_dim\":512,\"vision_cfg\":{},\"text_cfg\":{}}");

  g_assert_cmpint (config.vision.image_size, ==, 224);
  g_assert_cmpint (config.vision.head_width, ==, 64);
  g_assert_cmpfloat (config.vision.mlp_ratio, ==, 4);
  g_assert_cmpint (config.text.context_length, ==, 77);
  g_assert_cmpint (config.text.vocab_size, ==, 49408);
  g_assert_cmpint (config.expedition.method, ==, NN_EXPEDITION_NONE);
  g_assert_cmpint (config.distill.teacher, ==, NN_TEACHER_NONE);
  g_assert_cmpint (config.expedition.n_layers, ==, 3);
  g_assert_cmpint (config.expedition.layers[0], ==, 3);
  g_assert_cmpint (config.expedition.layers[2], ==, 9);
  g_assert_true (config.expedition.fuse);
  g_assert_true (config.distill.stop_grad_text);
  g_assert_cmpfloat (config.distill.momentum, ==, 0.995);
  g_assert_cmpfloat (config.optimizer.lr, ==, 5e-4);
  g_assert_cmpfloat (config.optimizer.betas[1], ==, 0.98);
  g_assert_cmpfloat (config.optimizer.eps, ==, 1e-6);
  g_assert_cmpfloat_with_epsilon (config.init_logit_scale, log (1 / 0.07), 1e-15);
  g_assert_cmpint (config.schedule.horizon, ==, 0);
  g_assert_cmpint (config.run.snapshot_every, ==, 50);
  g_assert_cmpstr (config.data.path, ==, "");
}

static void
test_default_blocks (void)
{
  const struct
  {
    int layers;
    int n;
    int at[3];
  } cases[] = { { 1, 1, { 0 } },       { 2, 2, { 0, 1 } },    { 3, 3, { 0, 1, 2 } },
                { 6, 3, { 1, 3, 4 } }, { 9, 3, { 2, 4, 6 } }, { 12, 3, { 3, 6, 9 } } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *layers = g_strdup_printf ("%d", cases[i].layers);
      g_autofree char *json = patch ("vision_cfg.layers", layers);
      NnConfig config = read_config (json);

      g_assert_cmpint (config.expedition.n_layers, ==, cases[i].n);
      for (int j = 0; j < cases[i].n; j++)
        g_assert_cmpint (config.expedition.layers[j], ==, cases[i].at[j]);
    }
}

typedef struct
{
  const char *path;
  const char *json;
  const char *message;
} Wrong;

static const Wrong wrong[] = {
  { "embed_dim", "0", "embed_dim is 0: must be a whole number from 1 to 8192" },
  { "embed_dim", "1.5", "embed_dim is 1.5: must be a whole number from 1 to 8192" },
  { "embed_dim", "1e999", "embed_dim is null: must be a whole number from 1 to 8192" },
  { "vision_cfg", "[1]", "vision_cfg is [1]: must be an object" },
  { "vision_cfg.width", "100",
    "vision_cfg.width is 100: must be a multiple of vision_cfg.head_width 16" },
  { "vision_cfg.width", "\"64\"",
    "vision_cfg.width is \"64\": must be a whole number from 1 to 8192" },
  { "vision_cfg.head_width", "0", "vision_cfg.head_width is 0: must be a whole number from 1" },
  { "vision_cfg.image_size", "30",
    "vision_cfg.image_size is 30: must be a multiple of vision_cfg.patch_size 8" },
  { "vision_cfg.image_size", "[32,32]", "vision_cfg.image_size is [32,32]: must be a whole" },
  { "vision_cfg.image_size", "512",
    "vision_cfg.image_size is 512: makes 4096 patches of 8 px, must be at most 1024" },
  { "vision_cfg.layers", "[3,4,6,3]", "vision_cfg.layers is [3,4,6,3]: must be a whole number" },
  { "vision_cfg.layers", "65", "vision_cfg.layers is 65: must be a whole number from 1 to 64" },
  { "vision_cfg.patch_size", "-8", "vision_cfg.patch_size is -8: must be a whole number" },
  { "vision_cfg.mlp_ratio", "0", "vision_cfg.mlp_ratio is 0: must be a number above 0 up to 64" },
  { "vision_cfg.mlp_ratio", "0.01", "vision_cfg.mlp_ratio is 0.01: must be at least 1/64" },
  { "vision_cfg.timm_model_name", "\"resnet50\"",
    "vision_cfg.timm_model_name is \"resnet50\": Penumbra does not do that; leave it out" },
  { "vision_cfg.pool_type", "\"avg\"", "vision_cfg.pool_type is \"avg\": Penumbra does not" },
  { "vision_cfg.patch_dropout", "0.5", "vision_cfg.patch_dropout is 0.5: Penumbra does not" },
  { "vision_cfg.heads", "4", "vision_cfg.heads is not a config field: vision_cfg has image_size" },
  { "text_cfg.hf_model_name", "\"roberta\"", "text_cfg.hf_model_name is \"roberta\"" },
  { "text_cfg.mlp_ratio", "2", "text_cfg.mlp_ratio is 2: Penumbra does not do that" },
  { "text_cfg.width", "50", "text_cfg.width is 50: must be a multiple of text_cfg.heads 4" },
  { "text_cfg.context_length", "1", "text_cfg.context_length is 1: must be a whole number from 2" },
  { "text_cfg.vocab_size", "2", "text_cfg.vocab_size is 2: must be a whole number from 3" },
  { "text_cfg.heads", "null", "text_cfg.heads is null: must be a whole number" },
  { "quick_gelu", "1", "quick_gelu is 1: must be true or false" },
  { "init_logit_scale", "5", "init_logit_scale is 5: must be a number from 0 to 4.60517" },
  { "expedition_cfg.method", "\"tome\"",
    "expedition_cfg.method is \"tome\": must be none or evit" },
  { "expedition_cfg.method", "\"patch-dropout\"",
    "expedition_cfg.method is \"patch-dropout\": must be none or evit" },
  { "expedition_cfg", "{\"keep_rate\":0.5}",
    "expedition_cfg.method is missing: must be none or evit" },
  { "expedition_cfg.keep_rate", "0",
    "expedition_cfg.keep_rate is 0: must be a number above 0 up to 1" },
  { "expedition_cfg.keep_rate", "1.1", "expedition_cfg.keep_rate is 1.1: must be a number" },
  { "expedition_cfg.layers", "[6]",
    "expedition_cfg.layers is [6]: block numbers must be from 0 to 5 (vision_cfg.layers is 6)" },
  { "expedition_cfg.layers", "[3,1]", "expedition_cfg.layers is [3,1]: block numbers must increa" },
  { "expedition_cfg.layers", "[1,1]", "expedition_cfg.layers is [1,1]: block numbers must increa" },
  { "expedition_cfg.layers", "[-1]", "expedition_cfg.layers is [-1]: must be a list of at most" },
  { "expedition_cfg.layers", "[1.5]", "expedition_cfg.layers is [1.5]: must be a list" },
  { "expedition_cfg.layers", "3", "expedition_cfg.layers is 3: must be a list" },
  { "expedition_cfg.keep", "0.5",
    "expedition_cfg.keep is not a config field: expedition_cfg has method, keep_rate, layers, "
    "fuse, warmup_start, warmup_span" },
  { "distill_cfg.teacher", "\"ema\"", "distill_cfg.teacher is \"ema\": must be none or momentum" },
  { "distill_cfg.momentum", "1.01", "distill_cfg.momentum is 1.01: must be a number from 0 to 1" },
  { "distill_cfg.momentum_schedule", "\"linear\"",
    "distill_cfg.momentum_schedule is \"linear\": must be constant or cosine" },
  { "distill_cfg.text", "\"momentum\"", "distill_cfg.text is \"momentum\": must be shared" },
  { "distill_cfg.target", "\"soft\"", "distill_cfg.target is \"soft\": must be kl" },
  { "distill_cfg.weight", "-1", "distill_cfg.weight is -1: must be a number from 0 to 1000" },
  { "distill_cfg.stop_grad_text", "\"yes\"", "distill_cfg.stop_grad_text is \"yes\": must be t" },
  { "loss", "\"siglip\"", "loss is \"siglip\": must be contrastive" },
  { "optimizer.name", "\"sgd\"", "optimizer.name is \"sgd\": must be adamw" },
  { "optimizer.lr", "-1", "optimizer.lr is -1: must be a number from 0 to 10" },
  { "optimizer.betas", "[0.9]", "optimizer.betas is [0.9]: must be two numbers, each from 0" },
  { "optimizer.betas", "[0.9,1]", "optimizer.betas is [0.9,1]: must be two numbers" },
  { "optimizer.eps", "0", "optimizer.eps is 0: must be a number above 0" },
  { "optimizer.weight_decay", "11", "optimizer.weight_decay is 11: must be a number from 0 to 10" },
  { "optimizer.grad_clip_norm", "-1", "optimizer.grad_clip_norm is -1: must be a number" },
  { "schedule.epochs", "0", "schedule.epochs is 0: must be a whole number from 1" },
  { "schedule.batch_size", "1",
    "schedule.batch_size is 1: must be a whole number from 2 to 32768" },
  { "schedule.warmup_steps", "-1", "schedule.warmup_steps is -1: must be a whole number from 0" },
  { "schedule.horizon", "0.5", "schedule.horizon is 0.5: must be a whole number from 0" },
  { "data.path", "7", "data.path is 7: must be a text of less than 4096 bytes" },
  { "data.shift", "32", "data.shift is 32: must be below vision_cfg.image_size 32" },
  { "data.flip", "\"on\"", "data.flip is \"on\": must be true or false" },
  { "data.crop_scale", "0", "data.crop_scale is 0: must be a number above 0 up to 1" },
  { "eval.every_epochs", "-1", "eval.every_epochs is -1: must be a whole number" },
  { "eval.batch_size", "0", "eval.batch_size is 0: must be a whole number from 1" },
  { "run.seed", "-1", "run.seed is -1: must be a whole number from 0 to 9007199254740992" },
  { "run.snapshot_every", "\"a\"", "run.snapshot_every is \"a\": must be a whole number" },
  { "run.checkpoint_minutes", "-1", "run.checkpoint_minutes is -1: must be a number from 0" },
  { "run.probes", "0", "run.probes is 0: must be a whole number from 1 to 1024" },
  { "run.snapshot_budget_mb", "-5", "run.snapshot_budget_mb is -5: must be a whole number" },
  { "epochs", "3", "epochs is not a config field: a config has embed_dim, vision_cfg, text_cfg" },
  { "multimodal_cfg", "{}", "multimodal_cfg is {}: Penumbra does not do that" },
};

static void
test_wrong_fields (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;
      NnConfig config;

      g_autofree char *json = patch (wrong[i].path, wrong[i].json);
      memset (&config, 7, sizeof config);
      NnConfig before = config;
      g_assert_false (nn_config_from_json (&config, json, &error));
      g_assert_error (error, NN_CONFIG_ERROR, NN_CONFIG_ERROR_FIELD);
      if (strstr (error->message, wrong[i].message) != error->message)
        g_error ("got:  %s\nwant: %s", error->message, wrong[i].message);
      g_assert_null (strchr (error->message, '\n'));
      g_assert_cmpmem (&config, sizeof config, &before, sizeof before);
    }
}

static void
expect_failure (const char *json, int code, const char *part)
{
  g_autoptr (GError) error = NULL;
  NnConfig config;

  g_assert_false (nn_config_from_json (&config, json, &error));
  g_assert_error (error, NN_CONFIG_ERROR, code);
  if (strstr (error->message, part) == NULL)
    g_error ("got:  %s\nwant: %s", error->message, part);
}

/* What is right by itself and too many tokens together. */
static void
test_huge_batch (void)
{
  static const char *const paths[] = { "schedule.batch_size", "eval.batch_size" };

  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (GError) error = NULL;
      NnConfig config = read_config (BASE);

      config.expedition.method = NN_EXPEDITION_NONE;
      config.vision.image_size = 4096;
      config.vision.patch_size = 8;
      *(i == 0 ? &config.schedule.batch_size : &config.eval.batch_size) = 8191;
      g_assert_true (nn_config_check (&config, &error));
      g_assert_no_error (error);
      *(i == 0 ? &config.schedule.batch_size : &config.eval.batch_size) = 8192;
      g_assert_false (nn_config_check (&config, &error));
      g_assert_error (error, NN_CONFIG_ERROR, NN_CONFIG_ERROR_FIELD);
      g_assert_true (g_str_has_prefix (error->message, paths[i]));
      g_assert_nonnull (strstr (error->message, "at most 8191"));
    }
}

static void
test_wrong_documents (void)
{
  GString *deep = g_string_new (NULL);

  expect_failure ("", NN_CONFIG_ERROR_SYNTAX, "line 1 is not JSON");
  expect_failure ("[]", NN_CONFIG_ERROR_SYNTAX, "must be one JSON object");
  expect_failure ("{\n\"embed_dim\": 3,\n]", NN_CONFIG_ERROR_SYNTAX, "line 3 is not JSON");
  expect_failure ("{} x", NN_CONFIG_ERROR_SYNTAX, "line 1 is not JSON");
  expect_failure ("{\"a\": \"\xff\"}", NN_CONFIG_ERROR_SYNTAX, "line 1 is not JSON");
  expect_failure ("{\"embed_dim\":8}", NN_CONFIG_ERROR_FIELD, "vision_cfg is missing");
  expect_failure ("{\"embed_dim\":8,\"vision_cfg\":{}}", NN_CONFIG_ERROR_FIELD,
                  "text_cfg is missing");
  expect_failure ("{\"vision_cfg\":{},\"text_cfg\":{}}", NN_CONFIG_ERROR_FIELD,
                  "embed_dim is missing");
  expect_failure ("{\"embed_dim\":8,\"embed_dim\":9}", NN_CONFIG_ERROR_FIELD,
                  "embed_dim is 9: given twice");
  expect_failure ("{\"loss\":{\"name\":\"x\"}}", NN_CONFIG_ERROR_FIELD,
                  "loss is {\"name\":\"x\"}: must be contrastive");
  for (int i = 0; i < 100000; i++)
    g_string_append_c (deep, '[');
  expect_failure (deep->str, NN_CONFIG_ERROR_SYNTAX, "is not JSON");
  g_string_free (deep, TRUE);
}

static void
test_open_clip_keys (void)
{
  static const struct
  {
    const char *path;
    const char *json;
  } harmless[] = {
    { "vision_cfg.timm_model_name", "null" },
    { "vision_cfg.pool_type", "\"tok\"" },
    { "vision_cfg.act_kwargs", "{}" },
    { "vision_cfg.ls_init_value", "null" },
    { "text_cfg.pool_type", "\"argmax\"" },
    { "text_cfg.mlp_ratio", "4.0" },
    { "custom_text", "false" },
    { "output_dict", "true" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (harmless); i++)
    {
      g_autofree char *json = patch (harmless[i].path, harmless[i].json);
      read_config (json);
    }
}

static void
test_set (void)
{
  NnConfig config = read_config (BASE);
  static const char *const good[] = {
    "schedule.epochs=3",          "expedition_cfg.layers=[0,2]",
    "expedition_cfg.method=none", "data.path=/a b=c",
    "optimizer.betas=[0.8, 0.9]", "quick_gelu=true",
    "run.seed=9007199254740991",  "distill_cfg.momentum_schedule=\"cosine\""
  };
  static const char *const bad[] = { "schedule.epochs",   "=3",
                                     "schedule.epochs=x", "schedule=3",
                                     "schedule.a=1",      "vision_cfg.timm_pool=x",
                                     "quick_gelu=1",      "expedition_cfg.keep_rate=2" };

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      GError *error = NULL;
      g_assert_true (nn_config_set (&config, good[i], &error));
      g_assert_no_error (error);
    }
  g_assert_cmpint (config.schedule.epochs, ==, 3);
  g_assert_cmpint (config.expedition.n_layers, ==, 2);
  g_assert_cmpint (config.expedition.layers[1], ==, 2);
  g_assert_cmpint (config.expedition.method, ==, NN_EXPEDITION_NONE);
  g_assert_cmpstr (config.data.path, ==, "/a b=c");
  g_assert_cmpfloat (config.optimizer.betas[0], ==, 0.8);
  g_assert_true (config.quick_gelu);
  g_assert_cmpint (config.run.seed, ==, 9007199254740991);
  g_assert_cmpint (config.distill.momentum_schedule, ==, NN_MOMENTUM_COSINE);
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      NnConfig before = config;

      g_assert_false (nn_config_set (&config, bad[i], &error));
      g_assert_error (error, NN_CONFIG_ERROR, NN_CONFIG_ERROR_FIELD);
      g_assert_cmpmem (&config, sizeof config, &before, sizeof before);
    }
}

static void
test_set_layers (void)
{
  NnConfig config = read_config (BASE);
  g_autoptr (GError) error = NULL;

  /* blocks at the default follow the depth, others do not */
  g_assert_true (nn_config_set (&config, "vision_cfg.layers=12", NULL));
  g_assert_cmpint (config.expedition.layers[2], ==, 9);
  g_assert_true (nn_config_set (&config, "expedition_cfg.layers=[10]", NULL));
  g_assert_true (nn_config_set (&config, "vision_cfg.layers=6", NULL));
  g_assert_false (nn_config_check (&config, &error));
  g_assert_nonnull (strstr (error->message, "expedition_cfg.layers is [10]"));
}

static void
test_written_out (void)
{
  NnConfig config = read_config (BASE);

  g_assert_true (nn_config_set (&config, "data.path=/tmp/a \"b\"\\ \xc3\xa9\n", NULL));
  g_assert_true (nn_config_set (&config, "optimizer.lr=0.1234567890123456", NULL));
  g_assert_true (nn_config_set (&config, "run.seed=9007199254740991", NULL));
  g_assert_true (nn_config_set (&config, "run.device=llvmpipe", NULL));
  g_autofree char *json = nn_config_to_json (&config);
  NnConfig again = read_config (json);
  g_autofree char *json_again = nn_config_to_json (&again);

  g_assert_cmpmem (&config, sizeof config, &again, sizeof again);
  g_assert_cmpstr (json, ==, json_again);
  g_assert_true (g_str_has_prefix (json, "{\n  \"embed_dim\": 32,\n  \"vision_cfg\": {\n    "));
  g_assert_true (g_str_has_suffix (json, "\n  }\n}\n"));
  g_assert_nonnull (strstr (json, "\"layers\": [1,3,4]"));
}

static void
test_presets (void)
{
  g_auto (GStrv) names = nn_config_preset_names ();
  g_autoptr (GError) error = NULL;
  NnConfig config;

  for (char **name = names; *name; name++)
    {
      g_assert_true (nn_config_preset (&config, *name, &error));
      g_assert_no_error (error);
    }
  g_autofree char *all = g_strjoinv (" ", names);
  g_assert_cmpstr (all, ==, "demo nano small ViT-B-16 ViT-Ti-16");
  g_assert_true (nn_config_preset (&config, "demo", NULL));
  g_assert_cmpint (config.expedition.layers[2], ==, 4);
  g_assert_cmpint (config.vision.head_width, ==, 32);
  g_assert_cmpfloat (config.optimizer.lr, ==, 1e-3);
  g_assert_cmpint (config.schedule.batch_size, ==, 64);
  g_assert_false (nn_config_preset (&config, "mega", &error));
  g_assert_cmpstr (
      error->message, ==,
      "there is no preset \"mega\": the presets are demo, nano, small, ViT-B-16, ViT-Ti-16");
}

/* What each takes is known without a device, and grows from one to the next. */
static void
test_preset_forecasts (void)
{
  static const struct
  {
    const char *name;
    int tokens;         /* of a picture, CLS counted */
    int last;           /* of them after the last shrink, at keep rate 0.7 */
    guint64 parameters; /* by hand: learnt scalars in millions, rounded down */
  } presets[] = {
    { "nano", 17, 14, 0 },        { "demo", 65, 26, 2 },        { "small", 145, 54, 12 },
    { "ViT-Ti-16", 197, 72, 20 }, { "ViT-B-16", 197, 72, 149 },
  };
  guint64 flops = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (presets); i++)
    {
      NnForecast forecast;
      NnConfig config;
      g_assert_true (nn_config_preset (&config, presets[i].name, NULL));
      nn_step_forecast (&forecast, &config, (guint) config.schedule.batch_size);
      g_assert_cmpint (nn_config_tokens (&config, 1, 0), ==, presets[i].tokens);
      g_assert_cmpint (nn_config_tokens (&config, 0.7, config.vision.layers), ==, presets[i].last);
      g_assert_cmpuint (forecast.parameters / 1000000, ==, presets[i].parameters);
      g_assert_cmpuint (forecast.device_bytes, >, 4 * 4 * forecast.parameters);
      g_assert_cmpuint (forecast.full_flops, >, forecast.encode_flops);
      g_assert_cmpuint (forecast.encode_flops, >, flops);
      flops = forecast.encode_flops;
    }
}

static void
test_load (void)
{
  g_autofree char *folder = g_dir_make_tmp ("penumbra-config-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "c.json", NULL);
  g_autoptr (GError) error = NULL;
  NnConfig config;

  g_assert_false (nn_config_load (&config, path, &error));
  g_assert_error (error, NN_CONFIG_ERROR, NN_CONFIG_ERROR_FILE);
  g_assert_nonnull (strstr (error->message, path));
  g_clear_error (&error);
  g_assert_true (g_file_set_contents (path, BASE, -1, NULL));
  g_assert_true (nn_config_load (&config, path, NULL));
  g_assert_true (g_file_set_contents (path, "{\"embed_dim\":0}", -1, NULL));
  g_assert_false (nn_config_load (&config, path, &error));
  g_assert_true (g_str_has_prefix (error->message, path));
  g_clear_error (&error);
  g_assert_true (g_file_set_contents (path, "{}\0{}", 5, NULL));
  g_assert_false (nn_config_load (&config, path, &error));
  g_assert_error (error, NN_CONFIG_ERROR, NN_CONFIG_ERROR_SYNTAX);
  g_remove (path);
  g_rmdir (folder);
}

static void
test_tokens (void)
{
  NnConfig config = read_config ("{\"embed_dim\":512,\"vision_cfg\":{},\"text_cfg\":{},"
                                 "\"expedition_cfg\":{\"method\":\"evit\",\"keep_rate\":0.7}}");

  /* ViT-B/16 at 224 px: 197 tokens, then 140, 100, 72 */
  g_assert_cmpint (nn_config_patches (&config), ==, 196);
  g_assert_cmpint (nn_config_vision_heads (&config), ==, 12);
  g_assert_cmpint (nn_config_vision_hidden (&config), ==, 3072);
  g_assert_cmpint (nn_config_tokens (&config, 0.7, 3), ==, 197);
  g_assert_cmpint (nn_config_kept (&config, 0.7, 3), ==, 138);
  g_assert_cmpint (nn_config_tokens (&config, 0.7, 4), ==, 140);
  g_assert_cmpint (nn_config_tokens (&config, 0.7, 7), ==, 100);
  g_assert_cmpint (nn_config_tokens (&config, 0.7, 12), ==, 72);
  g_assert_cmpint (nn_config_kept (&config, 0.7, 4), ==, 0);
  g_assert_cmpint (nn_config_tokens (&config, 1, 12), ==, 197);
  g_assert_cmpint (nn_config_kept (&config, 1, 3), ==, 0);
  config.expedition.fuse = FALSE;
  g_assert_cmpint (nn_config_tokens (&config, 0.7, 4), ==, 139);
  config.expedition.method = NN_EXPEDITION_NONE;
  g_assert_cmpint (nn_config_tokens (&config, 0.7, 12), ==, 197);
  config.vision.mlp_ratio = 4.9231;
  config.vision.width = 1664;
  g_assert_cmpint (nn_config_vision_hidden (&config), ==, 8192);
}

static void
test_schedules (void)
{
  NnConfig config = read_config (BASE);

  config.optimizer.lr = 1;
  config.schedule.warmup_steps = 4;
  config.schedule.horizon = 12;
  g_assert_cmpfloat (nn_config_lr (&config, 0), ==, 0.25);
  g_assert_cmpfloat (nn_config_lr (&config, 3), ==, 1);
  g_assert_cmpfloat (nn_config_lr (&config, 4), ==, 1);
  g_assert_cmpfloat_with_epsilon (nn_config_lr (&config, 8), 0.5, 1e-12);
  g_assert_cmpfloat (nn_config_lr (&config, 12), ==, 0);
  g_assert_cmpfloat (nn_config_momentum (&config, 5), ==, 0.995);
  config.distill.momentum_schedule = NN_MOMENTUM_COSINE;
  g_assert_cmpfloat_with_epsilon (nn_config_momentum (&config, 0), 0.995, 1e-12);
  g_assert_cmpfloat_with_epsilon (nn_config_momentum (&config, 6), 0.9975, 1e-12);
  g_assert_cmpfloat_with_epsilon (nn_config_momentum (&config, 12), 1, 1e-12);
}

static void
test_keep_rate_warmup (void)
{
  NnConfig config = read_config (BASE);

  g_assert_cmpfloat (nn_config_keep_rate (&config, 0), ==, 0.6);
  config.expedition.warmup_start = 1;
  config.expedition.warmup_span = 2;
  g_assert_cmpfloat (nn_config_keep_rate (&config, 0.99), ==, 1);
  g_assert_cmpfloat (nn_config_keep_rate (&config, 1), ==, 1);
  g_assert_cmpfloat_with_epsilon (nn_config_keep_rate (&config, 2), 0.8, 1e-12);
  g_assert_cmpfloat_with_epsilon (nn_config_keep_rate (&config, 2.1), 0.8, 1e-12);
  g_assert_cmpfloat (nn_config_keep_rate (&config, 3), ==, 0.6);
  for (double epoch = 1; epoch < 3; epoch += 0.01)
    {
      double rate = nn_config_keep_rate (&config, epoch);

      g_assert_cmpfloat (fabs (rate * 20 - round (rate * 20)), <, 1e-9);
      g_assert_true (rate >= 0.6 && rate <= 1);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/config/defaults", test_defaults);
  g_test_add_func ("/config/default-blocks", test_default_blocks);
  g_test_add_func ("/config/wrong-fields", test_wrong_fields);
  g_test_add_func ("/config/wrong-documents", test_wrong_documents);
  g_test_add_func ("/config/open-clip-keys", test_open_clip_keys);
  g_test_add_func ("/config/huge-batch", test_huge_batch);
  g_test_add_func ("/config/set", test_set);
  g_test_add_func ("/config/set-layers", test_set_layers);
  g_test_add_func ("/config/written-out", test_written_out);
  g_test_add_func ("/config/presets", test_presets);
  g_test_add_func ("/config/preset-forecasts", test_preset_forecasts);
  g_test_add_func ("/config/load", test_load);
  g_test_add_func ("/config/tokens", test_tokens);
  g_test_add_func ("/config/schedules", test_schedules);
  g_test_add_func ("/config/keep-rate-warmup", test_keep_rate_warmup);
  return g_test_run ();
}
