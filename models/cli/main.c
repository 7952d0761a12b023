/* penumbra-cli: one table of commands. */
#include "models/cli/commands.h"
#include "models/cli/report.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

typedef struct
{
  const char *name;
  int (*run) (int argc, char **argv);
  const char *arguments;
  const char *summary;
} Command;

static const Command commands[] = {
  { "bench", cli_bench, "[--preset NAME]... [--only LIST]", "how fast this device is" },
  { "data", cli_data, "import KIND [SOURCE] --out D|check D", "makes and checks data sets" },
  { "devices", cli_devices, "[--json]", "the Vulkan devices there are" },
  { "eval", cli_eval, "CKPT --data DATASET", "recall on held-out pictures" },
  { "search", cli_search, "CKPT --data DATASET --text T", "pictures nearest to a text or picture" },
  { "encode", cli_encode, "CKPT --images F... --out F", "features of pictures and texts" },
  { "preprocess", cli_preprocess, "IMAGE --size S --out PNG", "a picture as the encoder sees it" },
  { "resume", cli_resume, "RUN [--steps N]", "goes on with a run from its newest checkpoint" },
  { "step", cli_step, "--config C --weights W ...",
    "one optimiser step per batch, all written out" },
  { "tokenize", cli_tokenize, "--vocab FILE_OR_DIR [--context N]", "texts to token ids" },
  { "train", cli_train, "CONFIG [--set PATH=VALUE]...", "trains a model on a data set" },
  { NULL, NULL, NULL, NULL },
};

static void
print_help (void)
{
  printf ("Usage: penumbra-cli COMMAND [ARGUMENTS]\n\n"
          "Trains and queries ECLIPSE-style contrastive language-image models on any Vulkan "
          "device.\n\n");
  if (commands[0].name)
    printf ("Commands:\n");
  for (const Command *command = commands; command->name; command++)
    printf ("  %-10s %-36s %s\n", command->name, command->arguments, command->summary);
  printf ("\n  --help     this text; COMMAND --help for its options\n"
          "  --version  the version\n\n"
          "Exit status: 0 success, 2 wrong arguments or config, 1 any other failure.\n");
}

/* Results that did not arrive are a failure, which is said once. */
static int
close_output (int status)
{
  if (fflush (stdout) == 0 && !ferror (stdout))
    return status;
  return cli_report_error (g_error_new_literal (
      G_FILE_ERROR, G_FILE_ERROR_IO,
      "cannot write the results to stdout: is the disk full, or its reader gone?"));
}

int
main (int argc, char **argv)
{
  /* Characters follow the locale, numbers do not: files and output are for machines too. */
  setlocale (LC_CTYPE, "");
  g_set_prgname ("penumbra-cli");
  if (argc < 2)
    return cli_report_usage ("no command given: see penumbra-cli --help");
  if (strcmp (argv[1], "--help") == 0 || strcmp (argv[1], "-h") == 0)
    {
      print_help ();
      return close_output (CLI_OK);
    }
  if (strcmp (argv[1], "--version") == 0)
    {
      printf ("penumbra-cli %s\n", PENUMBRA_VERSION);
      return close_output (CLI_OK);
    }
  for (const Command *command = commands; command->name; command++)
    if (strcmp (command->name, argv[1]) == 0)
      {
        g_autofree char *program = g_strconcat ("penumbra-cli ", command->name, NULL);
        g_set_prgname (program);
        return close_output (command->run (argc - 1, argv + 1));
      }
  return cli_report_usage ("there is no command \"%s\": see penumbra-cli --help", argv[1]);
}
