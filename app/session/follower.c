#include "app/session/follower.h"

#include "models/run/events.h"
#include "models/run/folder.h"
#include "models/run/lock.h"
#include "models/run/steps.h"

#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LAST_LINE_LOOK 8192

/* How much stood in each list before an event. */
typedef struct
{
  guint rows, evals, alerts;
  gint64 state, profile; /* index of the last such event, -1: none */
  gint64 compile;        /* the same, -1 when what came since shows that it is over */
} Mark;

struct _WbFollower
{
  char *path;
  RunEventReader *reader;
  GArray *marks; /* Mark [events + 1] */
  gint64 config_time;
  gboolean polled;
};

static void
alert_clear (gpointer data)
{
  g_free (((WbAlert *) data)->text);
}

GArray *
wb_alerts_new (void)
{
  GArray *alerts = g_array_new (FALSE, FALSE, sizeof (WbAlert));

  g_array_set_clear_func (alerts, alert_clear);
  return alerts;
}

void
wb_delta_free (WbDelta *delta)
{
  if (delta == NULL)
    return;
  wb_series_free (delta->rows);
  g_array_unref (delta->evals);
  g_array_unref (delta->alerts);
  wb_profile_free (delta->profile);
  g_clear_pointer (&delta->snapshots, g_array_unref);
  g_clear_pointer (&delta->checkpoints, g_array_unref);
  g_free (delta->config);
  g_free (delta->data);
  g_free (delta->reason);
  g_clear_object (&delta->monitor);
  g_clear_error (&delta->error);
  g_free (delta);
}

static WbDelta *
delta_new (void)
{
  WbDelta *delta = g_new0 (WbDelta, 1);

  delta->rows = wb_series_new ();
  delta->evals = g_array_new (FALSE, FALSE, sizeof (WbEval));
  delta->alerts = wb_alerts_new ();
  return delta;
}

WbFollower *
wb_follower_new (const char *path)
{
  WbFollower *follower = g_new0 (WbFollower, 1);
  g_autofree char *events = g_build_filename (path, "events.jsonl", NULL);
  const Mark none = { .state = -1, .profile = -1, .compile = -1 };

  follower->path = g_strdup (path);
  follower->reader = run_event_reader_new (events);
  follower->marks = g_array_new (FALSE, FALSE, sizeof (Mark));
  g_array_append_val (follower->marks, none);
  return follower;
}

void
wb_follower_free (WbFollower *follower)
{
  if (follower == NULL)
    return;
  run_event_reader_free (follower->reader);
  g_array_unref (follower->marks);
  g_free (follower->path);
  g_free (follower);
}

static gint64
time_of (const struct stat *info)
{
  return (gint64) info->st_mtim.tv_sec * G_USEC_PER_SEC + info->st_mtim.tv_nsec / 1000;
}

static gboolean
look_at (const char *folder, const char *name, struct stat *info)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  return stat (path, info) == 0;
}

static void
read_stamp (const char *path, WbStamp *stamp)
{
  struct stat info;

  *stamp = (WbStamp){ 0 };
  if (look_at (path, "events.jsonl", &info))
    {
      stamp->events_size = info.st_size;
      stamp->events_time = time_of (&info);
    }
  if (look_at (path, "config.json", &info))
    stamp->config_time = time_of (&info);
}

gboolean
wb_folder_look (const char *path, WbStamp *stamp, gboolean *alive, gint64 *created)
{
  struct stat info;

  read_stamp (path, stamp);
  if (!look_at (path, "log.txt", &info) && stamp->config_time == 0)
    return FALSE;
  *alive = run_is_alive (path);
  /* The probes are copied at launch and stay, whereas the config may be written again. */
  if (look_at (path, "probes/probes.json", &info))
    *created = time_of (&info);
  else
    *created = stamp->config_time ? stamp->config_time : g_get_real_time ();
  return TRUE;
}

char *
wb_folder_last_line (const char *path, gint64 from)
{
  struct stat info;
  g_autofree char *text = g_malloc (LAST_LINE_LOOK + 1);
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  gssize got = -1;

  if (fd >= 0 && fstat (fd, &info) == 0)
    got = pread (fd, text, LAST_LINE_LOOK, MAX (from, info.st_size - LAST_LINE_LOOK));
  if (fd >= 0)
    close (fd);
  text[MAX (got, 0)] = '\0';
  g_strchomp (text);
  const char *newline = strrchr (text, '\n');
  const char *line = newline ? newline + 1 : text;
  return *line ? g_utf8_make_valid (line, -1) : NULL;
}

/* Numbers of a step event become a row; a name that is too many is left out. */
static void
take_step (WbDelta *delta, const cJSON *event)
{
  const cJSON *member;

  wb_series_add_row (delta->rows);
  cJSON_ArrayForEach (member, event) if (cJSON_IsNumber (member))
      wb_series_set (delta->rows, member->string, member->valuedouble);
}

