/* Text cleaning, byte-pair encoding against open_clip's ids, training, vocabulary files. */
#include "models/data/bpe.h"
#include "models/data/text.h"

#include <cjson/cJSON.h>
#include <glib/gstdio.h>
#include <string.h>

static DataBpe *
openai_vocabulary (void)
{
  g_autofree char *path =
      g_test_build_filename (G_TEST_DIST, "fixtures", "bpe_simple_vocab_16e6.txt.gz", NULL);
  g_autoptr (GError) error = NULL;
  DataBpe *bpe = data_bpe_new_from_path (path, &error);

  g_assert_no_error (error);
  return bpe;
}

/* Cleaned TEXT as UTF-8. */
static char *
clean (const char *utf8)
{
  DataText text;
  char *cleaned;

  data_text_init (&text, utf8, -1);
  cleaned = g_ucs4_to_utf8 (text.chars, (glong) text.length, NULL, NULL, NULL);
  data_text_clear (&text);
  return cleaned;
}

/* The words of TEXT, joined by "|". */
static char *
split (const char *utf8)
{
  GString *words = g_string_new (NULL);
  const gunichar *chars;
  DataText text;
  gsize n;

  data_text_init (&text, utf8, -1);
  while (data_text_next (&text, &chars, &n) != DATA_WORD_NONE)
    {
      g_autofree char *word = g_ucs4_to_utf8 (chars, (glong) n, NULL, NULL, NULL);

      g_string_append_printf (words, "%s%s", words->len > 0 ? "|" : "", word);
    }
  data_text_clear (&text);
  return g_string_free (words, FALSE);
}

typedef struct
{
  const char *in, *out;
} Case;

static void
check_cases (const Case *cases, gsize n, char *(*function) (const char *) )
{
  for (gsize i = 0; i < n; i++)
    {
      g_autofree char *out = function (cases[i].in);

      g_assert_cmpstr (out, ==, cases[i].out);
    }
}

/* Expected values are Python's: html.unescape twice, " ".join (split ()), lower (). */
static void
test_clean (void)
{
  static const Case cases[] = {
    { "", "" },
    { " \t\r\n ", "" },
    { "  A  B\xc2\xa0 C\xe3\x80\x80", "a b c" },
    { "fish &amp; chips", "fish & chips" },
    { "&amp;lt;b&amp;gt;", "<b>" },
    { "&amp;amp;amp;", "&amp;" },
    { "&ampx &notit; &notin; &zzz; & &", "&x \xc2\xacit; \xe2\x88\x89 &zzz; & &" },
    { "&#65;&#x42;&#X43;&#68 &#x45", "abcd e" },
    { "&#0;&#xd800;&#x110000;&#99999999999999999999;", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
                                                       "\xef\xbf\xbd" },
    { "&#128;&#x99;x&#1;&#xfffe;y&#127;z&#xfdd0;", "\xe2\x82\xac\xe2\x84\xa2xyz" },
    { "&#; &#x; &#xg; &# &", "&#; &#x; &#xg; &# &" },
    { "&CounterClockwiseContourIntegral;&nGt;", "\xe2\x88\xb3\xe2\x89\xab\xe2\x83\x92" },
    { "\xce\x9f\xce\x94\xce\x9f\xce\xa3 \xce\xa3", "\xce\xbf\xce\xb4\xce\xbf\xcf\x82 \xcf\x83" },
    { "\xce\x91\xce\xa3'\xce\x91 \xce\x91\xce\xa3'",
      "\xce\xb1\xcf\x83'\xce\xb1 \xce\xb1\xcf\x82'" },
    { "\xc4\xb0I\xc3\x84\xc7\x85", "i\xcc\x87i\xc3\xa4\xc7\x86" },
    { "a\xff"
      "b\xe2\x82",
      "a\xef\xbf\xbd"
      "b\xef\xbf\xbd\xef\xbf\xbd" },
  };

  check_cases (cases, G_N_ELEMENTS (cases), clean);
}

