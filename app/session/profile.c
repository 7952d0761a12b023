#include "app/session/profile.h"

#include "models/run/events.h"

#include <math.h>

static void
kernel_clear (gpointer data)
{
  g_free (((WbKernel *) data)->name);
}

WbProfile *
wb_profile_new (const cJSON *event)
{
  g_autoptr (WbProfile) profile = g_new0 (WbProfile, 1);
  const cJSON *item;

  profile->step = run_event_whole (event, "step");
  profile->kernels = g_array_new (FALSE, FALSE, sizeof (WbKernel));
  g_array_set_clear_func (profile->kernels, kernel_clear);
  cJSON_ArrayForEach (item, cJSON_GetObjectItemCaseSensitive (event, "kernels"))
  {
    const char *name = run_event_text (item, "kernel");
    const WbKernel kernel = { .name = g_strdup (name),
                              .calls = run_event_number (item, "calls"),
                              .ms = run_event_number (item, "ms"),
                              .share = run_event_number (item, "share"),
                              .gflops = run_event_number (item, "gflops"),
                              .gb_per_s = run_event_number (item, "gb_per_s") };
    if (name)
      g_array_append_val (profile->kernels, kernel);
  }
  return profile->kernels->len > 0 ? g_steal_pointer (&profile) : NULL;
}

void
wb_profile_free (WbProfile *profile)
{
  if (profile == NULL)
    return;
  g_array_unref (profile->kernels);
  g_free (profile);
}

double
wb_profile_get_total (const WbProfile *profile)
{
  double ms = 0;

  for (guint i = 0; i < profile->kernels->len; i++)
    {
      const double own = g_array_index (profile->kernels, WbKernel, i).ms;
      ms += isfinite (own) ? own : 0;
    }
  return ms;
}
