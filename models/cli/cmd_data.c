/* penumbra-cli data: importing data sets, and checking them. */
#include "models/cli/commands.h"
#include "models/cli/progress.h"
#include "models/cli/report.h"

#include "models/data/dataset_check.h"
#include "models/data/dataset_writer.h"
#include "models/data/import.h"

#include <stdio.h>
#include <string.h>

/* 256 bytes, the same at the end of a word, start and end of text. */
#define MIN_VOCABULARY_SIZE 514

/* An option that was not given. */
#define NOT_GIVEN G_MININT

#define USAGE "import KIND [SOURCE] --out DIR | check DIR"

typedef struct
{
  char *out;
  int vocabulary_size;
  int count;
  int size;
  gint64 seed;
  gboolean json;
} Options;

/* A kind of source data sets are imported from. */
typedef struct
{
  const char *name;
  gboolean takes_source;
  gboolean (*run) (const Options *options, const char *source,
                   const DataImportOptions *import_options, DataImportSummary *summary,
                   GError **error);
} Kind;

/* A progress bar that starts anew when the importer comes to its next stage. */
typedef struct
{
  CliProgress *bar;
  char *label;
} Stage;

static void
on_progress (guint64 done, guint64 total, const char *label, gpointer stage_pointer)
{
  Stage *stage = stage_pointer;
  if (g_strcmp0 (stage->label, label) != 0)
    {
      cli_progress_free (stage->bar);
      g_free (stage->label);
      stage->label = g_strdup (label);
      stage->bar = total > 0 ? cli_progress_new (label, "items", 0, (gint64) total) : NULL;
    }
  if (stage->bar != NULL)
    cli_progress_update (stage->bar, (gint64) done, NULL);
}

static void
end_stage (Stage *stage)
{
  cli_progress_free (stage->bar);
  g_free (stage->label);
}

static int
report_data_error (GError *error)
{
  if (!g_error_matches (error, DATA_ERROR, DATA_ERROR_SETTING))
    return cli_report_error (error);
  cli_report_usage ("%s", error->message);
  g_error_free (error);
  return CLI_USAGE;
}

/* Importers take 0 for their default. */
static guint
given_or_zero (int value)
{
  return value == NOT_GIVEN ? 0 : (guint) value;
}

static gboolean
is_below (int value, int least)
{
  return value != NOT_GIVEN && value < least;
}

static gboolean
import_openclipart (const Options *options, const char *source,
                    const DataImportOptions *import_options, DataImportSummary *summary,
                    GError **error)
{
  return data_import_openclipart (options->out, summary, source, import_options, error);
}

static gboolean
import_scenes (const Options *options, G_GNUC_UNUSED const char *source,
               const DataImportOptions *import_options, DataImportSummary *summary, GError **error)
{
  const DataScenesSettings settings = {
    .count = given_or_zero (options->count),
    .size = given_or_zero (options->size),
    .seed = (guint64) options->seed,
  };
  return data_import_scenes (options->out, summary, &settings, import_options, error);
}

static const Kind kinds[] = {
  { "openclipart", TRUE, import_openclipart },
  { "scenes", FALSE, import_scenes },
};

