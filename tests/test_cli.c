/* The frame of penumbra-cli: help, version, exit statuses, progress lines. */
#include "models/cli/progress.h"
#include "tests/command.h"

#include <string.h>
#include <sys/wait.h>

static void
test_help (void)
{
  g_autofree char *out = NULL, *err = NULL;

  g_assert_cmpint (command_run (NULL, "--help", &out, &err), ==, 0);
  g_assert_nonnull (strstr (out, "Usage: penumbra-cli COMMAND"));
  g_assert_cmpstr (err, ==, "");
}

static void
test_version (void)
{
  g_autofree char *out = NULL, *err = NULL;

  g_assert_cmpint (command_run (NULL, "--version", &out, &err), ==, 0);
  g_assert_cmpstr (out, ==, "penumbra-cli " PENUMBRA_VERSION "\n");
}

static void
test_unknown (void)
{
  static const char *const wrong[] = { "", "nonsense", "--nonsense" };

  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autofree char *out = NULL, *err = NULL;

      g_assert_cmpint (command_run (NULL, wrong[i], &out, &err), ==, 2);
      g_assert_cmpstr (out, ==, "");
      g_assert_true (g_str_has_prefix (err, "penumbra-cli: "));
      g_assert_true (strchr (err, '\n') == err + strlen (err) - 1);
      g_assert_nonnull (strstr (err, wrong[i]));
    }
}

/* Results that cannot be written are a failure, said in one line. */
static void
test_lost_output (void)
{
  static const char *const commands[] = { "--help", "--version" };

  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      g_autofree char *line =
          g_strdup_printf ("sh -c '\"%s\" %s >/dev/full'", g_getenv ("PENUMBRA_CLI"), commands[i]);
      g_autofree char *out = NULL, *err = NULL;
      int status;

      g_assert_true (g_spawn_command_line_sync (line, &out, &err, &status, NULL));
      g_assert_true (WIFEXITED (status) && WEXITSTATUS (status) == 1);
      g_assert_nonnull (strstr (err, "stdout"));
      g_assert_true (strchr (err, '\n') == err + strlen (err) - 1);
    }
}

static void
test_progress_lines (void)
{
  CliProgressLine line = { .label = "training",
                           .unit = "steps",
                           .note = "loss 1.30",
                           .done = 25,
                           .total = 100,
                           .rate = 0.5,
                           .columns = 0 };
  g_autofree char *plain = cli_progress_format (&line);
  g_assert_cmpstr (plain, ==, "training 25/100 steps, 0.5/s, 2 min 30 s left, loss 1.30");

  line.columns = 79;
  line.note = NULL;
  line.rate = 100;
  g_autofree char *bar = cli_progress_format (&line);
  g_assert_cmpstr (bar, ==, "training [======>                 ] 25/100 steps, 100/s, 1 s left");

  line.columns = 30;
  g_autofree char *narrow = cli_progress_format (&line);
  g_assert_cmpuint (strlen (narrow), ==, 30);

  line = (CliProgressLine){ .label = "x", .unit = "y", .done = 3, .total = 36000000, .rate = 1 };
  g_autofree char *hours = cli_progress_format (&line);
  g_assert_cmpstr (hours, ==, "x 3/36000000 y, 1/s, 9999 h 59 min left");
  line = (CliProgressLine){ .label = "x", .unit = "y", .done = 3 };
  g_autofree char *endless = cli_progress_format (&line);
  g_assert_cmpstr (endless, ==, "x 3 y");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/help", test_help);
  g_test_add_func ("/cli/version", test_version);
  g_test_add_func ("/cli/unknown", test_unknown);
  g_test_add_func ("/cli/lost-output", test_lost_output);
  g_test_add_func ("/cli/progress-lines", test_progress_lines);
  return g_test_run ();
}
