/* control.jsonl: what those who watch a run ask of its trainer, one
 * {"id":n,"command":"pause|resume|checkpoint|stop|set","path":..,"value":..} a line. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  RUN_COMMAND_PAUSE,
  RUN_COMMAND_RESUME,
  RUN_COMMAND_CHECKPOINT,
  RUN_COMMAND_STOP,
  RUN_COMMAND_SET,
  RUN_COMMAND_WRONG, /* a line that is no command */
} RunCommandKind;

typedef struct
{
  gint64 id; /* from 1; -1 when the line has none */
  RunCommandKind kind;
  char *assignment; /* of set: "path=value", for nn_config_set */
  char *problem;    /* of wrong: what is wrong with it */
} RunCommand;

/* "pause" and so on; "wrong". */
const char *run_command_name (RunCommandKind kind);
void run_command_clear (RunCommand *command);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RunCommand, run_command_clear)

/* Appends a command to a run's control.jsonl; `id` (or NULL) gets its number. `assignment` is
 * "path=value" for set, else NULL. Several processes may do so at once. */
gboolean run_control_send (const char *run, RunCommandKind kind, const char *assignment, gint64 *id,
                           GError **error);

/* The trainer's side. What was sent before it opened the file was meant for an earlier trainer and
 * is not obeyed, whether that trainer came to it or not. */
typedef struct RunControl RunControl;

RunControl *run_control_open (const char *run, GError **error);
void run_control_free (RunControl *control);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RunControl, run_control_free)

/* Takes the next command; FALSE when there is none (yet). Cheap: to be called at each step. A
 * trainer answers each with the event {"type":"control","id":n,"command":..}: the record of the
 * last id obeyed. */
gboolean run_control_next (RunControl *control, RunCommand *command);

G_END_DECLS
