/* Safetensors: what is written is read back, and no file, however wrong, is believed. */
#include "models/nn/safetensors.h"

#include "tests/temporary.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *folder;

static char *
in_folder (const char *name)
{
  return g_build_filename (folder, name, NULL);
}

static void
write_bytes (const char *path, const char *header, guint64 length, gsize data)
{
  g_autoptr (GString) file = g_string_new (NULL);

  length = GUINT64_TO_LE (length);
  g_string_append_len (file, (const char *) &length, 8);
  g_string_append (file, header);
  for (gsize i = 0; i < data; i++)
    g_string_append_c (file, (char) i);
  g_assert_true (g_file_set_contents (path, file->str, (gssize) file->len, NULL));
}

static NnTensorWriter *
make_writer (const float *weights, const gint32 *ids, const float *scale)
{
  NnTensorWriter *writer = nn_tensor_writer_new ();

  nn_tensor_writer_add_metadata (writer, "step", "11");
  nn_tensor_writer_add_metadata (writer, "step", "12");
  nn_tensor_writer_add_metadata (writer, "config", "{\"a\": \"b\\\\\"}\n");
  nn_tensor_writer_add (writer, "weights \"x\"", NN_DTYPE_F32, 2, (gint64[]){ 2, 3 }, weights);
  nn_tensor_writer_add (writer, "ids", NN_DTYPE_I32, 1, (gint64[]){ 5 }, ids);
  nn_tensor_writer_add (writer, "none", NN_DTYPE_F32, 2, (gint64[]){ 0, 4 }, NULL);
  nn_tensor_writer_add (writer, "scale", NN_DTYPE_F32, 0, NULL, scale);
  return writer;
}

static const float weights[6] = { 1, -2, 3.5f, 0, INFINITY, 1e-30f };
static const gint32 ids[5] = { 1, 2, -3, G_MAXINT32, G_MININT32 };
static const float scale = 2.5f;

