/* penumbra-cli bench: how fast kernels, encoders and training steps are on this device. */
#include "models/bench/bench.h"
#include "models/cli/commands.h"
#include "models/cli/device_choice.h"
#include "models/cli/inference.h"
#include "models/cli/report.h"

#include <stdio.h>
#include <string.h>

typedef struct
{
  char **presets, **keep_rates, **sets;
  char *only, *device;
  gboolean json, quick;
} Options;

static void
clear_options (Options *options)
{
  g_strfreev (options->presets);
  g_strfreev (options->keep_rates);
  g_strfreev (options->sets);
  g_free (options->only);
  g_free (options->device);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, clear_options)

/* What there is to measure; `rates` are the keep rates unless some are asked for. */
typedef struct
{
  const char *name;
  gboolean (*run) (const Bench *bench, const BenchPreset *preset, GError **error);
  gboolean (*run_first) (const Bench *bench, GError **error);
  double rates[3];
  guint n_rates;
} Suite;

static const Suite suites[] = {
  { "gemm", bench_gemm, bench_gemm_fixed, { 0 }, 0 },
  { "attention", bench_attention, NULL, { 0 }, 0 },
  { "rows", bench_rows, NULL, { 0 }, 0 },
  { "encode", bench_encode, NULL, { 1, 0.7, 0.5 }, 3 },
  { "train", bench_train, NULL, { 0.7 }, 1 },
  { "profile", bench_profile, NULL, { 0.7 }, 1 },
};

/* What to measure, checked before anything is. */
typedef struct
{
  GPtrArray *names;   /* of presets, borrowed */
  GPtrArray *configs; /* NnConfig */
  GArray *keep_rates; /* double; none: each suite's own */
  gboolean chosen[G_N_ELEMENTS (suites)];
} Plan;

static void
plan_clear (Plan *plan)
{
  g_clear_pointer (&plan->names, g_ptr_array_unref);
  g_clear_pointer (&plan->configs, g_ptr_array_unref);
  g_clear_pointer (&plan->keep_rates, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Plan, plan_clear)

static gboolean
add_preset (Plan *plan, char *name, char **sets, GError **error)
{
  g_autofree NnConfig *config = g_new0 (NnConfig, 1);
  if (!nn_config_preset (config, name, error))
    return FALSE;
  for (char **set = sets; set && *set; set++)
    if (!nn_config_set (config, *set, error))
      return FALSE;
  if (!nn_config_check (config, error))
    return FALSE;
  g_ptr_array_add (plan->names, name);
  g_ptr_array_add (plan->configs, g_steal_pointer (&config));
  return TRUE;
}

static gboolean
choose_suite (Plan *plan, const char *name, GError **error)
{
  g_autoptr (GString) names = g_string_new (NULL);
  for (guint i = 0; i < G_N_ELEMENTS (suites); i++)
    {
      if (strcmp (suites[i].name, name) == 0)
        {
          plan->chosen[i] = TRUE;
          return TRUE;
        }
      g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", suites[i].name);
    }
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
               "--only has \"%s\", must be some of %s, with commas between", name, names->str);
  return FALSE;
}

static gboolean
plan_suites (Plan *plan, const char *only, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (suites) && !only; i++)
    plan->chosen[i] = TRUE;
  if (!only)
    return TRUE;
  g_auto (GStrv) names = g_strsplit (only, ",", -1);
  gboolean known = *names || choose_suite (plan, only, error);
  for (char **name = names; *name && known; name++)
    known = choose_suite (plan, *name, error);
  return known;
}

static gboolean
plan_all (Plan *plan, const Options *options, GError **error)
{
  static char *all[] = { "demo", "small", "ViT-Ti-16", NULL };
  plan->names = g_ptr_array_new ();
  plan->configs = g_ptr_array_new_with_free_func (g_free);
  plan->keep_rates = g_array_new (FALSE, FALSE, sizeof (double));
  for (char **name = options->presets ? options->presets : all; *name; name++)
    if (!add_preset (plan, *name, options->sets, error))
      return FALSE;
  for (char **text = options->keep_rates; text && *text; text++)
    {
      double rate;
      if (!cli_parse_keep_rate (&rate, *text, error))
        return FALSE;
      g_array_append_val (plan->keep_rates, rate);
    }
  return plan_suites (plan, options->only, error);
}

