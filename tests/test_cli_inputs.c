/* penumbra-cli tokenize and preprocess, as scripts use them. */
#include "models/data/picture.h"
#include "tests/temporary.h"

#include <cjson/cJSON.h>
#include <gio/gio.h>
#include <string.h>

static char *
dup_text (GBytes *bytes)
{
  gsize n;
  const char *text = g_bytes_get_data (bytes, &n);

  return n > 0 ? g_strndup (text, n) : g_strdup ("");
}

/* Runs penumbra-cli with ARGUMENTS (NULL-terminated) and INPUT; the exit status. */
static int
run (const char *const *arguments, const char *input, char **out, char **err)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GBytes) stdin_bytes = g_bytes_new_static (input, strlen (input));
  g_autoptr (GBytes) stdout_bytes = NULL, stderr_bytes = NULL;
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (argv, (gpointer) g_getenv ("PENUMBRA_CLI"));
  for (; *arguments != NULL; arguments++)
    g_ptr_array_add (argv, (gpointer) *arguments);
  g_ptr_array_add (argv, NULL);
  process = g_subprocess_newv ((const char *const *) argv->pdata,
                               G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE
                                   | G_SUBPROCESS_FLAGS_STDERR_PIPE,
                               &error);
  g_assert_no_error (error);
  g_subprocess_communicate (process, stdin_bytes, NULL, &stdout_bytes, &stderr_bytes, NULL);
  *out = dup_text (stdout_bytes);
  *err = dup_text (stderr_bytes);
  g_assert_true (g_subprocess_get_if_exited (process));
  return g_subprocess_get_exit_status (process);
}

/* Expects a failure that says PART in one line. */
static void
expect (const char *const *arguments, int status, const char *part)
{
  g_autofree char *out = NULL, *err = NULL;

  g_assert_cmpint (run (arguments, "", &out, &err), ==, status);
  g_assert_cmpstr (out, ==, "");
  if (strstr (err, part) == NULL || strchr (err, '\n') != err + strlen (err) - 1)
    g_error ("expected one line with \"%s\": %s", part, err);
}

static char *
fixture (const char *name)
{
  return g_test_build_filename (G_TEST_DIST, "fixtures", name, NULL);
}

static void
test_tokenize (void)
{
  g_autofree char *vocab = fixture ("bpe_simple_vocab_16e6.txt.gz");
  g_autofree char *out = NULL, *err = NULL;

  g_assert_cmpint (run ((const char *[]){ "tokenize", "--vocab", vocab, "--context", "6", NULL },
                        "a photo of a cat\n\r\n\na cat", &out, &err),
                   ==, 0);
  g_assert_cmpstr (err, ==, "");
  g_assert_cmpstr (out, ==,
                   "[49406, 320, 1125, 539, 320, 49407]\n"
                   "[49406, 49407, 0, 0, 0, 0]\n"
                   "[49406, 49407, 0, 0, 0, 0]\n"
                   "[49406, 320, 2368, 49407, 0, 0]\n");
}

/* The whole reference through the command, a text a line. */
static void
test_tokenize_reference (void)
{
  g_autofree char *vocab = fixture ("bpe_simple_vocab_16e6.txt.gz"), *path = NULL, *json = NULL;
  g_autofree char *out = NULL, *err = NULL;
  g_autoptr (GString) input = g_string_new (NULL);
  g_autoptr (GPtrArray) expected = g_ptr_array_new ();
  g_auto (GStrv) lines = NULL;
  cJSON *list;
  const cJSON *entry;

  path = fixture ("tokenizer.json");
  g_assert_true (g_file_get_contents (path, &json, NULL, NULL));
  list = cJSON_Parse (json);
  cJSON_ArrayForEach (entry, list)
  {
    const char *text = cJSON_GetObjectItem (entry, "text")->valuestring;

    if (strchr (text, '\n') != NULL)
      continue;
    g_string_append_printf (input, "%s\n", text);
    g_ptr_array_add (expected, cJSON_GetObjectItem (entry, "tokens"));
  }
  g_assert_cmpint (
      run ((const char *[]){ "tokenize", "--vocab", vocab, NULL }, input->str, &out, &err), ==, 0);
  lines = g_strsplit (out, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, expected->len + 1);
  for (guint i = 0; i < expected->len; i++)
    {
      cJSON *tokens = cJSON_Parse (lines[i]);

      g_assert_true (cJSON_Compare (tokens, expected->pdata[i], TRUE));
      cJSON_Delete (tokens);
    }
  cJSON_Delete (list);
}

