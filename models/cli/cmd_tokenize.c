/* penumbra-cli tokenize: a text a line on stdin, a JSON list of token ids a line on stdout. */
#include "models/cli/commands.h"
#include "models/cli/report.h"
#include "models/data/bpe.h"
#include "models/data/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

#define CONTEXT_MAX 65536

static gboolean
print_tokens (const gint32 *ids, guint context)
{
  putchar ('[');
  for (guint i = 0; i < context; i++)
    printf ("%s%d", i > 0 ? ", " : "", ids[i]);
  return fputs ("]\n", stdout) >= 0;
}

static int
tokenize_lines (const DataBpe *bpe, guint context)
{
  g_autofree gint32 *ids = g_new (gint32, context);
  char *line = NULL; /* getline's, so free () */
  size_t capacity = 0;
  ssize_t length;
  gboolean ok = TRUE;

  while (ok && (length = getline (&line, &capacity, stdin)) >= 0)
    {
      data_bpe_encode (bpe, ids, line, length, context);
      ok = print_tokens (ids, context);
    }
  free (line);
  if (!ferror (stdin))
    return CLI_OK;
  return cli_report_error (
      g_error_new_literal (G_FILE_ERROR, G_FILE_ERROR_IO, "cannot read the texts from stdin"));
}

int
cli_tokenize (int argc, char **argv)
{
  g_autofree char *vocab = NULL;
  int context = DATA_BPE_CONTEXT_DEFAULT, status = CLI_OK;
  const GOptionEntry entries[] = {
    { "vocab", 0, 0, G_OPTION_ARG_FILENAME, &vocab,
      "a data set, a merges.txt, or bpe_simple_vocab_16e6.txt.gz", "FILE_OR_DIR" },
    { "context", 0, 0, G_OPTION_ARG_INT, &context, "ids a text (default 77)", "N" },
    { NULL },
  };
  g_autoptr (DataBpe) bpe = NULL;
  g_autoptr (GError) error = NULL;

  if (!cli_parse_options (&argc, &argv, entries, "--vocab FILE_OR_DIR",
                          "Reads a text a line from stdin and prints a JSON list of ids a line.",
                          &status))
    return status;
  if (argc > 1)
    return cli_report_usage ("unexpected argument \"%s\": texts are read from stdin", argv[1]);
  if (vocab == NULL)
    return cli_report_usage ("no vocabulary: pass --vocab FILE_OR_DIR");
  if (context < 1 || context > CONTEXT_MAX)
    return cli_report_usage ("--context is %d, must be between 1 and %d", context, CONTEXT_MAX);
  bpe = data_bpe_new_from_path (vocab, &error);
  if (bpe == NULL)
    return cli_report_error (g_steal_pointer (&error));
  return tokenize_lines (bpe, (guint) context);
}
