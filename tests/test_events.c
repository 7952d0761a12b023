/* events.jsonl: what is appended is read; torn lines, rewinds and full disks do no harm. */
#include "models/run/events.h"
#include "models/run/folder.h"

#include "tests/temporary.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

static char *folder;

static char *
fresh_file (void)
{
  static int number;

  return g_strdup_printf ("%s/%d.jsonl", folder, number++);
}

static void
append_step (RunEvents *events, const char *type, gint64 step)
{
  GError *error = NULL;
  RunEvent *event = run_event_new (type);

  run_event_add_whole (event, "step", step);
  g_assert_true (run_events_append (events, event, &error));
  g_assert_no_error (error);
}

static char *
contents (const char *path)
{
  char *text;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  return text;
}

static void
append_bytes (const char *path, const char *bytes, gsize length)
{
  FILE *file = fopen (path, "a");

  g_assert_nonnull (file);
  g_assert_cmpuint (fwrite (bytes, 1, length, file), ==, length);
  g_assert_cmpint (fclose (file), ==, 0);
}

static void
append_text (const char *path, const char *text)
{
  append_bytes (path, text, strlen (text));
}

static void
test_written (void)
{
  g_autofree char *path = fresh_file ();
  g_autoptr (RunEvents) events = run_events_open (path, NULL);
  RunEvent *event = run_event_new ("step");
  float third = 1.0f / 3;

  run_event_add_whole (event, "step", 9007199254740993);
  run_event_add_number (event, "loss", third);
  run_event_add_number (event, "bad", NAN);
  run_event_add_number (event, "worse", -INFINITY);
  run_event_add_text (event, "why", "a \"b\"\n\xff");
  run_event_add_text (event, "nothing", NULL);
  g_assert_true (run_events_append (events, event, NULL));
  g_assert_true (run_events_sync (events, NULL));
  g_autofree char *text = contents (path);
  g_assert_cmpstr (text, ==,
                   "{\"type\":\"step\",\"step\":9007199254740993,\"loss\":0.333333343,"
                   "\"bad\":null,\"worse\":null,\"why\":\"a \\\"b\\\"\\n\xef\xbf\xbd\"}\n");
  g_assert_true ((float) g_ascii_strtod ("0.333333343", NULL) == third);
}

static void
test_lists (void)
{
  g_autofree char *path = fresh_file ();
  g_autoptr (RunEvents) events = run_events_open (path, NULL);
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func ((GDestroyNotify) run_event_free);
  RunEvent *event = run_event_new ("profile");
  static const char *const kernels[] = { "gemm_nt", "a \"b\"" };

  run_event_add_items (event, "none", items);
  for (guint i = 0; i < G_N_ELEMENTS (kernels); i++)
    {
      RunEvent *item = run_event_item_new ();
      run_event_add_text (item, "kernel", kernels[i]);
      run_event_add_whole (item, "calls", i);
      g_ptr_array_add (items, item);
    }
  run_event_add_items (event, "kernels", items);
  run_event_add_whole (event, "step", 3);
  g_assert_true (run_events_append (events, event, NULL));
  g_autofree char *text = contents (path);
  g_assert_cmpstr (
      text, ==,
      "{\"type\":\"profile\",\"none\":[],\"kernels\":[{\"kernel\":\"gemm_nt\",\"calls\":0},"
      "{\"kernel\":\"a \\\"b\\\"\",\"calls\":1}],\"step\":3}\n");
}

static void
test_torn_line_cut (void)
{
  static const char *const torn[] = { "{\"type\":\"step\",\"st", "x", "" };

  for (gsize i = 0; i < G_N_ELEMENTS (torn); i++)
    {
      g_autofree char *path = fresh_file ();

      append_text (path, "{\"type\":\"step\",\"step\":1}\n");
      append_text (path, torn[i]);
      g_autoptr (RunEvents) events = run_events_open (path, NULL);
      append_step (events, "resume", 1);
      g_autofree char *text = contents (path);
      g_assert_cmpstr (text, ==,
                       "{\"type\":\"step\",\"step\":1}\n{\"type\":\"resume\",\"step\":1}\n");
    }
}

