/* Sizes and schedules that follow from a config. */
#include "models/nn/config.h"

#include <math.h>

int
nn_config_vision_heads (const NnConfig *config)
{
  return config->vision.width / config->vision.head_width;
}

int
nn_config_vision_hidden (const NnConfig *config)
{
  return (int) (config->vision.width * config->vision.mlp_ratio);
}

int
nn_config_text_hidden (const NnConfig *config)
{
  return 4 * config->text.width;
}

int
nn_config_patches (const NnConfig *config)
{
  int side = config->vision.image_size / config->vision.patch_size;

  return side * side;
}

/* K of a block that `tokens` tokens enter, or 0 when all are kept. */
static int
kept_of (const NnConfig *config, double keep_rate, int layer, int tokens)
{
  const NnExpeditionConfig *expedition = &config->expedition;

  if (expedition->method == NN_EXPEDITION_NONE)
    return 0;
  for (int i = 0; i < expedition->n_layers; i++)
    if (expedition->layers[i] == layer)
      {
        int kept = (int) ceil (keep_rate * (tokens - 1));

        return kept < tokens - 1 ? kept : 0;
      }
  return 0;
}

int
nn_config_tokens (const NnConfig *config, double keep_rate, int layer)
{
  int tokens = nn_config_patches (config) + 1;

  g_assert (layer >= 0 && layer <= config->vision.layers && keep_rate > 0 && keep_rate <= 1);
  for (int i = 0; i < layer; i++)
    {
      int kept = kept_of (config, keep_rate, i, tokens);

      if (kept > 0)
        tokens = 1 + kept + (config->expedition.fuse ? 1 : 0);
    }
  return tokens;
}

int
nn_config_kept (const NnConfig *config, double keep_rate, int layer)
{
  return kept_of (config, keep_rate, layer, nn_config_tokens (config, keep_rate, layer));
}

guint
nn_config_micro_batch (const NnConfig *config, guint batch)
{
  const guint micro = (guint) config->schedule.micro_batch;

  return micro > 0 && micro < batch && batch % micro == 0 ? micro : batch;
}

double
nn_config_lr (const NnConfig *config, gint64 step)
{
  double base = config->optimizer.lr;
  gint64 warmup = config->schedule.warmup_steps;
  gint64 horizon = config->schedule.horizon;

  g_assert (horizon > 0 && step >= 0);
  if (step < warmup)
    return base * (double) (step + 1) / (double) warmup;
  if (step >= horizon)
    return 0;
  return base * (1 + cos (G_PI * (double) (step - warmup) / (double) (horizon - warmup))) / 2;
}

double
nn_config_momentum (const NnConfig *config, gint64 step)
{
  double momentum = config->distill.momentum;
  gint64 horizon = config->schedule.horizon;

  if (config->distill.momentum_schedule == NN_MOMENTUM_CONSTANT)
    return momentum;
  g_assert (horizon > 0 && step >= 0);
  return 1
         - (1 - momentum) * (1 + cos (G_PI * (double) MIN (step, horizon) / (double) horizon)) / 2;
}

double
nn_config_keep_rate (const NnConfig *config, double epoch)
{
  const NnExpeditionConfig *expedition = &config->expedition;
  double kappa = expedition->keep_rate;
  double passed = epoch - expedition->warmup_start;

  if (expedition->method == NN_EXPEDITION_NONE || passed < 0)
    return 1;
  if (passed >= expedition->warmup_span)
    return kappa;
  double rate = kappa + (1 - kappa) * (1 + cos (G_PI * passed / expedition->warmup_span)) / 2;
  /* 1/20 has no exact double: a rate that is a multiple but for rounding stays where it is. */
  return CLAMP (ceil (rate * 20 - 1e-9) / 20, kappa, 1);
}
