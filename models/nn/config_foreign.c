/* open_clip's keys for things we do not do. Config files in the wild spell out many of them with
 * values that ask for nothing; those are accepted, any other value is refused by name. */
#include "models/nn/config_fields.h"

#include <string.h>

typedef struct
{
  const char *path;
  const char *allowed; /* a JSON list */
} Foreign;

static const Foreign foreign[] = {
  { "init_logit_bias", "[null]" },
  { "custom_text", "[false]" },
  { "multimodal_cfg", "[null]" },
  { "cast_dtype", "[null]" },
  { "output_dict", "[false, true, null]" },
  { "nonscalar_logit_scale", "[false]" },
  { "force_quick_gelu", "[false]" },

  { "vision_cfg.timm_model_name", "[null]" },
  { "vision_cfg.timm_model_pretrained", "[false]" },
  { "vision_cfg.timm_pool", "[\"avg\"]" },
  { "vision_cfg.timm_proj", "[\"linear\"]" },
  { "vision_cfg.timm_proj_bias", "[false]" },
  { "vision_cfg.timm_drop", "[0]" },
  { "vision_cfg.timm_drop_path", "[null, 0]" },
  { "vision_cfg.ls_init_value", "[null]" },
  { "vision_cfg.patch_dropout", "[0]" },
  { "vision_cfg.input_patchnorm", "[false]" },
  { "vision_cfg.global_average_pool", "[false]" },
  { "vision_cfg.attentional_pool", "[false]" },
  { "vision_cfg.attn_pooler_queries", "[256]" },
  { "vision_cfg.attn_pooler_heads", "[8]" },
  { "vision_cfg.n_queries", "[256]" },
  { "vision_cfg.no_ln_pre", "[false]" },
  { "vision_cfg.pos_embed_type", "[\"learnable\"]" },
  { "vision_cfg.final_ln_after_pool", "[false]" },
  { "vision_cfg.pool_type", "[\"tok\"]" },
  { "vision_cfg.output_tokens", "[false]" },
  { "vision_cfg.act_kwargs", "[null, {}]" },
  { "vision_cfg.norm_kwargs", "[null, {}]" },
  { "vision_cfg.block_type", "[null]" },
  { "vision_cfg.qk_norm", "[false]" },
  { "vision_cfg.scaled_cosine_attn", "[false]" },
  { "vision_cfg.scale_heads", "[false]" },
  { "vision_cfg.scale_attn_inner", "[false]" },
  { "vision_cfg.scale_attn", "[false]" },
  { "vision_cfg.scale_fc", "[false]" },

  { "text_cfg.hf_model_name", "[null]" },
  { "text_cfg.hf_model_pretrained", "[true, false]" },
  { "text_cfg.hf_tokenizer_name", "[null]" },
  { "text_cfg.hf_proj_type", "[null]" },
  { "text_cfg.hf_pooler_type", "[null]" },
  { "text_cfg.tokenizer_mode", "[null]" },
  { "text_cfg.tokenizer_kwargs", "[null, {}]" },
  { "text_cfg.mlp_ratio", "[4]" },
  { "text_cfg.ls_init_value", "[null]" },
  { "text_cfg.embed_cls", "[false]" },
  { "text_cfg.pad_id", "[0]" },
  { "text_cfg.eos_id", "[2]" },
  { "text_cfg.no_causal_mask", "[false]" },
  { "text_cfg.correct_cls_mask", "[false]" },
  { "text_cfg.final_ln_after_pool", "[false]" },
  { "text_cfg.pool_type", "[\"argmax\"]" },
  { "text_cfg.proj_type", "[\"linear\"]" },
  { "text_cfg.proj_bias", "[false]" },
  { "text_cfg.output_tokens", "[false]" },
  { "text_cfg.act_kwargs", "[null, {}]" },
  { "text_cfg.norm_kwargs", "[null, {}]" },
  { "text_cfg.block_type", "[null]" },
  { "text_cfg.qk_norm", "[false]" },
  { "text_cfg.scaled_cosine_attn", "[false]" },
  { "text_cfg.scale_heads", "[false]" },
  { "text_cfg.scale_attn_inner", "[false]" },
  { "text_cfg.scale_attn", "[false]" },
  { "text_cfg.scale_fc", "[false]" },
};

static gboolean
is_allowed (const Foreign *key, const cJSON *value)
{
  cJSON *allowed = cJSON_Parse (key->allowed);
  gboolean found = FALSE;
  const cJSON *item;

  g_assert (allowed != NULL);
  cJSON_ArrayForEach (item, allowed) found = found || cJSON_Compare (item, value, TRUE);
  cJSON_Delete (allowed);
  return found;
}

gboolean
nn_field_check_foreign (const char *path, const cJSON *value, gboolean *known, GError **error)
{
  *known = FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (foreign); i++)
    {
      if (strcmp (foreign[i].path, path) != 0)
        continue;
      *known = TRUE;
      if (is_allowed (&foreign[i], value))
        return TRUE;
      g_autofree char *inner = g_strndup (foreign[i].allowed + 1, strlen (foreign[i].allowed) - 2);
      nn_field_set_error (error, path, value,
                          "Penumbra does not do that; leave it out (allowed: %s)", inner);
      return FALSE;
    }
  return TRUE;
}
