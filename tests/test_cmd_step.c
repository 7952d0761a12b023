/* penumbra-cli step against the reference steps, and what it says of wrong input. */
#include "tests/command.h"
#include "tests/fixture.h"
#include "tests/temporary.h"

#include <glib/gstdio.h>
#include <string.h>

static char *folder;

typedef struct
{
  char *config, *weights, *teacher, *batches, *out;
} Files;

static void
files_clear (Files *files)
{
  g_free (files->config);
  g_free (files->weights);
  g_free (files->teacher);
  g_free (files->batches);
  g_free (files->out);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Files, files_clear)

static void
files_init (Files *files, const char *name)
{
  *files = (Files){ .config = fixture_file (name, "config.json"),
                    .weights = fixture_file (name, "weights.safetensors"),
                    .teacher = fixture_file (name, "teacher.safetensors"),
                    .batches = fixture_file (name, "batches.safetensors"),
                    .out = g_build_filename (folder, "out.safetensors", NULL) };
}

static void
replace (char **file, const char *path)
{
  g_free (*file);
  *file = g_strdup (path);
}

static int
run (const Files *files, char **out, char **err)
{
  const char *argv[] = { g_getenv ("PENUMBRA_CLI"),
                         "step",
                         "--config",
                         files->config,
                         "--weights",
                         files->weights,
                         "--batches",
                         files->batches,
                         "--out",
                         files->out,
                         files->teacher ? "--teacher" : NULL,
                         files->teacher,
                         NULL };
  return command_spawn (NULL, argv, out, err);
}

static NnTensorFile *
run_well (const Files *files)
{
  g_autofree char *out = NULL, *err = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (run (files, &out, &err), ==, 0);
  g_assert_cmpstr (err, ==, "");
  NnTensorFile *results = nn_tensor_file_open (files->out, &error);
  g_assert_no_error (error);
  return results;
}

/* One line on stderr with each of the words, nothing written. */
static void
run_badly (const Files *files, int status, const char *const *words)
{
  g_autofree char *out = NULL, *err = NULL;

  g_assert_cmpint (run (files, &out, &err), ==, status);
  g_assert_cmpstr (out, ==, "");
  g_assert_true (g_str_has_prefix (err, "penumbra-cli step: "));
  g_assert_true (strchr (err, '\n') == err + strlen (err) - 1);
  for (; *words; words++)
    if (!strstr (err, *words))
      g_error ("expected \"%s\": %s", *words, err);
  g_assert_false (g_file_test (files->out, G_FILE_TEST_EXISTS));
}

/* Everything that the reference has is written, and nothing else. */
static void
test_fixture (gconstpointer name)
{
  g_auto (Files) files = { 0 };
  g_autoptr (Fixture) fixture = g_new0 (Fixture, 1);
  g_autofree char *expected = fixture_file (name, "expected.safetensors");

  files_init (&files, name);
  g_autoptr (NnTensorFile) results = run_well (&files);
  fixture->folder = fixture_folder (name);
  fixture->expected = nn_tensor_file_open (expected, NULL);
  g_assert_cmpuint (nn_tensor_file_count (results), ==, nn_tensor_file_count (fixture->expected));
  for (guint i = 0; i < nn_tensor_file_count (results); i++)
    {
      const NnFileTensor *got = nn_tensor_file_get (results, i);
      const NnFileTensor *want = nn_tensor_file_find (fixture->expected, got->name);
      g_autofree void *values = g_memdup2 (got->data, got->bytes);
      g_assert_nonnull (want);
      g_assert_cmpint (got->dtype, ==, want->dtype);
      g_assert_cmpint (got->rank, ==, want->rank);
      for (int d = 0; d < got->rank; d++)
        g_assert_cmpint (got->shape[d], ==, want->shape[d]);
      fixture_agree (fixture, got->name, values);
    }
  g_assert_cmpint (g_unlink (files.out), ==, 0);
}

