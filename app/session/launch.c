#include "app/session/launch.h"

#include "app/session/work.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NICENESS 10
#define CONFIG_FILE "/dev/stdin"

struct _WbLaunch
{
  GObject parent_instance;

  WbLaunchState state;
  WbRuns *runs; /* of a new run, until it is there */
  WbRun *run;
  GError *error;
};

static guint changed_signal;

G_DEFINE_FINAL_TYPE (WbLaunch, wb_launch, G_TYPE_OBJECT)
G_DEFINE_QUARK (wb_launch_error, wb_launch_error)

/* What a worker is given and what it brings back. */
typedef struct
{
  char *cli, *root, *path;
  char *config; /* JSON of a new run; NULL: resume */
  gint64 steps;
  gboolean made; /* the folder is ours */
  gint64 log_start;
  GSubprocess *child;
} Start;

static void
start_free (Start *start)
{
  g_free (start->cli);
  g_free (start->root);
  g_free (start->path);
  g_free (start->config);
  g_clear_object (&start->child);
  g_free (start);
}

static void
wb_launch_finalize (GObject *object)
{
  WbLaunch *self = WB_LAUNCH (object);

  g_clear_object (&self->runs);
  g_clear_object (&self->run);
  g_clear_error (&self->error);
  G_OBJECT_CLASS (wb_launch_parent_class)->finalize (object);
}

static void
wb_launch_class_init (WbLaunchClass *class)
{
  G_OBJECT_CLASS (class)->finalize = wb_launch_finalize;
  changed_signal = g_signal_new ("changed", WB_TYPE_LAUNCH, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 0);
}

static void
wb_launch_init (WbLaunch *self)
{
  (void) self;
}

char *
wb_launch_find_cli (void)
{
  static const char *const places[] = { "penumbra-cli", "../models/penumbra-cli" };
  const char *given = g_getenv ("PENUMBRA_CLI");
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = self ? g_path_get_dirname (self) : NULL;

  if (given && *given)
    return g_strdup (given);
  for (guint i = 0; folder && i < G_N_ELEMENTS (places); i++)
    {
      g_autofree char *path = g_build_filename (folder, places[i], NULL);
      if (g_file_test (path, G_FILE_TEST_IS_EXECUTABLE))
        return g_canonicalize_filename (path, NULL);
    }
  return g_find_program_in_path ("penumbra-cli");
}

/* On the worker. */

static gboolean
fail (GError **error, const char *doing, const char *path, int failure)
{
  g_set_error (error, WB_LAUNCH_ERROR, WB_LAUNCH_ERROR_START, "cannot %s %s: %s", doing, path,
               g_strerror (failure));
  return FALSE;
}

/* A folder named by the time; a number tells runs of one second apart. */
static gboolean
make_folder (Start *start, GError **error)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *name = g_date_time_format (now, "%Y%m%d-%H%M%S");

  if (g_mkdir_with_parents (start->root, 0777) < 0)
    return fail (error, "make the folder", start->root, errno);
  for (int i = 1;; i++)
    {
      g_autofree char *unique = i == 1 ? g_strdup (name) : g_strdup_printf ("%s-%d", name, i);
      g_autofree char *path = g_build_filename (start->root, unique, NULL);

      if (g_mkdir (path, 0777) == 0)
        {
          start->path = g_steal_pointer (&path);
          start->made = TRUE;
          return TRUE;
        }
      if (errno != EEXIST)
        return fail (error, "make the folder", path, errno);
    }
}

/* The lock is the open file's, so the child that inherits it holds it. -1 on failure. */
static int
open_log (Start *start, GError **error)
{
  g_autofree char *path = g_build_filename (start->path, "log.txt", NULL);
  struct stat info;
  int fd = open (path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);

  if (fd < 0 || fstat (fd, &info) < 0)
    fail (error, "write", path, errno);
  else if (flock (fd, LOCK_EX | LOCK_NB) == 0)
    {
      start->log_start = info.st_size;
      return fd;
    }
  else
    g_set_error (error, WB_LAUNCH_ERROR, WB_LAUNCH_ERROR_START,
                 "%s is being trained already: stop it first", start->path);
  if (fd >= 0)
    close (fd);
  return -1;
}