/* A half line longer than what is looked at in one piece, and a file that is nothing else. */
static void
test_long_torn_line_cut (void)
{
  g_autofree char *path = fresh_file ();
  g_autofree char *other = fresh_file ();
  g_autofree char *half = g_strnfill (200000, 'x');

  append_text (path, "{\"type\":\"a\"}\n");
  append_text (path, half);
  append_text (other, half);
  g_autoptr (RunEvents) events = run_events_open (path, NULL);
  g_autofree char *text = contents (path);
  g_assert_cmpstr (text, ==, "{\"type\":\"a\"}\n");
  g_autoptr (RunEvents) others = run_events_open (other, NULL);
  g_autofree char *nothing = contents (other);
  g_assert_cmpstr (nothing, ==, "");
}

static void
assert_steps (RunEventReader *reader, const char *expected)
{
  g_autoptr (GString) steps = g_string_new (NULL);

  for (guint i = 0; i < run_event_reader_count (reader); i++)
    {
      const cJSON *event = run_event_reader_get (reader, i);

      g_string_append_printf (steps, "%s%c%" G_GINT64_FORMAT, i ? " " : "",
                              run_event_text (event, "type")[0], run_event_whole (event, "step"));
    }
  g_assert_cmpstr (steps->str, ==, expected);
}

static guint
poll (RunEventReader *reader)
{
  GError *error = NULL;
  guint changed;

  g_assert_true (run_event_reader_poll (reader, &changed, &error));
  g_assert_no_error (error);
  return changed;
}

static void
test_followed (void)
{
  g_autofree char *path = fresh_file ();
  g_autoptr (RunEventReader) reader = run_event_reader_new (path);

  g_assert_cmpuint (poll (reader), ==, 0);
  append_text (path, "{\"type\":\"step\",\"step\":1}\n{\"type\":\"step\",\"st");
  g_assert_cmpuint (poll (reader), ==, 0);
  assert_steps (reader, "s1");
  append_text (path, "ep\":2}\n");
  g_assert_cmpuint (poll (reader), ==, 1);
  assert_steps (reader, "s1 s2");
  g_assert_cmpuint (poll (reader), ==, 2);
}

/* The reader has seen half a line that the resumed trainer then cuts and writes over. */
static void
test_torn_line_replaced (void)
{
  g_autofree char *path = fresh_file ();
  g_autoptr (RunEventReader) reader = run_event_reader_new (path);

  append_text (path, "{\"type\":\"step\",\"step\":1}\n{\"type\":\"step\",\"step\":2");
  poll (reader);
  g_autoptr (RunEvents) events = run_events_open (path, NULL);
  append_step (events, "resume", 1);
  append_step (events, "step", 2);
  append_step (events, "step", 3);
  poll (reader);
  assert_steps (reader, "s1 r1 s2 s3");
  g_assert_cmpuint (run_event_reader_skipped (reader), ==, 0);
}

static void
test_resume_drops (void)
{
  g_autofree char *path = fresh_file ();
  g_autoptr (RunEvents) events = run_events_open (path, NULL);
  g_autoptr (RunEventReader) live = run_event_reader_new (path);
  g_autoptr (RunEventReader) late = run_event_reader_new (path);

  for (int step = 0; step < 5; step++)
    append_step (events, "step", step);
  append_step (events, "eval", 4);
  g_assert_true (run_events_append (events, run_event_new ("state"), NULL));
  poll (live);
  assert_steps (live, "s0 s1 s2 s3 s4 e4 s-1");
  append_step (events, "resume", 2);
  append_step (events, "step", 3);
  g_assert_cmpuint (poll (live), ==, 3);
  assert_steps (live, "s0 s1 s2 s-1 r2 s3");
  append_step (events, "resume", 0);
  g_assert_cmpuint (poll (live), ==, 1);
  poll (late);
  assert_steps (live, "s0 s-1 r0");
  assert_steps (late, "s0 s-1 r0");
}

static void
test_bad_lines (void)
{
  g_autofree char *path = fresh_file ();
  g_autofree char *endless = g_strnfill (3 * 1024 * 1024, 'x');
  g_autoptr (RunEventReader) reader = run_event_reader_new (path);

  append_text (path, "{\"type\":\"step\",\"step\":1}\n\nnonsense\n[1]\n{\"type\":3}\n\xff\n");
  append_text (path, endless);
  poll (reader);
  poll (reader);
  assert_steps (reader, "s1");
  append_text (path, "\n{\"type\":\"step\",\"step\":\"x\"}\n{\"type\":\"step\",\"step\":1e300}\n");
  poll (reader);
  assert_steps (reader, "s1 s-1 s-1");
  g_assert_cmpuint (run_event_reader_skipped (reader), ==, 6);
}

