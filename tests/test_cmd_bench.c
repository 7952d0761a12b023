/* penumbra-cli bench: what its rows hold, and what it says of wrong arguments. Speeds are looked at
 * for being numbers, never for being large. */
#include "tests/command.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

static int
run (const char *arguments, char **out, char **err)
{
  g_autofree char *bench = g_strconcat ("bench ", arguments, NULL);

  return command_run (NULL, bench, out, err);
}

static double
number (const cJSON *row, const char *name)
{
  const cJSON *item = cJSON_GetObjectItemCaseSensitive (row, name);

  if (!cJSON_IsNumber (item))
    g_error ("%s is not a number in %s", name, cJSON_PrintUnformatted (row));
  return item->valuedouble;
}

static const char *
text (const cJSON *row, const char *name)
{
  const char *value = cJSON_GetStringValue (cJSON_GetObjectItemCaseSensitive (row, name));

  if (!value)
    g_error ("%s is not a text in %s", name, cJSON_PrintUnformatted (row));
  return value;
}

/* The rows of a run on the smallest preset (cJSON), each with all these names as numbers above 0. */
static GPtrArray *
rows_of (const char *arguments, const char *bench, const char *const *names)
{
  g_autofree char *line = g_strdup_printf ("--preset nano --quick --json --only %s", arguments);
  g_autofree char *out = NULL, *err = NULL;
  GPtrArray *rows = g_ptr_array_new_with_free_func ((GDestroyNotify) cJSON_Delete);

  if (run (line, &out, &err) != 0)
    g_error ("bench %s: %s", line, err);
  g_auto (GStrv) lines = g_strsplit (g_strchomp (out), "\n", -1);
  for (char **l = lines; *l; l++)
    {
      cJSON *row = cJSON_Parse (*l);
      g_assert_nonnull (row);
      g_ptr_array_add (rows, row);
      if (strcmp (text (row, "bench"), bench) != 0)
        continue;
      for (const char *const *name = names; *name; name++)
        g_assert_true (isfinite (number (row, *name)) && number (row, *name) > 0);
    }
  return rows;
}

static void
test_gemm (void)
{
  static const char *const names[] = { "m", "n", "k", "gflops", "ms", NULL };
  static const struct
  {
    const char *layout;
    double m, n, k;
  } fixed[] = { { "NT", 1024, 1024, 1024 },
                { "NN", 3152, 768, 768 },
                { "TN", 768, 768, 3152 },
                { "NT", 4160, 768, 192 } };
  g_autoptr (GPtrArray) rows = rows_of ("gemm", "gemm", names);

  g_assert_cmpuint (rows->len, ==, G_N_ELEMENTS (fixed) + 4 * 3);
  for (gsize i = 0; i < G_N_ELEMENTS (fixed); i++)
    {
      const cJSON *row = rows->pdata[i];
      g_assert_cmpstr (text (row, "layout"), ==, fixed[i].layout);
      g_assert_cmpfloat (number (row, "m"), ==, fixed[i].m);
      g_assert_cmpfloat (number (row, "n"), ==, fixed[i].n);
      g_assert_cmpfloat (number (row, "k"), ==, fixed[i].k);
    }
  for (guint i = 0; i < rows->len; i++)
    {
      const cJSON *row = rows->pdata[i];
      const double flops = 2 * number (row, "m") * number (row, "n") * number (row, "k");
      g_assert_cmpfloat_with_epsilon (number (row, "gflops") * number (row, "ms") * 1e6 / flops, 1,
                                      1e-4);
    }
}

static void
test_kernels (void)
{
  static const char *const attention[] = { "tokens", "heads", "gflops", "ms", NULL };
  static const char *const memory[] = { "gb_per_s", "ms", NULL };
  g_autoptr (GPtrArray) a = rows_of ("attention", "attention", attention);
  g_autoptr (GPtrArray) b = rows_of ("rows", "rows", memory);

  g_assert_cmpuint (a->len, ==, 4);
  g_assert_cmpuint (b->len, ==, 9);
}

static void
test_encode (void)
{
  static const char *const names[] = { "keep_rate", "images_per_s", "speedup", "ideal_speedup",
                                       NULL };
  g_autoptr (GPtrArray) rows = rows_of ("encode", "encode", names);
  g_autoptr (GPtrArray) asked = rows_of ("encode --keep-rate 0.6", "encode", names);

  g_assert_cmpuint (rows->len, ==, 3);
  g_assert_cmpfloat (number (rows->pdata[0], "keep_rate"), ==, 1);
  g_assert_cmpfloat (number (rows->pdata[0], "ideal_speedup"), ==, 1);
  g_assert_cmpfloat (number (rows->pdata[0], "speedup"), ==, 1);
  g_assert_cmpfloat (number (rows->pdata[2], "ideal_speedup"), >,
                     number (rows->pdata[1], "ideal_speedup"));
  g_assert_cmpuint (asked->len, ==, 1);
  g_assert_cmpfloat (number (asked->pdata[0], "keep_rate"), ==, 0.6);
}

