/* What a run is doing, told from its lock and the last state event. */
#define _GNU_SOURCE /* memrchr */
#include "models/run/events.h"
#include "models/run/folder.h"
#include "models/run/lines.h"
#include "models/run/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_LOOK (64 * 1024)
#define MAX_LOOK ((gint64) 256 * 1024 * 1024)

static const char *const names[] = {
  [RUN_STATE_RUNNING] = "running",   [RUN_STATE_PAUSED] = "paused", [RUN_STATE_STOPPED] = "stopped",
  [RUN_STATE_FINISHED] = "finished", [RUN_STATE_FAILED] = "failed", [RUN_STATE_KILLED] = "killed",
};

const char *
run_state_name (RunState state)
{
  return names[state];
}

gboolean
run_is_alive (const char *path)
{
  g_autofree char *lock = g_build_filename (path, "lock", NULL);

  return run_lock_is_held (lock);
}

/* The last state event among the whole lines of text (cJSON_Delete), or NULL. */
static cJSON *
last_state (char *text, gsize length)
{
  char *end = memrchr (text, '\n', length);

  while (end)
    {
      char *line = memrchr (text, '\n', (gsize) (end - text));
      char *start = line ? line + 1 : text;
      cJSON *event = NULL;

      *end = '\0';
      if (strstr (start, "\"state\""))
        event = cJSON_Parse (start);
      if (event && g_strcmp0 (run_event_text (event, "type"), "state") == 0)
        return event;
      cJSON_Delete (event);
      end = line;
    }
  return NULL;
}

/* Looks at ever more of the end of the file: the event sought is mostly near it. */
static cJSON *
find_last_state (int fd)
{
  struct stat info;

  if (fstat (fd, &info) < 0)
    return NULL;
  for (gint64 look = FIRST_LOOK;; look *= 8)
    {
      gint64 start = MAX (0, info.st_size - look);
      g_autofree char *text = g_try_malloc ((gsize) (info.st_size - start) + 1);
      gssize got = text ? pread (fd, text, (gsize) (info.st_size - start), start) : -1;
      cJSON *event = got > 0 ? last_state (text, (gsize) got) : NULL;

      if (event || got <= 0 || start == 0 || look > MAX_LOOK)
        return event;
    }
}

gboolean
run_state (const char *path, RunState *state, char **reason, GError **error)
{
  g_autofree char *config = g_build_filename (path, "config.json", NULL);
  g_autofree char *events = g_build_filename (path, "events.jsonl", NULL);
  /* The lock first: a trainer that ends in between has written its last state by then. */
  gboolean alive = run_is_alive (path);

  if (!g_file_test (config, G_FILE_TEST_EXISTS))
    {
      g_set_error (error, RUN_ERROR, RUN_ERROR_NOT_A_RUN,
                   "%s is not a run: name a folder that holds config.json", path);
      return FALSE;
    }
  int fd = open (events, O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno != ENOENT)
    return run_fail (error, "read", events, errno);
  cJSON *last = fd >= 0 ? find_last_state (fd) : NULL;
  if (fd >= 0)
    close (fd);

  const char *said = last ? run_event_text (last, "state") : NULL;
  *state = alive ? RUN_STATE_RUNNING : RUN_STATE_KILLED;
  for (int i = RUN_STATE_PAUSED; i <= RUN_STATE_FAILED; i++)
    if (g_strcmp0 (said, names[i]) == 0 && alive == (i == RUN_STATE_PAUSED))
      *state = (RunState) i;
  if (reason)
    *reason = last ? g_strdup (run_event_text (last, "reason")) : NULL;
  cJSON_Delete (last);
  return TRUE;
}