static void
test_split (void)
{
  static const Case cases[] = {
    { "It's we're I'll DON'T x'da", "it|'s|we|'re|i|'ll|don|'t|x|'d|a" },
    { "abc123 4.5!? --x--", "abc|1|2|3|4|.|5|!?|--|x|--" },
    { "a!'s", "a|!'|s" },
    { "o'\xc5\xbf", "o|'\xc5\xbf" },
    { "<start_of_text>a<end_of_text>", "<start_of_text>|a|<end_of_text>" },
    { "!<end_of_text>", "!<|end|_|of|_|text|>" },
    { "e\xcc\x81t\xc3\xa9", "e|\xcc\x81|t\xc3\xa9" },
    { "\xe2\x85\xa7\xc2\xb2\xe6\x97\xa5\xe6\x9c\xac",
      "\xe2\x85\xb7|\xc2\xb2|\xe6\x97\xa5\xe6\x9c\xac" },
  };

  check_cases (cases, G_N_ELEMENTS (cases), split);
}

static void
test_reference (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "tokenizer.json", NULL);
  g_autofree char *json = NULL;
  g_autoptr (DataBpe) bpe = openai_vocabulary ();
  cJSON *list, *entry;
  guint n = 0;

  g_assert_true (g_file_get_contents (path, &json, NULL, NULL));
  g_assert_cmpuint (data_bpe_get_size (bpe), ==, 49408);
  g_assert_cmpstr (data_bpe_get_symbol (bpe, 320), ==, "a</w>");
  list = cJSON_Parse (json);
  g_assert_true (cJSON_IsArray (list));
  cJSON_ArrayForEach (entry, list)
  {
    const cJSON *tokens = cJSON_GetObjectItem (entry, "tokens");
    const char *text = cJSON_GetObjectItem (entry, "text")->valuestring;
    gint32 ids[77];
    guint end = data_bpe_encode (bpe, ids, text, -1, 77);

    g_assert_cmpint (cJSON_GetArraySize (tokens), ==, 77);
    for (int i = 0; i < 77; i++)
      g_assert_cmpint (ids[i], ==, cJSON_GetArrayItem (tokens, i)->valueint);
    g_assert_cmpint (ids[end], ==, 49407);
    n++;
  }
  g_assert_cmpuint (n, >, 10);
  cJSON_Delete (list);
}

static void
test_context (void)
{
  g_autoptr (DataBpe) bpe = openai_vocabulary ();
  gint32 ids[8];

  g_assert_cmpuint (data_bpe_encode (bpe, ids, "a a a a a a a a a", -1, 4), ==, 3);
  g_assert_cmpint (ids[0], ==, 49406);
  g_assert_cmpint (ids[2], ==, 320);
  g_assert_cmpint (ids[3], ==, 49407);
  g_assert_cmpuint (data_bpe_encode (bpe, ids, "a a", -1, 4), ==, 3);
  g_assert_cmpint (ids[2], ==, 320);
  g_assert_cmpuint (data_bpe_encode (bpe, ids, "a", -1, 1), ==, 0);
  g_assert_cmpint (ids[0], ==, 49407);
  g_assert_cmpuint (data_bpe_encode (bpe, ids, "a aXYZ", 1, 8), ==, 2);
  g_assert_cmpuint (data_bpe_encode (bpe, ids, "a <end_of_text> a", -1, 8), ==, 2);
  g_assert_cmpint (ids[3], ==, 320);
  g_assert_cmpint (ids[4], ==, 49407);
}

/* A word of two million letters, and one of two million signs, within moments. */
static void
test_long_word (void)
{
  g_autoptr (DataBpe) bpe = openai_vocabulary ();
  gsize length = 2000 * 1000;
  g_autofree char *text = g_malloc (length);

  for (guint round = 0; round < 2; round++)
    {
      gint64 start = g_get_monotonic_time ();
      g_autoptr (GArray) ids = NULL;
      g_autofree char *decoded = NULL;

      memset (text, round == 0 ? 'a' : '&', length);
      ids = data_bpe_encode_all (bpe, text, (gssize) length);
      decoded = data_bpe_decode (bpe, (const gint32 *) (void *) ids->data, ids->len);
      g_assert_cmpuint (strlen (decoded), ==, length);
      g_assert_true (memcmp (decoded, text, length) == 0);
      g_assert_cmpint (g_get_monotonic_time () - start, <, 30 * G_USEC_PER_SEC);
    }
}

static const char *const captions[] = {
  "low low low low low",
  "lower lower",
  "newest newest newest newest newest newest",
  "widest widest widest",
  "a red circle, a blue square",
  "a red square & a blue circle",
  "caf\xc3\xa9 aaaa aaaa aaa",
  "it's it's",
};

static char *
make_folder (void)
{
  g_autoptr (GError) error = NULL;
  char *dir = g_dir_make_tmp ("penumbra-bpe-XXXXXX", &error);

  g_assert_no_error (error);
  return dir;
}