static char *
list_kinds (void)
{
  GString *list = g_string_new (NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    g_string_append_printf (list, "%s%s", i > 0 ? ", " : "", kinds[i].name);
  return g_string_free (list, FALSE);
}

/* The kind named first in argv, or NULL after saying what is wrong with the arguments. */
static const Kind *
choose_kind (const Options *options, int argc, char **argv)
{
  g_autofree char *known = list_kinds ();
  const Kind *kind = NULL;
  for (gsize i = 0; argc > 0 && i < G_N_ELEMENTS (kinds); i++)
    if (strcmp (kinds[i].name, argv[0]) == 0)
      kind = &kinds[i];

  if (argc == 0)
    cli_report_usage ("import what? Known are: %s", known);
  else if (kind == NULL)
    cli_report_usage ("cannot import \"%s\": known are %s", argv[0], known);
  else if (argc > (kind->takes_source ? 2 : 1))
    cli_report_usage ("\"%s\" is one argument too many for import %s", argv[argc - 1], kind->name);
  else if (options->out == NULL || *options->out == '\0')
    cli_report_usage ("say with --out DIR where the data set goes");
  else if (is_below (options->count, 1))
    cli_report_usage ("--count is %d, must be at least 1", options->count);
  else if (is_below (options->size, 1))
    cli_report_usage ("--size is %d, must be at least 1", options->size);
  else if (is_below (options->vocabulary_size, MIN_VOCABULARY_SIZE))
    cli_report_usage ("--vocab %d is too few: bytes and their ends of words alone are %d",
                      options->vocabulary_size, MIN_VOCABULARY_SIZE);
  else
    return kind;
  return NULL;
}

static int
print_summary (const Options *options, const DataImportSummary *summary)
{
  if (!options->json)
    {
      printf ("%s: %" G_GUINT64_FORMAT " pictures (%" G_GUINT64_FORMAT
              " to train on, %" G_GUINT64_FORMAT " held out), %u token ids, %" G_GUINT64_FORMAT
              " skipped, %" G_GUINT64_FORMAT " noted (see report.jsonl)\n",
              options->out, summary->items, summary->train, summary->val, summary->vocabulary_size,
              summary->skipped, summary->noted);
      return CLI_OK;
    }
  cJSON *object = cJSON_CreateObject ();
  data_set_add_counts (object, summary);
  cJSON_AddNumberToObject (object, "vocabulary", summary->vocabulary_size);
  gboolean printed = cli_print_json (object);
  cJSON_Delete (object);
  return printed ? CLI_OK : CLI_FAILURE;
}

static int
run_import (const Options *options, int argc, char **argv)
{
  const Kind *kind = choose_kind (options, argc, argv);
  if (kind == NULL)
    return CLI_USAGE;

  GError *error = NULL;
  Stage stage = { 0 };
  DataImportSummary summary = { 0 };
  const DataImportOptions import_options = {
    .vocabulary_size = given_or_zero (options->vocabulary_size),
    .progress = on_progress,
    .user_data = &stage,
  };
  gboolean imported =
      kind->run (options, argc > 1 ? argv[1] : NULL, &import_options, &summary, &error);
  end_stage (&stage);
  return imported ? print_summary (options, &summary) : report_data_error (error);
}

static int
print_check (const Options *options, const DataCheck *check)
{
  const int status = check->problems->len > 0 ? CLI_FAILURE : CLI_OK;
  if (!options->json)
    {
      for (guint i = 0; i < check->problems->len; i++)
        g_printerr ("%s\n", (const char *) check->problems->pdata[i]);
      printf ("%u pictures (%u to train on, %u held out), %u captions, %u token ids, %u problems\n",
              check->n_items, check->n_split[DATA_SPLIT_TRAIN], check->n_split[DATA_SPLIT_VAL],
              check->n_captions, check->vocabulary_size, check->problems->len);
      return status;
    }
  cJSON *object = cJSON_CreateObject ();
  cJSON_AddNumberToObject (object, "items", check->n_items);
  cJSON_AddNumberToObject (object, "train", check->n_split[DATA_SPLIT_TRAIN]);
  cJSON_AddNumberToObject (object, "val", check->n_split[DATA_SPLIT_VAL]);
  cJSON_AddNumberToObject (object, "captions", check->n_captions);
  cJSON_AddNumberToObject (object, "vocabulary", check->vocabulary_size);
  cJSON *problems = cJSON_AddArrayToObject (object, "problems");
  for (guint i = 0; i < check->problems->len; i++)
    cJSON_AddItemToArray (problems, cJSON_CreateString (check->problems->pdata[i]));
  gboolean printed = cli_print_json (object);
  cJSON_Delete (object);
  return printed ? status : CLI_FAILURE;
}

static int
run_check (const Options *options, int argc, char **argv)
{
  if (argc != 1)
    return cli_report_usage ("check takes one data set folder");

  GError *error = NULL;
  Stage stage = { 0 };
  const DataImportOptions check_options = { .progress = on_progress, .user_data = &stage };
  g_autoptr (DataCheck) check = data_set_check (argv[0], &check_options, &error);
  end_stage (&stage);
  return check != NULL ? print_check (options, check) : report_data_error (error);
}

int
cli_data (int argc, char **argv)
{
  int status;
  Options options = { .vocabulary_size = NOT_GIVEN, .count = NOT_GIVEN, .size = NOT_GIVEN };
  const GOptionEntry entries[] = {
    { "out", 'o', 0, G_OPTION_ARG_FILENAME, &options.out, "the data set's folder", "DIR" },
    { "vocab", 0, 0, G_OPTION_ARG_INT, &options.vocabulary_size,
      "token ids, at most (default 4096)", "N" },
    { "count", 0, 0, G_OPTION_ARG_INT, &options.count, "scenes: pictures (default 2000)", "N" },
    { "size", 0, 0, G_OPTION_ARG_INT, &options.size, "scenes: pixels a side (default 64)", "N" },
    { "seed", 0, 0, G_OPTION_ARG_INT64, &options.seed, "scenes: seed (default 0)", "N" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "results as JSON on stdout", NULL },
    { NULL },
  };
  const char *summary = "Imports pictures and captions (openclipart [SOURCE], scenes) into a data "
                        "set folder,\nor checks that one is whole.";
  if (!cli_parse_options (&argc, &argv, entries, USAGE, summary, &status))
    return status;

  if (argc >= 2 && strcmp (argv[1], "import") == 0)
    status = run_import (&options, argc - 2, argv + 2);
  else if (argc >= 2 && strcmp (argv[1], "check") == 0)
    status = run_check (&options, argc - 2, argv + 2);
  else
    status = cli_report_usage ("say \"import\" or \"check\": see penumbra-cli data --help");
  g_free (options.out);
  return status;
}