static const char *
intern (const cJSON *event, const char *name)
{
  static const char *const known[] = { "retrieval", "val", "train", "student", "teacher" };
  const char *text = run_event_text (event, name);

  /* Interned texts live forever: only those that are expected may be. */
  for (guint i = 0; text && i < G_N_ELEMENTS (known); i++)
    if (strcmp (known[i], text) == 0)
      return known[i];
  return "other";
}

static void
take_eval (WbDelta *delta, const cJSON *event)
{
  const WbEval eval = {
    .step = run_event_whole (event, "step"),
    .task = intern (event, "task"),
    .split = intern (event, "split"),
    .encoder = intern (event, "encoder"),
    .keep_rate = run_event_number (event, "keep_rate"),
    .t2i_r1 = run_event_number (event, "t2i_r1"),
    .t2i_r5 = run_event_number (event, "t2i_r5"),
    .t2i_r10 = run_event_number (event, "t2i_r10"),
    .t2i_median = run_event_number (event, "t2i_median_rank"),
    .i2t_r1 = run_event_number (event, "i2t_r1"),
    .i2t_r5 = run_event_number (event, "i2t_r5"),
    .i2t_r10 = run_event_number (event, "i2t_r10"),
    .i2t_median = run_event_number (event, "i2t_median_rank"),
  };

  g_array_append_val (delta->evals, eval);
}

static void
take_alert (WbDelta *delta, const cJSON *event)
{
  const char *text = run_event_text (event, "text");
  const WbAlert alert = { run_event_whole (event, "step"), g_strdup (text ? text : "") };

  g_array_append_val (delta->alerts, alert);
}

/* Which of the numbered files are to be listed again. */
typedef struct
{
  gboolean snapshots, checkpoints;
} Relist;

/* Kernels are compiled at the beginning and when the plan of a step changes. A resume begins anew. */
static gboolean
is_beyond_compiling (const char *type)
{
  return strcmp (type, "step") == 0 || strcmp (type, "state") == 0 || strcmp (type, "resume") == 0;
}

static void
take_event (WbFollower *follower, WbDelta *delta, guint index, Relist *relist)
{
  const cJSON *event = run_event_reader_get (follower->reader, index);
  const char *type = run_event_text (event, "type");
  Mark mark = g_array_index (follower->marks, Mark, index);

  if (is_beyond_compiling (type))
    mark.compile = -1;
  if (strcmp (type, "step") == 0 && run_event_whole (event, "step") >= 0)
    {
      take_step (delta, event);
      mark.rows++;
    }
  else if (strcmp (type, "eval") == 0)
    {
      take_eval (delta, event);
      mark.evals++;
    }
  else if (strcmp (type, "alert") == 0)
    {
      take_alert (delta, event);
      mark.alerts++;
    }
  else if (strcmp (type, "state") == 0)
    mark.state = index;
  else if (strcmp (type, "profile") == 0)
    mark.profile = index;
  else if (strcmp (type, "compile") == 0)
    mark.compile = index;
  else if (strcmp (type, "snapshot") == 0)
    relist->snapshots = TRUE;
  else if (strcmp (type, "checkpoint") == 0)
    relist->checkpoints = TRUE;
  g_array_append_val (follower->marks, mark);
}

/* The newest alone is told, and only when it is another than before. */
static void
take_profile (WbFollower *follower, WbDelta *delta, gint64 before, guint changed)
{
  const gint64 now = g_array_index (follower->marks, Mark, follower->marks->len - 1).profile;

  if (now == before && now < (gint64) changed)
    return;
  delta->new_profile = TRUE;
  if (now >= 0)
    delta->profile = wb_profile_new (run_event_reader_get (follower->reader, (guint) now));
}

static void
read_events (WbFollower *follower, WbDelta *delta, Relist *relist)
{
  guint before = follower->marks->len - 1;
  guint changed = before;
  const gint64 profile = g_array_index (follower->marks, Mark, before).profile;

  /* What was read before a failure counts: `changed` tells in any case. */
  run_event_reader_poll (follower->reader, &changed, delta->error ? NULL : &delta->error);
  const Mark *kept = &g_array_index (follower->marks, Mark, changed);
  delta->keep_rows = kept->rows;
  delta->keep_evals = kept->evals;
  delta->keep_alerts = kept->alerts;
  if (changed < before)
    relist->snapshots = relist->checkpoints = TRUE;
  g_array_set_size (follower->marks, changed + 1);
  for (guint i = changed; i < run_event_reader_count (follower->reader); i++)
    take_event (follower, delta, i, relist);
  take_profile (follower, delta, profile, changed);
}

static RunState
parse_state (const char *said)
{
  for (int i = RUN_STATE_RUNNING; i <= RUN_STATE_FAILED; i++)
    if (g_strcmp0 (said, run_state_name ((RunState) i)) == 0)
      return (RunState) i;
  return RUN_STATE_RUNNING;
}