static void
test_round_trip (void)
{
  g_autofree char *path = in_folder ("a.safetensors");
  g_autoptr (NnTensorWriter) writer = make_writer (weights, ids, &scale);
  GError *error = NULL;
  float floats[6];
  gint32 wholes[5];

  g_assert_true (nn_tensor_writer_save (writer, path, &error));
  g_assert_no_error (error);
  g_autoptr (NnTensorFile) file = nn_tensor_file_open (path, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (nn_tensor_file_count (file), ==, 4);
  g_assert_cmpstr (nn_tensor_file_get (file, 0)->name, ==, "weights \"x\"");
  g_assert_cmpstr (nn_tensor_file_metadata (file, "step"), ==, "12");
  g_assert_cmpstr (nn_tensor_file_metadata (file, "config"), ==, "{\"a\": \"b\\\\\"}\n");
  g_assert_null (nn_tensor_file_metadata (file, "absent"));
  g_assert_true (nn_tensor_file_read_f32 (file, "weights \"x\"", floats, 6, &error));
  g_assert_cmpmem (floats, sizeof floats, weights, sizeof weights);
  g_assert_true (nn_tensor_file_read_i32 (file, "ids", wholes, 5, &error));
  g_assert_cmpmem (wholes, sizeof wholes, ids, sizeof ids);
  g_assert_true (nn_tensor_file_read_f32 (file, "scale", floats, 1, &error));
  g_assert_cmpfloat (floats[0], ==, 2.5f);
  g_assert_true (nn_tensor_file_read_f32 (file, "none", NULL, 0, &error));
  g_assert_cmpint (nn_tensor_file_find (file, "scale")->rank, ==, 0);
  g_assert_null (nn_tensor_file_find (file, "weights"));
}

static void
test_same_bytes (void)
{
  g_autofree char *first = in_folder ("b1.safetensors");
  g_autofree char *second = in_folder ("b2.safetensors");
  g_autoptr (NnTensorWriter) whole = make_writer (weights, ids, &scale);
  g_autoptr (NnTensorWriter) streamed = make_writer (NULL, NULL, NULL);
  g_autofree char *a = NULL, *b = NULL;
  gsize a_length, b_length;

  g_assert_true (nn_tensor_writer_save (whole, first, NULL));
  g_assert_true (nn_tensor_writer_begin (streamed, second, NULL));
  g_assert_true (nn_tensor_writer_write (streamed, weights, 7, NULL));
  g_assert_true (nn_tensor_writer_write (streamed, (const char *) weights + 7, 17, NULL));
  g_assert_true (nn_tensor_writer_write (streamed, ids, sizeof ids, NULL));
  g_assert_true (nn_tensor_writer_write (streamed, &scale, 4, NULL));
  g_assert_false (g_file_test (second, G_FILE_TEST_EXISTS));
  g_assert_true (nn_tensor_writer_commit (streamed, NULL));
  g_assert_true (g_file_get_contents (first, &a, &a_length, NULL));
  g_assert_true (g_file_get_contents (second, &b, &b_length, NULL));
  g_assert_cmpmem (a, a_length, b, b_length);
  g_assert_cmpint (a[0] % 8, ==, 0);
}

static void
test_expect (void)
{
  g_autofree char *path = in_folder ("c.safetensors");
  g_autoptr (NnTensorWriter) writer = make_writer (weights, ids, &scale);
  g_autoptr (GError) error = NULL;
  float floats[6];
  gint32 wholes[6];

  g_assert_true (nn_tensor_writer_save (writer, path, NULL));
  g_autoptr (NnTensorFile) file = nn_tensor_file_open (path, NULL);
  g_assert_nonnull (nn_tensor_file_expect (file, "ids", 1, (gint64[]){ 5 }, &error));
  g_assert_nonnull (nn_tensor_file_expect (file, "scale", 0, NULL, &error));
  g_assert_null (nn_tensor_file_expect (file, "ids", 2, (gint64[]){ 5, 1 }, &error));
  g_assert_error (error, NN_TENSOR_FILE_ERROR, NN_TENSOR_FILE_ERROR_MISMATCH);
  g_assert_nonnull (strstr (error->message, "'ids' of shape [5], the config asks for [5,1]"));
  g_clear_error (&error);
  g_assert_null (nn_tensor_file_expect (file, "absent", -1, NULL, &error));
  g_assert_error (error, NN_TENSOR_FILE_ERROR, NN_TENSOR_FILE_ERROR_MISSING);
  g_clear_error (&error);
  g_assert_false (nn_tensor_file_read_i32 (file, "ids", wholes, 6, &error));
  g_assert_error (error, NN_TENSOR_FILE_ERROR, NN_TENSOR_FILE_ERROR_MISMATCH);
  g_clear_error (&error);
  g_assert_false (nn_tensor_file_read_f32 (file, "ids", floats, 5, &error));
  g_assert_nonnull (strstr (error->message, "wanted are 5 floating numbers"));
}

static void
test_conversions (void)
{
  static const guint16 halves[] = { 0x3c00, 0xc000, 0x0001, 0x7c00, 0x7e00, 0x0000 };
  static const guint16 brains[] = { 0x3f80, 0xc000, 0x7f80 };
  static const double wide[] = { 0.5, -1e10 };
  static const gint64 longs[] = { 5, -6, (gint64) G_MAXINT32 + 1 };
  static const gint8 bytes[] = { -1, 127 };
  g_autofree char *path = in_folder ("d.safetensors");
  g_autoptr (NnTensorWriter) writer = nn_tensor_writer_new ();
  g_autoptr (GError) error = NULL;
  float out[6];
  gint32 wholes[3];

  nn_tensor_writer_add (writer, "half", NN_DTYPE_F16, 1, (gint64[]){ 6 }, halves);
  nn_tensor_writer_add (writer, "brain", NN_DTYPE_BF16, 1, (gint64[]){ 3 }, brains);
  nn_tensor_writer_add (writer, "byte", NN_DTYPE_I8, 1, (gint64[]){ 2 }, bytes);
  nn_tensor_writer_add (writer, "wide", NN_DTYPE_F64, 1, (gint64[]){ 2 }, wide);
  nn_tensor_writer_add (writer, "long", NN_DTYPE_I64, 1, (gint64[]){ 3 }, longs);
  nn_tensor_writer_add (writer, "short", NN_DTYPE_I64, 1, (gint64[]){ 2 }, longs);
  g_assert_true (nn_tensor_writer_save (writer, path, NULL));
  g_autoptr (NnTensorFile) file = nn_tensor_file_open (path, NULL);
  g_assert_true (nn_tensor_file_read_f32 (file, "half", out, 6, NULL));
  g_assert_true (out[0] == 1 && out[1] == -2 && out[2] == ldexpf (1, -24) && isinf (out[3])
                 && isnan (out[4]) && out[5] == 0);
  g_assert_true (nn_tensor_file_read_f32 (file, "brain", out, 3, NULL));
  g_assert_true (out[0] == 1 && out[1] == -2 && isinf (out[2]));
  g_assert_true (nn_tensor_file_read_f32 (file, "wide", out, 2, NULL));
  g_assert_true (out[0] == 0.5f && out[1] == -1e10f);
  g_assert_true (nn_tensor_file_read_i32 (file, "byte", wholes, 2, NULL));
  g_assert_true (wholes[0] == -1 && wholes[1] == 127);
  g_assert_true (nn_tensor_file_read_i32 (file, "short", wholes, 2, NULL));
  g_assert_true (wholes[0] == 5 && wholes[1] == -6);
  g_assert_false (nn_tensor_file_read_i32 (file, "long", wholes, 3, &error));
  g_assert_nonnull (strstr (error->message, "2147483648 in 'long', which does not fit"));
}

typedef struct
{
  const char *header;
  gint64 length; /* -1: the header's own */
  gsize data;
  const char *message; /* NULL: a good file */
} Case;

#define T(name, dtype, shape, begin, end)                                                          \
  "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":[" begin "," end "]" \
  "}"