/* The config goes through a pipe, which holds all of it: nothing is left lying about. */
static int
open_config (const Start *start, GError **error)
{
  const gsize length = strlen (start->config);
  int ends[2];

  if (!g_unix_open_pipe (ends, FD_CLOEXEC, error))
    return -1;
  g_unix_set_fd_nonblocking (ends[1], TRUE, NULL);
  const gboolean written = write (ends[1], start->config, length) == (gssize) length;
  close (ends[1]);
  if (written)
    return ends[0];
  fail (error, "pass the config to", start->cli, errno);
  close (ends[0]);
  return -1;
}

/* After fork, before exec: what may be called there only. A session of its own lets the child
 * outlive this one's terminal and window. */
static void
set_up_child (gpointer data)
{
  (void) data;
  setsid ();
  if (nice (NICENESS) < 0)
    return;
}

static GSubprocess *
spawn (const Start *start, int log, int config, GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  g_autofree char *steps = g_strdup_printf ("%" G_GINT64_FORMAT, start->steps);
  const char *const train[] = { start->cli, "train", CONFIG_FILE, "--run", start->path, NULL };
  const char *const resume[] = { start->cli,  "resume",
                                 start->path, start->steps > 0 ? "--steps" : NULL,
                                 steps,       NULL };

  g_subprocess_launcher_set_child_setup (launcher, set_up_child, NULL, NULL);
  if (config >= 0)
    g_subprocess_launcher_take_stdin_fd (launcher, config);
  g_subprocess_launcher_take_stdout_fd (launcher, log);
  g_subprocess_launcher_take_stderr_fd (launcher, fcntl (log, F_DUPFD_CLOEXEC, 3));
  return g_subprocess_launcher_spawnv (launcher, start->config ? train : resume, error);
}

static void
remove_folder (const Start *start)
{
  g_autofree char *config = g_build_filename (start->path, "config.json", NULL);
  g_autofree char *log = g_build_filename (start->path, "log.txt", NULL);

  if (!start->made || g_file_test (config, G_FILE_TEST_EXISTS))
    return;
  g_unlink (log);
  g_rmdir (start->path);
}

static gboolean
start_child (Start *start, GError **error)
{
  int config = -1;

  if (!start->cli)
    {
      g_set_error (error, WB_LAUNCH_ERROR, WB_LAUNCH_ERROR_START,
                   "there is no penumbra-cli beside this program or in the PATH: install it, or "
                   "name it in PENUMBRA_CLI");
      return FALSE;
    }
  if (!start->path && !make_folder (start, error))
    return FALSE;
  int log = open_log (start, error);
  if (log < 0)
    return FALSE;
  if (start->config && (config = open_config (start, error)) < 0)
    {
      close (log);
      return FALSE;
    }
  start->child = spawn (start, log, config, error);
  return start->child != NULL;
}

static void
start_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Start *start = data;
  GError *error = NULL;

  (void) source;
  (void) cancellable;
  if (start_child (start, &error))
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  if (start->path)
    remove_folder (start);
  g_task_return_error (task, error);
}

/* The child's last words, without its name: it says what was wrong in one line. */
static void
end_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Start *start = data;
  g_autofree char *log = g_build_filename (start->path, "log.txt", NULL);
  g_autofree char *line = wb_folder_last_line (log, start->log_start);
  const char *said = line;

  (void) source;
  (void) cancellable;
  remove_folder (start);
  if (g_subprocess_get_successful (start->child))
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  if (said && g_str_has_prefix (said, "penumbra-cli: "))
    said += strlen ("penumbra-cli: ");
  if (!said)
    said = g_subprocess_get_if_signaled (start->child) ? "the trainer was killed"
                                                       : "the trainer ended without a word";
  g_task_return_new_error (task, WB_LAUNCH_ERROR, WB_LAUNCH_ERROR_CHILD, "%s", said);
}

/* On the main thread. */

static void
set_state (WbLaunch *self, WbLaunchState state, GError *error)
{
  self->state = state;
  self->error = error;
  if (self->run)
    wb_run_set_launching (self->run, state == WB_LAUNCH_STARTING || state == WB_LAUNCH_STARTED);
  g_signal_emit (self, changed_signal, 0);
}