/* As run_state() tells it from lock and last state event, and from the lock on the log that a
 * launched process holds from its beginning. */
static WbRunState
tell_state (gboolean alive, gboolean logging, RunState said)
{
  static const WbRunState ended[] = {
    [RUN_STATE_RUNNING] = WB_RUN_KILLED,  [RUN_STATE_PAUSED] = WB_RUN_KILLED,
    [RUN_STATE_STOPPED] = WB_RUN_STOPPED, [RUN_STATE_FINISHED] = WB_RUN_FINISHED,
    [RUN_STATE_FAILED] = WB_RUN_FAILED,
  };

  if (alive)
    return said == RUN_STATE_PAUSED ? WB_RUN_PAUSED : WB_RUN_RUNNING;
  if (logging && ended[said] == WB_RUN_KILLED)
    return WB_RUN_STARTING;
  return ended[said];
}

static void
find_state (WbFollower *follower, WbDelta *delta, gboolean alive, gboolean logging)
{
  const Mark *last = &g_array_index (follower->marks, Mark, follower->marks->len - 1);
  const cJSON *event =
      last->state >= 0 ? run_event_reader_get (follower->reader, (guint) last->state) : NULL;

  delta->state = tell_state (alive, logging, parse_state (run_event_text (event, "state")));
  if (delta->state == WB_RUN_FAILED)
    delta->reason = g_strdup (run_event_text (event, "reason"));
  if (delta->stamp.config_time == 0 && !alive && !logging)
    delta->state = WB_RUN_FAILED;
  else if (delta->state != WB_RUN_STARTING)
    return;
  /* Before there are events, the log alone says how it goes. */
  g_autofree char *log = g_build_filename (follower->path, "log.txt", NULL);
  g_free (delta->reason);
  delta->reason = wb_folder_last_line (log, 0);
}

/* What a trainer wrote that is gone or at rest does not count. */
static void
find_compiling (WbFollower *follower, WbDelta *delta)
{
  const gint64 last = g_array_index (follower->marks, Mark, follower->marks->len - 1).compile;

  if (last < 0 || delta->state != WB_RUN_RUNNING)
    return;
  const cJSON *event = run_event_reader_get (follower->reader, (guint) last);
  const gint64 done = run_event_whole (event, "done"), total = run_event_whole (event, "total");
  if (done < 0 || done >= total || total > G_MAXUINT)
    return;
  delta->compiled = (guint) done;
  delta->to_compile = (guint) total;
}

static char *
dup_data_name (const NnConfig *config)
{
  g_autofree char *file = g_build_filename (config->data.path, "dataset.json", NULL);
  g_autofree char *text = NULL;
  g_autofree char *base = g_path_get_basename (config->data.path);

  if (*config->data.path == '\0' || !g_file_get_contents (file, &text, NULL, NULL))
    return *config->data.path ? g_steal_pointer (&base) : NULL;
  cJSON *json = cJSON_Parse (text);
  const char *name = run_event_text (json, "name");
  char *result = g_strdup (name && *name ? name : base);
  cJSON_Delete (json);
  return result;
}

static void
read_config (WbFollower *follower, WbDelta *delta)
{
  g_autofree NnConfig *config = g_new (NnConfig, 1);

  if (delta->stamp.config_time == 0 || delta->stamp.config_time == follower->config_time)
    return;
  if (!run_load_config (follower->path, config, delta->error ? NULL : &delta->error))
    return;
  follower->config_time = delta->stamp.config_time;
  delta->data = dup_data_name (config);
  delta->config = g_steal_pointer (&config);
}

static GFileMonitor *
watch_events (const WbFollower *follower)
{
  g_autofree char *path = g_build_filename (follower->path, "events.jsonl", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);

  return g_file_monitor_file (file, G_FILE_MONITOR_NONE, NULL, NULL);
}

WbDelta *
wb_follower_poll (WbFollower *follower)
{
  WbDelta *delta = delta_new ();
  g_autofree char *log = g_build_filename (follower->path, "log.txt", NULL);
  /* The locks first: a trainer that ends in between has written its last state by then. */
  const gboolean alive = run_is_alive (follower->path);
  const gboolean logging = run_lock_is_held (log);
  Relist relist = { !follower->polled, !follower->polled };

  delta->gone = !g_file_test (follower->path, G_FILE_TEST_IS_DIR);
  if (!follower->polled && !delta->gone)
    delta->monitor = watch_events (follower);
  read_stamp (follower->path, &delta->stamp);
  read_config (follower, delta);
  read_events (follower, delta, &relist);
  find_state (follower, delta, alive, logging);
  find_compiling (follower, delta);
  if (relist.snapshots)
    delta->snapshots = run_steps (follower->path, RUN_SNAPSHOTS);
  if (relist.checkpoints)
    delta->checkpoints = run_steps (follower->path, RUN_CHECKPOINTS);
  follower->polled = TRUE;
  return delta;
}
