/* Where the time of a step went, as a run's "profile" event tells it. Plain data, any thread. */
#pragma once

#include <cjson/cJSON.h>
#include <glib.h>

G_BEGIN_DECLS

/* What an event does not say is NAN. */
typedef struct
{
  char *name;
  double calls, ms, share, gflops, gb_per_s;
} WbKernel;

typedef struct
{
  gint64 step;
  GArray *kernels; /* WbKernel, as they stand in the event: longest first */
} WbProfile;

/* NULL: it tells of no kernel. */
WbProfile *wb_profile_new (const cJSON *event);
void wb_profile_free (WbProfile *profile);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WbProfile, wb_profile_free)

/* Milliseconds of all kernels. */
double wb_profile_get_total (const WbProfile *profile);

G_END_DECLS