static const Case cases[] = {
  { "{" T ("a", "F32", "[2]", "0", "8") "}", -1, 8, NULL },
  { "{" T ("a", "F32", "[2]", "0", "8") "}   ", -1, 8, NULL },
  { "{}", -1, 0, NULL },
  { "{" T ("a", "F32", "[2]", "4", "12") "," T ("b", "F32", "[]", "0", "4") "}", -1, 12, NULL },
  { "{}", 1000000, 0, "its header would have 1000000 of 10 bytes" },
  { "{}", 3, 0, "its header would have 3 of 10 bytes" },
  { "{}", G_MAXINT64, 0, "its header would have" },
  { "{}", 0, 0, "its header is not a JSON object" },
  { "", -1, 0, "its header is not a JSON object" },
  { "[]", -1, 0, "its header is not a JSON object" },
  { "{\"a\":", -1, 0, "its header is not JSON" },
  { "{}x", -1, 0, "something follows the header's JSON" },
  { "{\"\xff\":1}", -1, 0, "its header is not a JSON object in UTF-8" },
  { "{\"a\":1}", -1, 0, "entry 'a' does not describe a tensor" },
  { "{" T ("", "F32", "[2]", "0", "8") "}", -1, 8, "does not describe a tensor" },
  { "{\"a\":{}}", -1, 0, "tensor 'a' has no type" },
  { "{" T ("a", "F8_E4M3", "[8]", "0", "8") "}", -1, 8, "tensor 'a' has no type that we read" },
  { "{" T ("a", "f32", "[2]", "0", "8") "}", -1, 8, "tensor 'a' has no type" },
  { "{" T ("a", "F32", "2", "0", "8") "}", -1, 8, "tensor 'a' has no shape" },
  { "{" T ("a", "F32", "[-2]", "0", "8") "}", -1, 8, "tensor 'a' has no shape" },
  { "{" T ("a", "F32", "[2.5]", "0", "8") "}", -1, 8, "tensor 'a' has no shape" },
  { "{" T ("a", "F32", "[\"2\"]", "0", "8") "}", -1, 8, "tensor 'a' has no shape" },
  { "{" T ("a", "F32", "[1,1,1,1,1,1,1,1,2]", "0", "8") "}", -1, 8, "tensor 'a' has no shape" },
  { "{" T ("a", "F32", "[4294967296,4294967296]", "0", "8") "}", -1, 8, "no shape" },
  { "{" T ("a", "F32", "[4294967296,1073741824]", "0", "0") "}", -1, 0, "no shape" },
  { "{" T ("a", "F32", "[1e300]", "0", "8") "}", -1, 8, "tensor 'a' has no shape" },
  { "{" T ("a", "F32", "[2]", "0", "9") "}", -1, 9, "has 9 bytes for a shape of 8" },
  { "{" T ("a", "F32", "[3]", "0", "8") "}", -1, 8, "has 8 bytes for a shape of 12" },
  { "{" T ("a", "F32", "[2]", "8", "0") "}", -1, 8, "tensor 'a' has no byte range" },
  { "{" T ("a", "F32", "[2]", "-8", "0") "}", -1, 8, "tensor 'a' has no byte range" },
  { "{" T ("a", "F32", "[2]", "0", "1e30") "}", -1, 8, "tensor 'a' has no byte range" },
  { "{" T ("a", "F32", "[2]", "0", "8,8") "}", -1, 8, "tensor 'a' has no byte range" },
  { "{" T ("a", "F32", "[2]", "0", "8") "}", -1, 7, "ends at byte 8 of 7, the file is cut short" },
  { "{" T ("a", "F32", "[2]", "4", "12") "}", -1, 12, "tensor 'a' follows a gap" },
  { "{" T ("a", "F32", "[2]", "0", "8") "}", -1, 9, "1 bytes belong to no tensor" },
  { "{" T ("a", "F32", "[2]", "0", "8") "," T ("b", "F32", "[2]", "4", "12") "}", -1, 12,
    "tensor 'b' overlaps another" },
  { "{" T ("a", "F32", "[2]", "0", "8") "," T ("a", "F32", "[2]", "8", "16") "}", -1, 16,
    "tensor 'a' is there twice" },
  { "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"I32\",\"shape\":[],\"data_offsets\":[0,4]}}", -1, 4,
    "tensor 'a' has no type" },
  { "{\"__metadata__\":3}", -1, 0, "its __metadata__ is not one object" },
  { "{\"__metadata__\":{\"a\":3}}", -1, 0, "its __metadata__ has 'a', which is not a text" },
  { "{\"__metadata__\":{},\"__metadata__\":{}}", -1, 0, "its __metadata__ is not one object" },
};