/* What a machine that lost power may leave: blocks of zeros, whole lines behind them. */
static void
test_zeros (void)
{
  static const char before[] = "\0\0\0\0{\"type\":\"step\",\"step\":2}\n";
  static const char within[] = "{\"type\":\"st\0p\",\"step\":3}\n";
  g_autofree char *path = fresh_file ();
  g_autoptr (RunEventReader) reader = run_event_reader_new (path);

  append_text (path, "{\"type\":\"step\",\"step\":1}\n");
  append_bytes (path, before, sizeof before - 1);
  append_bytes (path, within, sizeof within - 1);
  append_text (path, "{\"type\":\"step\",\"step\":4}\n");
  poll (reader);
  assert_steps (reader, "s1 s4");
  g_assert_cmpuint (run_event_reader_skipped (reader), ==, 2);
}

static void
test_another_file (void)
{
  g_autofree char *path = fresh_file ();
  g_autoptr (RunEventReader) reader = run_event_reader_new (path);

  append_text (path, "{\"type\":\"step\",\"step\":1}\n{\"type\":\"step\",\"step\":2}\n");
  poll (reader);
  g_unlink (path);
  append_text (path, "{\"type\":\"other\",\"step\":7}\n");
  g_assert_cmpuint (poll (reader), ==, 0);
  assert_steps (reader, "o7");
}

static void
test_full_disk (void)
{
  g_autofree char *disk = g_build_filename (folder, "disk", NULL);
  g_autofree char *path = g_build_filename (disk, "events.jsonl", NULL);
  g_autofree char *ballast = g_build_filename (disk, "ballast", NULL);
  g_autofree char *zeros = g_strnfill (8192, '0');
  g_autofree char *long_text = g_strnfill (3000, 'a');
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir (disk, 0700), ==, 0);
  if (!temporary_mount (disk, 16384))
    return;
  g_autoptr (RunEvents) events = run_events_open (path, NULL);
  append_text (ballast, zeros);
  append_step (events, "step", 1);
  for (int i = 0; i < 8 && !error; i++)
    {
      RunEvent *event = run_event_new ("alert");
      run_event_add_text (event, "text", long_text);
      run_events_append (events, event, &error);
    }
  g_assert_error (error, RUN_ERROR, RUN_ERROR_IO);
  g_assert_nonnull (strstr (error->message, path));
  g_assert_nonnull (strstr (error->message, "free some space"));
  g_autofree char *text = contents (path);
  g_assert_true (g_str_has_suffix (text, "}\n"));

  g_assert_cmpint (g_unlink (ballast), ==, 0);
  append_step (events, "step", 2);
  g_autoptr (RunEventReader) reader = run_event_reader_new (path);
  poll (reader);
  g_assert_cmpuint (run_event_reader_skipped (reader), ==, 0);
  guint last = run_event_reader_count (reader) - 1;
  g_assert_cmpint (run_event_whole (run_event_reader_get (reader, last), "step"), ==, 2);
  g_clear_pointer (&events, run_events_free);
  temporary_unmount (disk);
}

static void
test_unwritable (void)
{
  g_autofree char *path = g_build_filename (folder, "no", "events.jsonl", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (run_events_open (path, &error));
  g_assert_error (error, RUN_ERROR, RUN_ERROR_IO);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  folder = temporary_folder ();
  g_test_add_func ("/events/written", test_written);
  g_test_add_func ("/events/lists", test_lists);
  g_test_add_func ("/events/torn-line-cut", test_torn_line_cut);
  g_test_add_func ("/events/long-torn-line-cut", test_long_torn_line_cut);
  g_test_add_func ("/events/followed", test_followed);
  g_test_add_func ("/events/torn-line-replaced", test_torn_line_replaced);
  g_test_add_func ("/events/resume-drops", test_resume_drops);
  g_test_add_func ("/events/bad-lines", test_bad_lines);
  g_test_add_func ("/events/zeros", test_zeros);
  g_test_add_func ("/events/another-file", test_another_file);
  g_test_add_func ("/events/full-disk", test_full_disk);
  g_test_add_func ("/events/unwritable", test_unwritable);
  int status = g_test_run ();
  temporary_remove (folder);
  g_free (folder);
  return status;
}
