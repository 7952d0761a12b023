/* The methods a run can follow, as people name them, and what they mean in a config. */
#pragma once

#include "models/nn/config.h"

G_BEGIN_DECLS

typedef enum
{
  WB_METHOD_CLIP,    /* all tokens, no teacher */
  WB_METHOD_EVIT,    /* tokens dropped, no teacher */
  WB_METHOD_ECLIPSE, /* tokens dropped, a momentum teacher that sees all */
  WB_METHOD_DISTILL, /* all tokens, a momentum teacher */
  WB_N_METHODS,
} WbMethod;

/* "clip", "evit", "eclipse", "distill". */
const char *wb_method_name (WbMethod method);

/* FALSE when there is none of that name. */
gboolean wb_method_parse (WbMethod *method, const char *name);

WbMethod wb_method_of (const NnConfig *config);
void wb_method_apply (WbMethod method, NnConfig *config);

/* The student's keep rate: 1 where no tokens are dropped. */
double wb_method_keep_rate (const NnConfig *config);

/* "eclipse k0.7", "clip" (g_free). */
char *wb_method_label (const NnConfig *config);

G_END_DECLS
