/* Running penumbra-cli, which is $PENUMBRA_CLI. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Program and arguments (g_strfreev), these split as a shell does. */
char **command_line (const char *arguments);

/* Runs a command to its end in `folder`, or where the test runs; the exit status. out and err get
 * what it wrote (g_free); where out is NULL it is dropped. */
int command_spawn (const char *folder, const char *const *argv, char **out, char **err);

/* The same for penumbra-cli. */
int command_run (const char *folder, const char *arguments, char **out, char **err);

G_END_DECLS
