#include "tests/command.h"

#include <sys/wait.h>

char **
command_line (const char *arguments)
{
  g_autofree char *line = g_strconcat (g_getenv ("PENUMBRA_CLI"), " ", arguments, NULL);
  char **argv = NULL;

  g_assert_true (g_shell_parse_argv (line, NULL, &argv, NULL));
  return argv;
}

int
command_spawn (const char *folder, const char *const *argv, char **out, char **err)
{
  const GSpawnFlags flags = out ? G_SPAWN_DEFAULT : G_SPAWN_STDOUT_TO_DEV_NULL;
  GError *error = NULL;
  int status;

  g_spawn_sync (folder, (char **) argv, NULL, flags, NULL, NULL, out, err, &status, &error);
  g_assert_no_error (error);
  g_assert_true (WIFEXITED (status));
  return WEXITSTATUS (status);
}

int
command_run (const char *folder, const char *arguments, char **out, char **err)
{
  g_auto (GStrv) argv = command_line (arguments);

  return command_spawn (folder, (const char *const *) argv, out, err);
}
