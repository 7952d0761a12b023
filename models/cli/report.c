#include "models/cli/report.h"

#include "models/eval/checkpoint.h"

#include <stdio.h>

static void
say (const char *message, const char *remedy)
{
  g_autofree char *line = g_strconcat (message, remedy, NULL);

  g_strdelimit (line, "\r\n", ' ');
  g_printerr ("%s: %s\n", g_get_prgname () ? g_get_prgname () : "penumbra-cli", g_strchomp (line));
}

/* What the libraries below say of files ends in the cause. */
static const char *
find_remedy (const GError *error)
{
  if (g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOSPC))
    return "; free some space on that disk";
  if (g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_ROFS))
    return "; choose a place that can be written to";
  return "";
}

int
cli_report_error (GError *error)
{
  gboolean usage = error->domain == NN_CONFIG_ERROR || error->domain == G_OPTION_ERROR
                   || error->domain == EVAL_CHECKPOINT_ERROR;

  say (error->message, find_remedy (error));
  g_error_free (error);
  return usage ? CLI_USAGE : CLI_FAILURE;
}

int
cli_report_usage (const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree char *message = g_strdup_vprintf (format, args);
  va_end (args);
  say (message, "");
  return CLI_USAGE;
}

gboolean
cli_parse_options (int *argc, char ***argv, const GOptionEntry *entries, const char *usage,
                   const char *summary, int *status)
{
  g_autoptr (GOptionContext) context = g_option_context_new (usage);
  GError *error = NULL;

  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_set_summary (context, summary);
  *status = CLI_OK;
  if (g_option_context_parse (context, argc, argv, &error))
    return TRUE;
  *status = cli_report_error (error);
  return FALSE;
}

gboolean
cli_print_json (const cJSON *object)
{
  char *text = cJSON_PrintUnformatted (object);
  gboolean ok = text && printf ("%s\n", text) >= 0 && fflush (stdout) == 0;

  cJSON_free (text);
  return ok;
}