static float
number (const NnTensorFile *file, const char *name)
{
  float value;

  g_assert_true (nn_tensor_file_read_f32 (file, name, &value, 1, NULL));
  return value;
}

/* Without --teacher the teacher is a copy: at keep rate 1 there is nothing to teach, to the bit. */
static void
test_copied_teacher (void)
{
  g_auto (Files) files = { 0 };

  files_init (&files, "tiny-full");
  g_clear_pointer (&files.teacher, g_free);
  g_autoptr (NnTensorFile) results = run_well (&files);
  const NnFileTensor *student = nn_tensor_file_find (results, "image_features");
  const NnFileTensor *teacher = nn_tensor_file_find (results, "teacher_image_features");
  g_assert_cmpmem (student->data, student->bytes, teacher->data, teacher->bytes);
  g_assert_cmpfloat (number (results, "distillation_loss"), ==, 0);
  g_assert_cmpint (g_unlink (files.out), ==, 0);
}

/* A config written from the fixture's with one piece of text replaced. */
static char *
edit_config (const char *name, const char *from, const char *to)
{
  g_autofree char *path = fixture_file (name, "config.json"), *json = NULL;
  char *edited = g_build_filename (folder, "config.json", NULL);

  g_assert_true (g_file_get_contents (path, &json, NULL, NULL));
  g_autoptr (GString) text = g_string_new (json);
  g_assert_cmpuint (g_string_replace (text, from, to, 1), ==, 1);
  g_assert_true (g_file_set_contents (edited, text->str, -1, NULL));
  return edited;
}

static void
test_no_teacher (void)
{
  g_auto (Files) files = { 0 };

  files_init (&files, "odd-patch");
  g_free (files.config);
  files.config = edit_config ("odd-patch", "\"momentum\",", "\"none\",");
  g_clear_pointer (&files.teacher, g_free);
  g_autoptr (NnTensorFile) results = run_well (&files);
  for (guint i = 0; i < nn_tensor_file_count (results); i++)
    g_assert_false (g_str_has_prefix (nn_tensor_file_get (results, i)->name, "teacher"));
  g_assert_cmpfloat (number (results, "distillation_loss"), ==, 0);
  g_assert_cmpfloat (number (results, "loss"), ==, number (results, "contrastive_loss"));
  g_assert_cmpint (g_unlink (files.out), ==, 0);
}

/* The fixture's batches with ids of another value, without a tensor, or with pictures cut off. */
typedef struct
{
  const char *without; /* name */
  gint32 id;           /* put into tokens.0, if not 0 */
  gboolean flat;       /* image.0 has another shape */
} Spoil;

static char *
spoil_batches (const char *name, const Spoil *spoil)
{
  g_autofree char *path = fixture_file (name, "batches.safetensors");
  char *spoilt = g_build_filename (folder, "batches.safetensors", NULL);
  g_autoptr (NnTensorFile) file = nn_tensor_file_open (path, NULL);
  g_autoptr (NnTensorWriter) writer = nn_tensor_writer_new ();
  g_autofree gint32 *ids = NULL;

  for (guint i = 0; i < nn_tensor_file_count (file); i++)
    {
      const NnFileTensor *tensor = nn_tensor_file_get (file, i);
      const gint64 flat[] = { tensor->shape[0], (gint64) tensor->elements / tensor->shape[0] };
      const gboolean turned = spoil->flat && strcmp (tensor->name, "image.0") == 0;
      gconstpointer data = tensor->data;
      if (g_strcmp0 (tensor->name, spoil->without) == 0)
        continue;
      if (spoil->id && strcmp (tensor->name, "tokens.0") == 0)
        {
          ids = g_memdup2 (tensor->data, tensor->bytes);
          ids[tensor->elements - 2] = spoil->id;
          data = ids;
        }
      nn_tensor_writer_add (writer, tensor->name, tensor->dtype, turned ? 2 : tensor->rank,
                            turned ? flat : tensor->shape, data);
    }
  g_assert_true (nn_tensor_writer_save (writer, spoilt, NULL));
  return spoilt;
}

