#include "models/run/control.h"

#include "models/run/events.h"
#include "models/run/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_LINE 65536

static const char *const names[] = {
  [RUN_COMMAND_PAUSE] = "pause",
  [RUN_COMMAND_RESUME] = "resume",
  [RUN_COMMAND_CHECKPOINT] = "checkpoint",
  [RUN_COMMAND_STOP] = "stop",
  [RUN_COMMAND_SET] = "set",
  [RUN_COMMAND_WRONG] = "wrong",
};

struct RunControl
{
  char *path;
  gint64 read; /* bytes of whole lines taken */
};

const char *
run_command_name (RunCommandKind kind)
{
  return names[kind];
}

void
run_command_clear (RunCommand *command)
{
  g_clear_pointer (&command->assignment, g_free);
  g_clear_pointer (&command->problem, g_free);
}

static char *
control_path (const char *run)
{
  return g_build_filename (run, "control.jsonl", NULL);
}

/* The id of the last line that has one, of a file of `size` bytes of whole lines. */
static gint64
last_id (int fd, gint64 size)
{
  gint64 start = MAX (0, size - 2 * MAX_LINE);
  g_autofree char *text = g_malloc0 ((gsize) (size - start) + 1);
  gint64 id = 0;

  if (pread (fd, text, (gsize) (size - start), start) < 0)
    return 0;
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line; line++)
    {
      cJSON *command = cJSON_Parse (*line);
      id = MAX (id, run_event_whole (command, "id"));
      cJSON_Delete (command);
    }
  return id;
}

/* The members of a set command: a value that is JSON stays so, anything else is a text. */
static void
add_assignment (cJSON *command, const char *assignment)
{
  const char *equals = strchr (assignment, '=');
  g_autofree char *path = g_strndup (assignment, (gsize) (equals - assignment));
  cJSON *value = cJSON_ParseWithOpts (equals + 1, NULL, TRUE);

  cJSON_AddStringToObject (command, "path", path);
  cJSON_AddItemToObject (command, "value",
                         value ? cJSON_CreateRaw (equals + 1) : cJSON_CreateString (equals + 1));
  cJSON_Delete (value);
}

static char *
format_command (gint64 id, RunCommandKind kind, const char *assignment)
{
  cJSON *command = cJSON_CreateObject ();

  cJSON_AddNumberToObject (command, "id", (double) id);
  cJSON_AddStringToObject (command, "command", names[kind]);
  if (assignment)
    add_assignment (command, assignment);
  char *text = cJSON_PrintUnformatted (command);
  char *line = g_strconcat (text, "\n", NULL);
  /* A raw value may be spread over lines, and the newlines of texts are escaped. */
  g_strdelimit (line, "\r\n", ' ');
  line[strlen (line) - 1] = '\n';
  cJSON_free (text);
  cJSON_Delete (command);
  return line;
}

gboolean
run_control_send (const char *run, RunCommandKind kind, const char *assignment, gint64 *id,
                  GError **error)
{
  g_autofree char *path = control_path (run);
  gint64 size;
  int fd = open (path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);

  g_assert (kind < RUN_COMMAND_WRONG && (kind == RUN_COMMAND_SET) == (assignment != NULL));
  g_assert (assignment == NULL || strchr (assignment, '='));
  if (fd < 0)
    return run_fail (error, "open", path, errno);
  /* Senders take turns; the trainer, who only reads, does not wait for them. */
  while (flock (fd, LOCK_EX) < 0 && errno == EINTR)
    continue;
  gboolean ok = run_lines_cut (fd, path, &size, error);
  if (ok)
    {
      gint64 next = last_id (fd, size) + 1;
      g_autofree char *line = format_command (next, kind, assignment);

      ok = run_lines_append (fd, path, &size, line, strlen (line), error);
      if (ok && id)
        *id = next;
    }
  close (fd);
  return ok;
}

RunControl *
run_control_open (const char *run, GError **error)
{
  g_autoptr (RunControl) control = g_new0 (RunControl, 1);

  control->path = control_path (run);
  int fd = open (control->path, O_RDONLY | O_CLOEXEC);
  gboolean ok = fd < 0 ? errno == ENOENT : run_lines_end (fd, &control->read);
  if (!ok)
    run_fail (error, "read", control->path, errno);
  if (fd >= 0)
    close (fd);
  return ok ? g_steal_pointer (&control) : NULL;
}

void
run_control_free (RunControl *control)
{
  if (control == NULL)
    return;
  g_free (control->path);
  g_free (control);
}

static char *
format_assignment (const cJSON *command)
{
  const char *path = run_event_text (command, "path");
  const cJSON *value = cJSON_GetObjectItemCaseSensitive (command, "value");
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  if (path == NULL || value == NULL)
    return NULL;
  if (cJSON_IsString (value))
    return g_strconcat (path, "=", value->valuestring, NULL);
  if (cJSON_IsNumber (value))
    return g_strconcat (path, "=", g_ascii_dtostr (number, sizeof number, value->valuedouble),
                        NULL);
  char *json = cJSON_PrintUnformatted (value);
  char *assignment = g_strconcat (path, "=", json, NULL);
  cJSON_free (json);
  return assignment;
}

static void
parse_command (const char *text, gsize length, RunCommand *command)
{
  cJSON *json = cJSON_ParseWithLength (text, length);
  const char *name = run_event_text (json, "command");

  *command = (RunCommand){ .kind = RUN_COMMAND_WRONG, .id = run_event_whole (json, "id") };
  for (int i = 0; name && i < RUN_COMMAND_WRONG; i++)
    if (strcmp (names[i], name) == 0)
      command->kind = (RunCommandKind) i;
  if (command->kind == RUN_COMMAND_WRONG)
    command->problem =
        g_strdup_printf ("control.jsonl has a line whose command is %s: must be pause, resume, "
                         "checkpoint, stop or set",
                         name ? name : "missing");
  if (command->kind == RUN_COMMAND_SET && !(command->assignment = format_assignment (json)))
    {
      command->kind = RUN_COMMAND_WRONG;
      command->problem = g_strdup ("control.jsonl has a set command without path or value");
    }
  cJSON_Delete (json);
}

gboolean
run_control_next (RunControl *control, RunCommand *command)
{
  struct stat info;
  gboolean found = FALSE;

  *command = (RunCommand){ 0 };
  if (stat (control->path, &info) < 0 || info.st_size == control->read)
    return FALSE;
  /* Another file has taken its place: senders cut no whole line. */
  if (info.st_size < control->read)
    control->read = 0;
  int fd = open (control->path, O_RDONLY | O_CLOEXEC);
  g_autofree char *text = g_malloc (MAX_LINE);
  gssize got = fd >= 0 ? pread (fd, text, MAX_LINE, control->read) : -1;
  const char *newline = got > 0 ? memchr (text, '\n', (gsize) got) : NULL;

  if (newline || got == MAX_LINE)
    {
      gsize length = newline ? (gsize) (newline - text) : MAX_LINE;

      parse_command (text, length, command);
      control->read += (gint64) length + (newline ? 1 : 0);
      found = TRUE;
    }
  if (fd >= 0)
    close (fd);
  return found;
}
