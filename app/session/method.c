#include "app/session/method.h"

#include <string.h>

static const char *const names[WB_N_METHODS] = { "clip", "evit", "eclipse", "distill" };

const char *
wb_method_name (WbMethod method)
{
  return names[method];
}

gboolean
wb_method_parse (WbMethod *method, const char *name)
{
  for (guint i = 0; i < WB_N_METHODS; i++)
    if (strcmp (names[i], name) == 0)
      {
        *method = (WbMethod) i;
        return TRUE;
      }
  return FALSE;
}

WbMethod
wb_method_of (const NnConfig *config)
{
  const gboolean taught = config->distill.teacher != NN_TEACHER_NONE;

  if (config->expedition.method == NN_EXPEDITION_NONE)
    return taught ? WB_METHOD_DISTILL : WB_METHOD_CLIP;
  return taught ? WB_METHOD_ECLIPSE : WB_METHOD_EVIT;
}

void
wb_method_apply (WbMethod method, NnConfig *config)
{
  const gboolean drops = method == WB_METHOD_EVIT || method == WB_METHOD_ECLIPSE;
  const gboolean taught = method == WB_METHOD_DISTILL || method == WB_METHOD_ECLIPSE;

  config->expedition.method = drops ? NN_EXPEDITION_EVIT : NN_EXPEDITION_NONE;
  config->distill.teacher = taught ? NN_TEACHER_MOMENTUM : NN_TEACHER_NONE;
}

double
wb_method_keep_rate (const NnConfig *config)
{
  return config->expedition.method == NN_EXPEDITION_NONE ? 1 : config->expedition.keep_rate;
}

char *
wb_method_label (const NnConfig *config)
{
  const char *name = wb_method_name (wb_method_of (config));

  if (config->expedition.method == NN_EXPEDITION_NONE)
    return g_strdup (name);
  return g_strdup_printf ("%s k%.3g", name, config->expedition.keep_rate);
}