static void
test_tokenize_errors (void)
{
  g_autofree char *vocab = fixture ("bpe_simple_vocab_16e6.txt.gz"), *json = NULL;

  json = fixture ("tokenizer.json");
  expect ((const char *[]){ "tokenize", NULL }, 2, "--vocab");
  expect ((const char *[]){ "tokenize", "--vocab", vocab, "--context", "0", NULL }, 2, "0");
  expect ((const char *[]){ "tokenize", "--vocab", vocab, "text", NULL }, 2, "stdin");
  expect ((const char *[]){ "tokenize", "--nonsense", NULL }, 2, "nonsense");
  expect ((const char *[]){ "tokenize", "--vocab", "absent.txt", NULL }, 1, "absent.txt");
  expect ((const char *[]){ "tokenize", "--vocab", json, NULL }, 1, "line 1");
}

static void
test_preprocess (void)
{
  g_autofree char *folder = temporary_folder ();
  g_autofree char *out = g_build_filename (folder, "out.png", NULL);
  g_autofree char *in = NULL, *expected = NULL, *text = NULL, *err = NULL;
  guint8 got[64 * 64 * 3], wanted[64 * 64 * 3];

  in = fixture ("resize/3_300x200.png");
  expected = fixture ("resize/3_300x200_to64.expected.png");
  g_assert_cmpint (run ((const char *[]){ "preprocess", in, "--size", "64", "--out", out, NULL },
                        "", &text, &err),
                   ==, 0);
  g_assert_cmpstr (err, ==, "");
  g_assert_true (data_picture_load (got, out, 64, DATA_FIT_CROP, NULL));
  g_assert_true (data_picture_load (wanted, expected, 64, DATA_FIT_CROP, NULL));
  g_assert_cmpmem (got, sizeof got, wanted, sizeof wanted);
  temporary_remove (folder);
}

static void
test_preprocess_errors (void)
{
  g_autofree char *in = fixture ("resize/3_300x200.png"), *json = fixture ("tokenizer.json");

  expect ((const char *[]){ "preprocess", "--size", "8", "--out", "x.png", NULL }, 2, "picture");
  expect ((const char *[]){ "preprocess", in, "--out", "x.png", NULL }, 2, "--size");
  expect ((const char *[]){ "preprocess", in, "--size", "8", NULL }, 2, "--out");
  expect ((const char *[]){ "preprocess", in, "--size", "99999", "--out", "x.png", NULL }, 2,
          "99999");
  expect ((const char *[]){ "preprocess", "absent.png", "--size", "8", "--out", "x.png", NULL }, 1,
          "absent.png");
  expect ((const char *[]){ "preprocess", json, "--size", "8", "--out", "x.png", NULL }, 1,
          "tokenizer.json");
  expect ((const char *[]){ "preprocess", in, "--size", "8", "--out", "/absent/x.png", NULL }, 1,
          "/absent/x.png");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli-inputs/tokenize", test_tokenize);
  g_test_add_func ("/cli-inputs/tokenize-reference", test_tokenize_reference);
  g_test_add_func ("/cli-inputs/tokenize-errors", test_tokenize_errors);
  g_test_add_func ("/cli-inputs/preprocess", test_preprocess);
  g_test_add_func ("/cli-inputs/preprocess-errors", test_preprocess_errors);
  return g_test_run ();
}
