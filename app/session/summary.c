#include "app/session/summary.h"

#include <math.h>

G_DEFINE_ENUM_TYPE (WbRunState, wb_run_state, G_DEFINE_ENUM_VALUE (WB_RUN_STARTING, "starting"),
                    G_DEFINE_ENUM_VALUE (WB_RUN_RUNNING, "running"),
                    G_DEFINE_ENUM_VALUE (WB_RUN_PAUSED, "paused"),
                    G_DEFINE_ENUM_VALUE (WB_RUN_STOPPED, "stopped"),
                    G_DEFINE_ENUM_VALUE (WB_RUN_FINISHED, "finished"),
                    G_DEFINE_ENUM_VALUE (WB_RUN_FAILED, "failed"),
                    G_DEFINE_ENUM_VALUE (WB_RUN_KILLED, "killed"))

const char *
wb_run_state_name (WbRunState state)
{
  static const char *const names[] = { "starting", "running", "paused", "stopped",
                                       "finished", "failed",  "killed" };

  return names[state];
}

gboolean
wb_run_state_is_live (WbRunState state)
{
  return state <= WB_RUN_PAUSED;
}

gboolean
wb_stamp_equal (const WbStamp *a, const WbStamp *b)
{
  return a->events_size == b->events_size && a->events_time == b->events_time
         && a->config_time == b->config_time;
}

WbSummary *
wb_summary_new (const char *id)
{
  WbSummary *summary = g_new0 (WbSummary, 1);

  summary->id = g_strdup (id);
  summary->name = g_strdup (id);
  summary->recall = summary->keep_rate = NAN;
  summary->colour = WB_NO_COLOUR;
  return summary;
}

WbSummary *
wb_summary_copy (const WbSummary *summary)
{
  WbSummary *copy = g_new (WbSummary, 1);

  *copy = *summary;
  copy->id = g_strdup (summary->id);
  copy->name = g_strdup (summary->name);
  copy->method = g_strdup (summary->method);
  copy->data = g_strdup (summary->data);
  copy->reason = g_strdup (summary->reason);
  return copy;
}

void
wb_summary_free (WbSummary *summary)
{
  if (summary == NULL)
    return;
  g_free (summary->id);
  g_free (summary->name);
  g_free (summary->method);
  g_free (summary->data);
  g_free (summary->reason);
  g_free (summary);
}