static void
remove_folder (const char *dir)
{
  static const char *const names[] = { "vocab.json", "merges.txt", "other.txt" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (dir, names[i], NULL);

      g_remove (path);
    }
  g_assert_cmpint (g_rmdir (dir), ==, 0);
}

static void
write_file (const char *dir, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (dir, name, NULL);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

/* Merges by hand: 9 "es", 9 "est", 7 "lo", 6 "ew" before 6 "n" + "ew" by id. */
static void
test_train (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DataBpe) bpe = data_bpe_train (captions, 4, 514 + 5, &error);
  g_autoptr (DataBpe) backwards = NULL;
  const char *turned[] = { captions[3], captions[2], captions[1], captions[0] };

  g_assert_no_error (error);
  g_assert_cmpuint (data_bpe_get_size (bpe), ==, 519);
  g_assert_cmpstr (data_bpe_get_symbol (bpe, 512), ==, "es");
  g_assert_cmpstr (data_bpe_get_symbol (bpe, 513), ==, "est</w>");
  g_assert_cmpstr (data_bpe_get_symbol (bpe, 514), ==, "lo");
  g_assert_cmpstr (data_bpe_get_symbol (bpe, 515), ==, "ew");
  g_assert_cmpstr (data_bpe_get_symbol (bpe, 516), ==, "new");
  backwards = data_bpe_train (turned, 4, 519, &error);
  for (gint32 id = 512; id < 519; id++)
    g_assert_cmpstr (data_bpe_get_symbol (bpe, id), ==, data_bpe_get_symbol (backwards, id));

  g_assert_null (data_bpe_train (captions, 4, 513, &error));
  g_assert_error (error, DATA_BPE_ERROR, DATA_BPE_ERROR_TRAIN);
  g_assert_nonnull (strstr (error->message, "513"));
}

static void
test_round_trip (void)
{
  g_autofree char *dir = make_folder ();
  g_autoptr (GError) error = NULL;
  g_autoptr (DataBpe) bpe = data_bpe_train (captions, G_N_ELEMENTS (captions), 4096, &error),
                      again = NULL;

  /* The corpus runs out of pairs that occur twice long before 4,096. */
  g_assert_no_error (error);
  g_assert_cmpuint (data_bpe_get_size (bpe), >, 530);
  g_assert_cmpuint (data_bpe_get_size (bpe), <, 700);
  g_assert_true (data_bpe_save (bpe, dir, &error));
  again = data_bpe_new_from_path (dir, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (data_bpe_get_size (again), ==, data_bpe_get_size (bpe));

  for (gsize i = 0; i < G_N_ELEMENTS (captions); i++)
    {
      gint32 one[32], other[32];
      g_autofree char *cleaned = split (captions[i]), *decoded = NULL;

      data_bpe_encode (bpe, one, captions[i], -1, 32);
      data_bpe_encode (again, other, captions[i], -1, 32);
      g_assert_cmpmem (one, sizeof one, other, sizeof other);
      g_assert_cmpint (one[0], ==, (gint32) data_bpe_get_size (bpe) - 2);
      decoded = g_strdelimit (data_bpe_decode (again, one, 32), " ", '|');
      g_assert_cmpstr (decoded, ==, cleaned);
    }
  remove_folder (dir);
}

/* Start and end are the tokenizer's own last ids, so the end is the largest id of any text. */
static void
test_check_vocab (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DataBpe) bpe = data_bpe_train (captions, 4, 520, NULL);
  gint32 ids[16];
  guint end = data_bpe_encode (bpe, ids, "anything, \xe6\x97\xa5 9", -1, 16);

  g_assert_true (data_bpe_check_vocab (bpe, 520, &error));
  g_assert_true (data_bpe_check_vocab (bpe, 4096, &error));
  g_assert_false (data_bpe_check_vocab (bpe, 519, &error));
  g_assert_error (error, DATA_BPE_ERROR, DATA_BPE_ERROR_VOCAB);
  g_assert_nonnull (strstr (error->message, "520"));
  g_assert_nonnull (strstr (error->message, "519"));
  for (guint i = 0; i < 16; i++)
    g_assert_true (i == end || ids[i] < ids[end]);
}

static void
expect_error (const char *path, const char *part)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DataBpe) bpe = data_bpe_new_from_path (path, &error);

  g_assert_null (bpe);
  g_assert_nonnull (error);
  g_assert_null (strchr (error->message, '\n'));
  if (strstr (error->message, part) == NULL)
    g_error ("expected \"%s\" in: %s", part, error->message);
}