/* Where rows go: lines of JSON, or a table that gets its header when the columns change. */
typedef struct
{
  gboolean json;
  BenchRow *last;
  CliProgress *progress;
} Output;

static void
emit (BenchRow *row, gpointer data)
{
  Output *output = data;
  if (output->json)
    cli_print_json (row);
  else
    {
      g_autofree char *header = NULL;
      g_autofree char *line = bench_row_format (row, &header);
      cli_progress_hide (output->progress);
      if (!output->last || !bench_row_is_like (output->last, row))
        printf ("%s%s\n", output->last ? "\n" : "", header);
      printf ("%s\n", line);
      fflush (stdout);
    }
  bench_row_free (output->last);
  output->last = row;
}

static gboolean
run_suite (const Suite *suite, const Plan *plan, const Bench *bench, guint preset, GError **error)
{
  const GArray *rates = plan->keep_rates;
  const BenchPreset what = { .name = plan->names->pdata[preset],
                             .config = plan->configs->pdata[preset],
                             .keep_rates = rates->len ? (const double *) rates->data : suite->rates,
                             .n_keep_rates = rates->len ? rates->len : suite->n_rates };
  if (preset == 0 && suite->run_first && !suite->run_first (bench, error))
    return FALSE;
  return suite->run (bench, &what, error);
}

static gboolean
run_all (const Plan *plan, const Bench *bench, CliProgress *progress, GError **error)
{
  gint64 done = 0;
  for (guint i = 0; i < G_N_ELEMENTS (suites); i++)
    for (guint preset = 0; preset < plan->names->len && plan->chosen[i]; preset++)
      {
        g_autofree char *note =
            g_strdup_printf ("%s %s", suites[i].name, (char *) plan->names->pdata[preset]);
        cli_progress_update (progress, done++, note);
        if (!run_suite (&suites[i], plan, bench, preset, error))
          return FALSE;
      }
  return TRUE;
}

static gint64
count (const Plan *plan)
{
  gint64 chosen = 0;
  for (guint i = 0; i < G_N_ELEMENTS (suites); i++)
    chosen += plan->chosen[i];
  return chosen * plan->names->len;
}

static gboolean
run (const Options *options, GError **error)
{
  g_auto (Plan) plan = { 0 };
  if (!plan_all (&plan, options, error))
    return FALSE;
  g_autoptr (GpuDevice) device = cli_open_device (options->device, error);
  if (!device)
    return FALSE;
  g_autoptr (CliProgress) progress = cli_progress_new ("measuring", "suites", 0, count (&plan));
  Output output = { .json = options->json, .progress = progress };
  const Bench bench = { .device = device, .quick = options->quick, .emit = emit, .data = &output };
  if (!options->json)
    printf ("%s, %s\n\n", gpu_device_get_info (device)->name, gpu_device_get_info (device)->driver);
  const gboolean done = run_all (&plan, &bench, progress, error);
  bench_row_free (output.last);
  return done;
}

int
cli_bench (int argc, char **argv)
{
  g_auto (Options) options = { 0 };
  const GOptionEntry entries[] = {
    { "preset", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.presets,
      "what to measure, may be repeated (default: demo, small, ViT-Ti-16)", "NAME" },
    { "keep-rate", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.keep_rates,
      "of image encoders, may be repeated (default: encode 1, 0.7, 0.5; train 0.7)", "K" },
    { "only", 0, 0, G_OPTION_ARG_STRING, &options.only,
      "some of gemm,attention,rows,encode,train,profile (default: all)", "LIST" },
    { "set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.sets,
      "change a field of the presets, e.g. schedule.batch_size=128", "PATH=VALUE" },
    { "device", 0, 0, G_OPTION_ARG_STRING, &options.device, CLI_DEVICE_HELP, "DEVICE" },
    { "quick", 0, 0, G_OPTION_ARG_NONE, &options.quick, "two repeats of each, to try it out",
      NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "one JSON object a line", NULL },
    { NULL }
  };
  GError *error = NULL;
  int status = CLI_OK;
  if (!cli_parse_options (&argc, &argv, entries, "",
                          "Measures this device on made-up data: medians after a warm-up.",
                          &status))
    return status;
  if (argc > 1)
    return cli_report_usage ("unexpected argument \"%s\"", argv[1]);
  return run (&options, &error) ? CLI_OK : cli_report_error (error);
}