static void
test_bad_batches (void)
{
  static const struct
  {
    Spoil spoil;
    const char *words[4];
  } cases[] = {
    { { .id = 21 }, { "tokens.0", "21", "vocab_size", NULL } },
    { { .id = -1 }, { "tokens.0", "-1", "vocab_size", NULL } },
    { { .without = "image.0" }, { "batches.safetensors", "image.0", NULL } },
    { { .without = "tokens.0" }, { "batches.safetensors", "tokens.0", NULL } },
    { { .flat = TRUE }, { "batches.safetensors", "image.0", NULL } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (Files) files = { 0 };
      files_init (&files, "odd-patch");
      g_free (files.batches);
      files.batches = spoil_batches ("odd-patch", &cases[i].spoil);
      run_badly (&files, 1, cases[i].words);
    }
}

static void
test_bad_files (void)
{
  const char *const mismatch[] = { "weights.safetensors", "positional_embedding", NULL };
  const char *const pictures[] = { "batches.safetensors", "image.0", NULL };
  const char *const absent[] = { "absent.safetensors", NULL };
  const char *const unwritable[] = { "/absent/out.safetensors", NULL };
  const char *const field[] = { "config.json", "keep_rate", "1.5", NULL };
  const char *const missing[] = { "--weights", NULL };
  g_autofree char *other = fixture_file ("tiny-full", "weights.safetensors");
  g_autofree char *others = fixture_file ("tiny-full", "batches.safetensors");
  const struct
  {
    gsize member;
    const char *value;
    int status;
    const char *const *words;
  } cases[] = {
    { G_STRUCT_OFFSET (Files, weights), other, 1, mismatch },
    { G_STRUCT_OFFSET (Files, teacher), "absent.safetensors", 1, absent },
    { G_STRUCT_OFFSET (Files, batches), others, 1, pictures },
    { G_STRUCT_OFFSET (Files, batches), "absent.safetensors", 1, absent },
    { G_STRUCT_OFFSET (Files, config), "absent.safetensors", 2, absent },
    { G_STRUCT_OFFSET (Files, out), "/absent/out.safetensors", 1, unwritable },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (Files) files = { 0 };
      files_init (&files, "odd-patch");
      replace (G_STRUCT_MEMBER_P (&files, cases[i].member), cases[i].value);
      run_badly (&files, cases[i].status, cases[i].words);
    }

  g_auto (Files) wrong = { 0 };
  files_init (&wrong, "odd-patch");
  g_free (wrong.config);
  wrong.config = edit_config ("odd-patch", "\"keep_rate\": 0.6", "\"keep_rate\": 1.5");
  run_badly (&wrong, 2, field);
  g_autofree char *err = NULL;
  g_assert_cmpint (command_run (NULL, "step --config x", NULL, &err), ==, 2);
  g_assert_nonnull (strstr (err, missing[0]));
}

int
main (int argc, char **argv)
{
  static const char *const names[] = { "tiny-full", "tiny-evit", "odd-patch", "odd-shrink" };
  int status;

  g_test_init (&argc, &argv, NULL);
  folder = temporary_folder ();
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_strconcat ("/cmd-step/", names[i], NULL);
      g_test_add_data_func (path, names[i], test_fixture);
    }
  g_test_add_func ("/cmd-step/copied-teacher", test_copied_teacher);
  g_test_add_func ("/cmd-step/no-teacher", test_no_teacher);
  g_test_add_func ("/cmd-step/bad-batches", test_bad_batches);
  g_test_add_func ("/cmd-step/bad-files", test_bad_files);
  status = g_test_run ();
  temporary_remove (folder);
  g_free (folder);
  return status;
}