static void
test_hostile (void)
{
  g_autofree char *path = in_folder ("hostile.safetensors");

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      guint64 length = cases[i].length < 0 ? strlen (cases[i].header) : (guint64) cases[i].length;

      write_bytes (path, cases[i].header, length, cases[i].data);
      g_autoptr (NnTensorFile) file = nn_tensor_file_open (path, &error);
      if (cases[i].message == NULL)
        {
          g_assert_no_error (error);
          continue;
        }
      g_assert_null (file);
      g_assert_error (error, NN_TENSOR_FILE_ERROR, NN_TENSOR_FILE_ERROR_FORMAT);
      if (!strstr (error->message, cases[i].message) || !strstr (error->message, path))
        g_error ("case %" G_GSIZE_FORMAT " got: %s\nwant: %s", i, error->message, cases[i].message);
    }
}

/* A good file cut at every byte is never a good file, and every single wrong byte of the header is
 * either refused or harmless. */
static void
test_cut_and_bent (void)
{
  g_autofree char *good = in_folder ("good.safetensors");
  g_autofree char *path = in_folder ("bent.safetensors");
  g_autoptr (NnTensorWriter) writer = make_writer (weights, ids, &scale);
  g_autofree char *bytes = NULL;
  gsize length;

  g_assert_true (nn_tensor_writer_save (writer, good, NULL));
  g_assert_true (g_file_get_contents (good, &bytes, &length, NULL));
  for (gsize cut = 0; cut < length; cut++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_true (g_file_set_contents_full (path, bytes, (gssize) cut, G_FILE_SET_CONTENTS_NONE,
                                               0600, NULL));
      g_assert_null (nn_tensor_file_open (path, &error));
      g_assert_error (error, NN_TENSOR_FILE_ERROR, NN_TENSOR_FILE_ERROR_FORMAT);
    }
  for (gsize at = 0; at < length; at++)
    {
      char was = bytes[at];

      bytes[at] = (char) (was ^ (1 << (at % 8)));
      g_assert_true (g_file_set_contents_full (path, bytes, (gssize) length,
                                               G_FILE_SET_CONTENTS_NONE, 0600, NULL));
      g_autoptr (NnTensorFile) file = nn_tensor_file_open (path, NULL);
      for (guint i = 0; file && i < nn_tensor_file_count (file); i++)
        {
          const NnFileTensor *tensor = nn_tensor_file_get (file, i);
          g_autofree char *copy = g_memdup2 (tensor->data, tensor->bytes);
          (void) copy;
        }
      bytes[at] = was;
    }
}