static void
test_malformed (void)
{
  static const Case cases[] = {
    { "#version: 0.2\na b\nnoblank\n", "line 3" },
    { "a b\n\nb c\n", "line 2" },
    { "a b c\n", "line 1" },
    { " b\n", "line 1" },
    { "a \n", "line 1" },
    { "#version: 0.2\na b\nab zz\n", "line 3" },
    { "a \xff\n", "UTF-8" },
    { "\x1f\x8b\x08garbage", "decompress" },
  };
  g_autofree char *dir = make_folder ();
  g_autofree char *path = g_build_filename (dir, "other.txt", NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      write_file (dir, "other.txt", cases[i].in);
      expect_error (path, cases[i].out);
    }
  expect_error ("/nowhere/merges.txt", "nowhere");
  expect_error (dir, "merges.txt");
  write_file (dir, "merges.txt", "#version: 0.2\na b\n");
  expect_error (dir, "vocab.json");
  write_file (dir, "vocab.json", "[1, 2]");
  expect_error (dir, "JSON object");
  write_file (dir, "vocab.json", "{\"a\": 3}");
  expect_error (dir, "belong together");
  write_file (dir, "vocab.json", "{\"a\": -1e300}");
  expect_error (dir, "belong together");
  write_file (dir, "vocab.json", "{\"!\": 0}");
  expect_error (dir, "has 1 ids");
  remove_folder (dir);
}

/* Two merges that spell one symbol: as in Python's dictionary the later id stands for both. */
static void
test_same_symbol (void)
{
  g_autofree char *dir = make_folder ();
  g_autofree char *path = g_build_filename (dir, "other.txt", NULL);
  g_autoptr (DataBpe) bpe = NULL;
  g_autoptr (GArray) ids = NULL;
  g_autofree char *decoded = NULL;

  write_file (dir, "other.txt", "a b\nab c\nabc d</w>\nb c\na bc\n");
  bpe = data_bpe_new_from_path (path, NULL);
  g_assert_nonnull (bpe);
  ids = data_bpe_encode_all (bpe, "abcx abcd", -1);
  g_assert_cmpuint (ids->len, ==, 3);
  g_assert_cmpint (g_array_index (ids, gint32, 0), ==, 516);
  g_assert_cmpint (g_array_index (ids, gint32, 2), ==, 514);
  decoded = data_bpe_decode (bpe, (const gint32 *) (void *) ids->data, ids->len);
  g_assert_cmpstr (decoded, ==, "abcx abcd");
  remove_folder (dir);
}

/* Seven thousand captions and 3,582 merges take a moment, not a minute. */
static void
test_train_speed (void)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);
  g_autoptr (DataBpe) bpe = NULL;
  gint64 start;

  for (guint i = 0; i < 7000; i++)
    {
      GString *text = g_string_new (NULL);

      for (guint word = 0; word < 12; word++)
        {
          guint number = (guint) g_rand_int_range (rand, 1, 5000), length = 3 + number % 9;

          for (guint c = 0; c < length; c++, number = number * 1103515245 + 12345)
            g_string_append_c (text, (char) ('a' + (number >> 16) % 26));
          g_string_append_c (text, ' ');
        }
      g_ptr_array_add (texts, g_string_free (text, FALSE));
    }
  start = g_get_monotonic_time ();
  bpe = data_bpe_train ((const char *const *) texts->pdata, texts->len, 4096, NULL);
  g_assert_cmpuint (data_bpe_get_size (bpe), ==, 4096);
  g_test_message ("trained in %.3f s", (double) (g_get_monotonic_time () - start) / 1e6);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 20 * G_USEC_PER_SEC);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bpe/clean", test_clean);
  g_test_add_func ("/bpe/split", test_split);
  g_test_add_func ("/bpe/reference", test_reference);
  g_test_add_func ("/bpe/context", test_context);
  g_test_add_func ("/bpe/long-word", test_long_word);
  g_test_add_func ("/bpe/train", test_train);
  g_test_add_func ("/bpe/round-trip", test_round_trip);
  g_test_add_func ("/bpe/check-vocab", test_check_vocab);
  g_test_add_func ("/bpe/malformed", test_malformed);
  g_test_add_func ("/bpe/same-symbol", test_same_symbol);
  g_test_add_func ("/bpe/train-speed", test_train_speed);
  return g_test_run ();
}
