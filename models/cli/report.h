/* What commands say: errors as one line on stderr, results as JSON lines on stdout. */
#pragma once

#include <cjson/cJSON.h>
#include <glib.h>

G_BEGIN_DECLS

/* Exit statuses. */
enum
{
  CLI_OK = 0,
  CLI_FAILURE = 1,
  CLI_USAGE = 2,
};

/* Says what went wrong and frees `error`. Returns the exit status: CLI_USAGE for a wrong config or
 * wrong options, else CLI_FAILURE. */
int cli_report_error (GError *error);

/* Says what is wrong with the arguments; returns CLI_USAGE. */
int cli_report_usage (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* Parses a command's options in place; what is left in argv are its arguments. An option that is
 * unknown or lacks its value sets *status and returns FALSE. `usage` stands behind the command's
 * name in
 * --help, e.g. "CONFIG"; `summary` says below it what the command does. */
gboolean cli_parse_options (int *argc, char ***argv, const GOptionEntry *entries, const char *usage,
                            const char *summary, int *status);

/* Writes the object as one line on stdout. FALSE when stdout cannot be written. */
gboolean cli_print_json (const cJSON *object);

G_END_DECLS