static void
test_not_files (void)
{
  g_autofree char *absent = in_folder ("absent"), *pipe = in_folder ("pipe");
  g_autoptr (GError) error = NULL;

  g_assert_null (nn_tensor_file_open (absent, &error));
  g_assert_error (error, NN_TENSOR_FILE_ERROR, NN_TENSOR_FILE_ERROR_IO);
  g_clear_error (&error);
  g_assert_null (nn_tensor_file_open (folder, &error));
  g_assert_error (error, NN_TENSOR_FILE_ERROR, NN_TENSOR_FILE_ERROR_FORMAT);
  g_clear_error (&error);
  /* Nobody writes to the pipe: waiting for it would be for ever. */
  g_assert_cmpint (mkfifo (pipe, 0600), ==, 0);
  g_assert_null (nn_tensor_file_open (pipe, &error));
  g_assert_error (error, NN_TENSOR_FILE_ERROR, NN_TENSOR_FILE_ERROR_FORMAT);
}

static void
test_unwritable (void)
{
  g_autofree char *path = in_folder ("no/such/folder.safetensors");
  g_autoptr (NnTensorWriter) writer = make_writer (weights, ids, &scale);
  g_autoptr (GError) error = NULL;

  g_assert_false (nn_tensor_writer_save (writer, path, &error));
  g_assert_error (error, NN_TENSOR_FILE_ERROR, NN_TENSOR_FILE_ERROR_IO);
  g_assert_nonnull (strstr (error->message, path));
}

static void
test_abandoned (void)
{
  g_autofree char *path = in_folder ("e.safetensors");
  g_autofree char *temporary = g_strconcat (path, ".tmp", NULL);
  NnTensorWriter *writer = make_writer (NULL, NULL, NULL);

  g_assert_true (nn_tensor_writer_begin (writer, path, NULL));
  g_assert_true (g_file_test (temporary, G_FILE_TEST_EXISTS));
  nn_tensor_writer_free (writer);
  g_assert_false (g_file_test (temporary, G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
}

static void
test_full_disk (void)
{
  g_autofree char *disk = in_folder ("disk");
  g_autofree char *path = g_build_filename (disk, "f.safetensors", NULL);
  g_autofree char *temporary = g_strconcat (path, ".tmp", NULL);
  g_autofree float *large = g_new0 (float, 100000);
  g_autoptr (NnTensorWriter) small = make_writer (weights, ids, &scale);
  g_autoptr (NnTensorWriter) writer = nn_tensor_writer_new ();
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir (disk, 0700), ==, 0);
  if (!temporary_mount (disk, 64 * 1024))
    return;
  g_assert_true (nn_tensor_writer_save (small, path, NULL));
  nn_tensor_writer_add (writer, "large", NN_DTYPE_F32, 1, (gint64[]){ 100000 }, large);
  g_assert_false (nn_tensor_writer_save (writer, path, &error));
  g_assert_error (error, NN_TENSOR_FILE_ERROR, NN_TENSOR_FILE_ERROR_IO);
  g_assert_nonnull (strstr (error->message, path));
  g_assert_nonnull (strstr (error->message, "free some space"));
  g_assert_false (g_file_test (temporary, G_FILE_TEST_EXISTS));
  g_autoptr (NnTensorFile) old = nn_tensor_file_open (path, NULL);
  g_assert_nonnull (old);
  g_assert_cmpuint (nn_tensor_file_count (old), ==, 4);
  temporary_unmount (disk);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  folder = temporary_folder ();
  g_test_add_func ("/safetensors/round-trip", test_round_trip);
  g_test_add_func ("/safetensors/same-bytes", test_same_bytes);
  g_test_add_func ("/safetensors/expect", test_expect);
  g_test_add_func ("/safetensors/conversions", test_conversions);
  g_test_add_func ("/safetensors/hostile", test_hostile);
  g_test_add_func ("/safetensors/cut-and-bent", test_cut_and_bent);
  g_test_add_func ("/safetensors/not-files", test_not_files);
  g_test_add_func ("/safetensors/unwritable", test_unwritable);
  g_test_add_func ("/safetensors/abandoned", test_abandoned);
  g_test_add_func ("/safetensors/full-disk", test_full_disk);
  int status = g_test_run ();
  temporary_remove (folder);
  g_free (folder);
  return status;
}
