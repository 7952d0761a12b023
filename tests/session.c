#include "tests/session.h"

#include "models/nn/config.h"

#include <glib/gstdio.h>
#include <stdio.h>

#define PATIENCE (100 * G_USEC_PER_SEC)

char *
session_make_run (const char *root, const char *id)
{
  char *run = g_build_filename (root, id, NULL);
  NnConfig config;

  g_assert_true (nn_config_preset (&config, "nano", NULL));
  config.schedule.horizon = 100;
  g_autofree char *json = nn_config_to_json (&config);
  g_assert_cmpint (g_mkdir_with_parents (run, 0700), ==, 0);
  session_replace (run, "config.json", json);
  return run;
}

void
session_append (const char *folder, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  FILE *file = fopen (path, "a");

  g_assert_nonnull (file);
  g_assert_cmpint (fputs (text, file), >=, 0);
  g_assert_cmpint (fclose (file), ==, 0);
}

void
session_replace (const char *folder, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

void
session_append_steps (const char *run, int from, int to)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (int step = from; step <= to; step++)
    g_string_append_printf (text,
                            "{\"type\":\"step\",\"step\":%d,\"wall\":%g,\"loss\":%.9g,"
                            "\"pairs_per_s\":16}\n",
                            step, 0.5 * step, 1.0 / step);
  session_append (run, "events.jsonl", text->str);
}

static gboolean
on_timeout (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_CONTINUE;
}

void
session_wait (gboolean (*done) (gpointer data), gpointer data)
{
  const gint64 until = g_get_monotonic_time () + PATIENCE;
  gboolean ignored;
  guint timer = g_timeout_add (20, on_timeout, &ignored);

  while (!done (data))
    {
      g_assert_cmpint (g_get_monotonic_time (), <, until);
      g_main_context_iteration (NULL, TRUE);
    }
  g_source_remove (timer);
}

void
session_idle (guint ms)
{
  gboolean over = FALSE;
  guint timer = g_timeout_add (ms, on_timeout, &over);

  while (!over)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (timer);
}