static void
test_train (void)
{
  static const char *const names[] = { "keep_rate",    "pairs_per_s",
                                       "gflops",       "host_share",
                                       "device_bytes", "planned_bytes",
                                       "first_step_s", NULL };
  g_autoptr (GPtrArray) rows = rows_of ("train --keep-rate 0.7 --keep-rate 1", "train", names);

  g_assert_cmpuint (rows->len, ==, 2);
  for (guint i = 0; i < rows->len; i++)
    {
      const cJSON *row = rows->pdata[i];
      g_assert_cmpstr (text (row, "preset"), ==, "nano");
      g_assert_cmpfloat (number (row, "keep_rate"), ==, i == 0 ? 0.7 : 1);
      g_assert_cmpfloat (number (row, "host_share"), <, 1);
      g_assert_cmpfloat (number (row, "device_bytes"), ==, number (row, "planned_bytes"));
      g_assert_cmpfloat (number (row, "grown_bytes"), ==, 0);
    }
  g_assert_cmpfloat (number (rows->pdata[1], "planned_bytes"), >,
                     number (rows->pdata[0], "planned_bytes"));
}

/* The kernels add up to the step, and the step to no more than it took. */
static void
test_profile (void)
{
  static const char *const names[] = { "calls", "ms", "share", "gb_per_s", NULL };
  g_autoptr (GPtrArray) rows = rows_of ("profile", "profile", names);
  double share = 0, ms = 0, calls = 0;

  g_assert_cmpuint (rows->len, >, 20);
  for (guint i = 0; i + 1 < rows->len; i++)
    {
      const cJSON *row = rows->pdata[i];
      const gboolean shaped = g_str_has_prefix (text (row, "kernel"), "gemm_")
                              || g_str_has_prefix (text (row, "kernel"), "attention");
      g_assert_cmpint (strlen (text (row, "shape")) > 0, ==, shaped);
      g_assert_cmpfloat (number (row, "gflops"), >=, 0);
      share += number (row, "share");
      ms += number (row, "ms");
      calls += number (row, "calls");
    }
  const cJSON *step = rows->pdata[rows->len - 1];
  g_assert_cmpstr (text (step, "bench"), ==, "profile-step");
  g_assert_cmpfloat_with_epsilon (share, 1, 1e-3);
  g_assert_cmpfloat_with_epsilon (ms / number (step, "kernels_ms"), 1, 1e-3);
  g_assert_cmpfloat (calls, ==, number (step, "dispatches"));
  g_assert_cmpfloat (number (step, "kernels_ms"), <, number (step, "ms"));
}

static void
test_set (void)
{
  static const char *const names[] = { "batch", NULL };
  g_autoptr (GPtrArray) rows = rows_of ("train --set schedule.batch_size=3", "train", names);

  g_assert_cmpfloat (number (rows->pdata[0], "batch"), ==, 3);
}

static void
test_table (void)
{
  g_autofree char *out = NULL, *err = NULL;

  g_assert_cmpint (run ("--preset nano --quick --only train", &out, &err), ==, 0);
  g_assert_nonnull (strstr (out, "pairs/s"));
  g_assert_nonnull (strstr (out, "planned MB"));
  g_assert_true (g_regex_match_simple ("^train +nano +0\\.7 +8 ", out, G_REGEX_MULTILINE, 0));
}

static void
test_wrong (void)
{
  static const struct
  {
    const char *arguments, *words[3];
  } cases[] = {
    { "--preset mega", { "mega", "demo, nano, small, ViT-B-16, ViT-Ti-16", NULL } },
    { "--only gemm,cooking", { "cooking", "gemm, attention, rows, encode, train, profile", NULL } },
    { "--only ''", { "--only", "gemm", NULL } },
    { "--keep-rate 0", { "--keep-rate", "\"0\"", NULL } },
    { "--keep-rate much", { "--keep-rate", "much", NULL } },
    { "--set vision_cfg.width=33", { "vision_cfg.width", "33", NULL } },
    { "--set colour=3", { "colour", NULL } },
    { "--device no-such-device", { "no-such-device", NULL } },
    { "demo", { "demo", NULL } },
    { "--loud", { "--loud", NULL } },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *out = NULL, *err = NULL;
      g_assert_cmpint (run (cases[i].arguments, &out, &err), ==, 2);
      g_assert_cmpstr (out, ==, "");
      g_assert_true (g_str_has_prefix (err, "penumbra-cli bench: "));
      g_assert_true (strchr (err, '\n') == err + strlen (err) - 1);
      for (const char *const *word = cases[i].words; *word; word++)
        g_assert_nonnull (strstr (err, *word));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cmd-bench/gemm", test_gemm);
  g_test_add_func ("/cmd-bench/kernels", test_kernels);
  g_test_add_func ("/cmd-bench/encode", test_encode);
  g_test_add_func ("/cmd-bench/train", test_train);
  g_test_add_func ("/cmd-bench/profile", test_profile);
  g_test_add_func ("/cmd-bench/set", test_set);
  g_test_add_func ("/cmd-bench/table", test_table);
  g_test_add_func ("/cmd-bench/wrong", test_wrong);
  return g_test_run ();
}