static void
on_ended (GObject *source, GAsyncResult *result, gpointer data)
{
  GError *error = NULL;
  const gboolean ok = g_task_propagate_boolean (G_TASK (result), &error);

  (void) data;
  set_state (WB_LAUNCH (source), ok ? WB_LAUNCH_ENDED : WB_LAUNCH_FAILED, error);
}

static void
on_waited (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) started = data;
  WbLaunch *self = g_task_get_source_object (started);
  g_autoptr (GTask) task = g_task_new (self, NULL, on_ended, NULL);

  g_subprocess_wait_finish (G_SUBPROCESS (source), result, NULL);
  g_task_set_task_data (task, g_task_get_task_data (started), NULL);
  /* What was started holds what the worker looks at. */
  g_object_set_data_full (G_OBJECT (task), "started", g_steal_pointer (&started), g_object_unref);
  wb_work_run (task, end_in_thread);
}

static void
on_started (GObject *source, GAsyncResult *result, gpointer data)
{
  WbLaunch *self = WB_LAUNCH (source);
  GTask *task = G_TASK (result);
  const Start *start = g_task_get_task_data (task);
  GError *error = NULL;

  (void) data;
  if (!g_task_propagate_boolean (task, &error))
    {
      set_state (self, WB_LAUNCH_FAILED, error);
      return;
    }
  if (!self->run)
    self->run = g_object_ref (wb_runs_ensure (self->runs, start->path));
  set_state (self, WB_LAUNCH_STARTED, NULL);
  g_subprocess_wait_async (start->child, NULL, on_waited, g_object_ref (task));
}

static void
begin (WbLaunch *self, Start *start)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, on_started, NULL);

  start->cli = wb_launch_find_cli ();
  g_task_set_task_data (task, start, (GDestroyNotify) start_free);
  wb_work_run (task, start_in_thread);
}

WbLaunch *
wb_launch_train (WbRuns *runs, const NnConfig *config)
{
  WbLaunch *self = g_object_new (WB_TYPE_LAUNCH, NULL);
  Start *start = g_new0 (Start, 1);

  self->runs = g_object_ref (runs);
  start->root = g_strdup (wb_runs_get_root (runs));
  start->config = nn_config_to_json (config);
  begin (self, start);
  return self;
}

WbLaunch *
wb_launch_resume (WbRun *run, gint64 steps)
{
  WbLaunch *self = g_object_new (WB_TYPE_LAUNCH, NULL);
  Start *start = g_new0 (Start, 1);

  self->run = g_object_ref (run);
  start->path = g_strdup (wb_run_get_path (run));
  start->steps = steps;
  begin (self, start);
  wb_run_set_launching (run, TRUE);
  return self;
}

WbLaunchState
wb_launch_get_state (WbLaunch *self)
{
  return self->state;
}

WbRun *
wb_launch_get_run (WbLaunch *self)
{
  return self->run;
}

const GError *
wb_launch_get_error (WbLaunch *self)
{
  return self->error;
}

typedef struct
{
  char *path, *assignment;
  RunCommandKind kind;
} Command;

static void
command_free (Command *command)
{
  g_free (command->path);
  g_free (command->assignment);
  g_free (command);
}

static void
send_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Command *command = data;
  GError *error = NULL;
  gint64 id = -1;

  (void) source;
  (void) cancellable;
  if (run_control_send (command->path, command->kind, command->assignment, &id, &error))
    g_task_return_int (task, (gssize) id);
  else
    g_task_return_error (task, error);
}

void
wb_control_send_async (WbRun *run, RunCommandKind kind, const char *assignment,
                       GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (run, NULL, callback, data);
  Command *command = g_new0 (Command, 1);

  command->path = g_strdup (wb_run_get_path (run));
  command->assignment = g_strdup (assignment);
  command->kind = kind;
  g_task_set_task_data (task, command, (GDestroyNotify) command_free);
  wb_work_run (task, send_in_thread);
}

gint64
wb_control_send_finish (WbRun *run, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, run), -1);
  return g_task_propagate_int (G_TASK (result), error);
}
