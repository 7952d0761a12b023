/* Putting events together and appending them. */
#include "models/run/events.h"

#include "models/run/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <unistd.h>

struct RunEvent
{
  GString *text; /* an object without its end */
};

struct RunEvents
{
  char *path;
  int fd;
  gint64 size;
};

static void
append_quoted (GString *text, const char *value)
{
  g_autofree char *valid = g_utf8_make_valid (value, -1);
  cJSON *item = cJSON_CreateString (valid);
  char *quoted = cJSON_PrintUnformatted (item);

  g_string_append (text, quoted);
  cJSON_free (quoted);
  cJSON_Delete (item);
}

static GString *
add_name (RunEvent *event, const char *name)
{
  if (event->text->len > 1)
    g_string_append_c (event->text, ',');
  append_quoted (event->text, name);
  g_string_append_c (event->text, ':');
  return event->text;
}

RunEvent *
run_event_item_new (void)
{
  RunEvent *event = g_new0 (RunEvent, 1);

  event->text = g_string_new ("{");
  return event;
}

RunEvent *
run_event_new (const char *type)
{
  RunEvent *event = run_event_item_new ();

  run_event_add_text (event, "type", type);
  return event;
}

void
run_event_free (RunEvent *event)
{
  if (event == NULL)
    return;
  g_string_free (event->text, TRUE);
  g_free (event);
}

void
run_event_add_whole (RunEvent *event, const char *name, gint64 value)
{
  g_string_append_printf (add_name (event, name), "%" G_GINT64_FORMAT, value);
}

void
run_event_add_number (RunEvent *event, const char *name, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append (add_name (event, name),
                   isfinite (value) ? g_ascii_formatd (text, sizeof text, "%.9g", value) : "null");
}

void
run_event_add_text (RunEvent *event, const char *name, const char *value)
{
  if (value)
    append_quoted (add_name (event, name), value);
}

void
run_event_add_items (RunEvent *event, const char *name, const GPtrArray *items)
{
  GString *text = add_name (event, name);

  g_string_append_c (text, '[');
  for (guint i = 0; i < items->len; i++)
    g_string_append_printf (text, "%s%s}", i > 0 ? "," : "",
                            ((RunEvent *) items->pdata[i])->text->str);
  g_string_append_c (text, ']');
}

RunEvents *
run_events_open (const char *path, GError **error)
{
  g_autoptr (RunEvents) events = g_new0 (RunEvents, 1);

  events->path = g_strdup (path);
  events->fd = open (path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (events->fd < 0)
    {
      run_fail (error, "open", path, errno);
      return NULL;
    }
  if (!run_lines_cut (events->fd, path, &events->size, error))
    return NULL;
  return g_steal_pointer (&events);
}

void
run_events_free (RunEvents *events)
{
  if (events == NULL)
    return;
  if (events->fd >= 0)
    close (events->fd);
  g_free (events->path);
  g_free (events);
}

gboolean
run_events_append (RunEvents *events, RunEvent *event, GError **error)
{
  g_string_append (event->text, "}\n");
  gboolean ok = run_lines_append (events->fd, events->path, &events->size, event->text->str,
                                  event->text->len, error);
  run_event_free (event);
  return ok;
}

gboolean
run_events_sync (RunEvents *events, GError **error)
{
  if (fsync (events->fd) < 0)
    return run_fail (error, "write", events->path, errno);
  return TRUE;
}

const char *
run_event_text (const cJSON *event, const char *name)
{
  return cJSON_GetStringValue (cJSON_GetObjectItemCaseSensitive (event, name));
}

double
run_event_number (const cJSON *event, const char *name)
{
  const cJSON *item = cJSON_GetObjectItemCaseSensitive (event, name);

  return cJSON_IsNumber (item) ? item->valuedouble : NAN;
}

gint64
run_event_whole (const cJSON *event, const char *name)
{
  double value = run_event_number (event, name);

  return value >= 0 && value <= 9007199254740992.0 ? (gint64) value : -1;
}
