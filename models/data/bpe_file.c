/* Vocabulary files: merges.txt, vocab.json and OpenAI's gzipped list.
 *
 * Facts: the first line of a merges file is a comment with "#version". OpenAI's list holds 262,144
 * merges of which CLIP uses the first 48,894. Where two merges spell one symbol, Python's
 * dictionary gives it the later id; so do we. The ids follow from the merges; vocab.json is checked
 * against them, so that a folder of mixed files is an error and not a silent garble.
 */
#include "models/data/bpe_private.h"

#include <cjson/cJSON.h>
#include <gio/gio.h>
#include <string.h>

#define OPENAI_HEADER "bpe_simple_vocab_16e6"
#define OPENAI_MERGES 48894
#define FILE_MAX_BYTES (64 << 20)

static GString *
gunzip (const char *path, const char *data, gsize length, GError **error)
{
  g_autoptr (GConverter) converter =
      G_CONVERTER (g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP));
  g_autoptr (GInputStream) memory = g_memory_input_stream_new_from_data (data, length, NULL);
  g_autoptr (GInputStream) stream = g_converter_input_stream_new (memory, converter);
  g_autoptr (GString) text = g_string_new (NULL);
  char buffer[16 * 1024];
  gssize got;

  while ((got = g_input_stream_read (stream, buffer, sizeof buffer, NULL, error)) > 0
         && text->len <= FILE_MAX_BYTES)
    g_string_append_len (text, buffer, got);
  if (got < 0)
    {
      g_prefix_error (error, "vocabulary '%s' does not decompress: ", path);
      return NULL;
    }
  return g_steal_pointer (&text);
}

/* The text of a file, gzipped or not, as valid UTF-8. */
static char *
read_text (const char *path, GError **error)
{
  g_autoptr (GMappedFile) file = g_mapped_file_new (path, FALSE, error);
  g_autoptr (GString) text = NULL;
  const char *data;
  gsize length;

  if (file == NULL)
    return NULL;
  data = g_mapped_file_get_contents (file);
  length = g_mapped_file_get_length (file);
  if (length <= FILE_MAX_BYTES && length > 2 && memcmp (data, "\x1f\x8b", 2) == 0)
    text = gunzip (path, data, length, error);
  else
    text = g_string_new_len (data, (gssize) MIN (length, FILE_MAX_BYTES + 1));
  if (text == NULL)
    return NULL;
  if (text->len > FILE_MAX_BYTES || !g_utf8_validate_len (text->str, text->len, NULL))
    {
      g_set_error (error, DATA_BPE_ERROR, DATA_BPE_ERROR_FORMAT,
                   "vocabulary '%s' is not a text file in UTF-8 of at most %d MB", path,
                   FILE_MAX_BYTES >> 20);
      return NULL;
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* A merges file taken apart; the strings point into its text. */
typedef struct
{
  const char *path;
  GPtrArray *lefts, *rights;
  GStringChunk *chunk;
  GPtrArray *spelt; /* in chunk */
  GHashTable *ids;  /* symbol to id + 1 */
  guint first_line; /* of the first merge, from 1 */
} MergesFile;

static gboolean
split_line (MergesFile *file, char *line, guint number, GError **error)
{
  char *blank = strchr (line, ' ');
  g_autofree char *joined = NULL;
  char *spelt;

  if (blank == NULL || blank == line || blank[1] == '\0' || strchr (blank + 1, ' ') != NULL)
    {
      g_set_error (error, DATA_BPE_ERROR, DATA_BPE_ERROR_FORMAT,
                   "'%s' line %u: '%.60s' is not a merge, two symbols with one blank between",
                   file->path, number, line);
      return FALSE;
    }
  *blank = '\0';
  joined = g_strconcat (line, blank + 1, NULL);
  spelt = g_string_chunk_insert (file->chunk, joined);
  g_ptr_array_add (file->lefts, line);
  g_ptr_array_add (file->rights, blank + 1);
  g_hash_table_replace (file->ids, spelt, GUINT_TO_POINTER (BPE_N_BASE + file->spelt->len + 1));
  g_ptr_array_add (file->spelt, spelt);
  return TRUE;
}

static gboolean
split_lines (MergesFile *file, char *text, GError **error)
{
  guint limit = BPE_VOCAB_MAX - BPE_VOCAB_MIN, number = 1;
  char *next = text;

  for (char *line = text; line != NULL; line = next, number++)
    {
      gsize length;

      next = strchr (line, '\n');
      if (next != NULL)
        *next++ = '\0';
      else if (*line == '\0')
        break;
      length = strlen (line);
      if (length > 0 && line[length - 1] == '\r')
        line[length - 1] = '\0';
      if (number == 1 && strstr (line, "#version") != NULL)
        {
          file->first_line = 2;
          if (strstr (line, OPENAI_HEADER) != NULL)
            limit = OPENAI_MERGES;
          continue;
        }
      if (file->spelt->len == limit && limit == OPENAI_MERGES)
        return TRUE;
      if (file->spelt->len == limit)
        {
          g_set_error (error, DATA_BPE_ERROR, DATA_BPE_ERROR_FORMAT,
                       "'%s' has over %u merges, more than any vocabulary we read", file->path,
                       limit);
          return FALSE;
        }
      if (!split_line (file, line, number, error))
        return FALSE;
    }
  return TRUE;
}

/* The id of a symbol, or -1 with an error naming the line. */
static gint64
resolve (const MergesFile *file, const char *symbol, guint merge, GError **error)
{
  guint id = GPOINTER_TO_UINT (g_hash_table_lookup (file->ids, symbol));

  if (id > 0)
    return id - 1;
  g_set_error (error, DATA_BPE_ERROR, DATA_BPE_ERROR_FORMAT,
               "'%s' line %u: symbol '%.60s' is neither a byte nor made by a merge", file->path,
               file->first_line + merge, symbol);
  return -1;
}

static DataBpe *
build (MergesFile *file, GError **error)
{
  guint n = file->spelt->len;
  g_autofree BpeMerge *merges = g_new (BpeMerge, MAX (n, 1));

  for (guint k = 0; k < n; k++)
    {
      gint64 left = resolve (file, g_ptr_array_index (file->lefts, k), k, error);
      gint64 right = left < 0 ? -1 : resolve (file, g_ptr_array_index (file->rights, k), k, error);

      if (right < 0)
        return NULL;
      merges[k] = (BpeMerge){
        (guint32) left,
        (guint32) right,
        GPOINTER_TO_UINT (g_hash_table_lookup (file->ids, g_ptr_array_index (file->spelt, k))) - 1,
      };
    }
  return bpe_new (merges, (char *const *) file->spelt->pdata, n);
}

static DataBpe *
read_merges (const char *path, GError **error)
{
  g_autofree char *text = read_text (path, error);
  MergesFile file = { .path = path, .first_line = 1 };
  char *base[BPE_N_BASE];
  guint8 bytes[BPE_N_BYTES];
  DataBpe *bpe = NULL;

  if (text == NULL)
    return NULL;
  file.lefts = g_ptr_array_new ();
  file.rights = g_ptr_array_new ();
  file.spelt = g_ptr_array_new ();
  file.chunk = g_string_chunk_new (64 * 1024);
  file.ids = g_hash_table_new (g_str_hash, g_str_equal);
  bpe_base_symbols (base, bytes, file.chunk);
  for (guint id = 0; id < BPE_N_BASE; id++)
    g_hash_table_insert (file.ids, base[id], GUINT_TO_POINTER (id + 1));

  if (split_lines (&file, text, error))
    bpe = build (&file, error);
  g_ptr_array_unref (file.lefts);
  g_ptr_array_unref (file.rights);
  g_ptr_array_unref (file.spelt);
  g_string_chunk_free (file.chunk);
  g_hash_table_unref (file.ids);
  return bpe;
}

/* Every entry is the id the merges give, and each symbol has one; the two special ones may have any
 * name. */
static gboolean
check_entries (const DataBpe *bpe, const cJSON *json, const char *path, GError **error)
{
  guint n = 0, n_symbols = BPE_VOCAB_MIN;
  const cJSON *entry;

  for (guint k = 0; k < bpe->n_merges; k++)
    n_symbols += bpe->merges[k].result == BPE_N_BASE + k;

  cJSON_ArrayForEach (entry, json)
  {
    double id = cJSON_IsNumber (entry) ? entry->valuedouble : -1;
    gboolean known = id >= 0 && id < bpe->size && id == (guint) id;

    if (!known
        || (id < bpe->size - BPE_N_SPECIAL && strcmp (bpe->symbols[(guint) id], entry->string)))
      {
        g_set_error (error, DATA_BPE_ERROR, DATA_BPE_ERROR_FORMAT,
                     "'%s' gives '%.60s' the id %g, which is not what merges.txt makes of it: the "
                     "two files do not belong together",
                     path, entry->string, id);
        return FALSE;
      }
    n++;
  }
  if (n == n_symbols)
    return TRUE;
  g_set_error (error, DATA_BPE_ERROR, DATA_BPE_ERROR_FORMAT,
               "'%s' has %u ids, merges.txt makes %u: the two files do not belong together", path,
               n, n_symbols);
  return FALSE;
}

static gboolean
check_vocab_json (const DataBpe *bpe, const char *path, GError **error)
{
  g_autofree char *text = read_text (path, error);
  cJSON *json;
  gboolean ok;

  if (text == NULL)
    return FALSE;
  json = cJSON_Parse (text);
  if (!cJSON_IsObject (json))
    {
      g_set_error (error, DATA_BPE_ERROR, DATA_BPE_ERROR_FORMAT, "'%s' is not a JSON object", path);
      cJSON_Delete (json);
      return FALSE;
    }
  ok = check_entries (bpe, json, path, error);
  cJSON_Delete (json);
  return ok;
}

DataBpe *
data_bpe_new_from_path (const char *path, GError **error)
{
  g_autofree char *merges = NULL, *vocab = NULL;
  g_autoptr (DataBpe) bpe = NULL;

  if (!g_file_test (path, G_FILE_TEST_IS_DIR))
    return read_merges (path, error);
  merges = g_build_filename (path, "merges.txt", NULL);
  vocab = g_build_filename (path, "vocab.json", NULL);
  bpe = read_merges (merges, error);
  if (bpe == NULL || !check_vocab_json (bpe, vocab, error))
    return NULL;
  return g_steal_pointer (&bpe);
}

static void
append_json_string (GString *out, const char *text)
{
  g_string_append_c (out, '"');
  for (; *text != '\0'; text++)
    {
      if (*text == '"' || *text == '\\')
        g_string_append_c (out, '\\');
      g_string_append_c (out, *text);
    }
  g_string_append_c (out, '"');
}

gboolean
data_bpe_save (const DataBpe *bpe, const char *dir, GError **error)
{
  g_autofree char *merges_path = g_build_filename (dir, "merges.txt", NULL);
  g_autofree char *vocab_path = g_build_filename (dir, "vocab.json", NULL);
  g_autoptr (GString) merges = g_string_new ("#version: 0.2\n");
  g_autoptr (GString) vocab = g_string_new ("{\n");

  for (guint k = 0; k < bpe->n_merges; k++)
    g_string_append_printf (merges, "%s %s\n", bpe->symbols[bpe->merges[k].left],
                            bpe->symbols[bpe->merges[k].right]);
  for (guint id = 0; id < bpe->size; id++)
    {
      if (id >= BPE_N_BASE && id < bpe->size - BPE_N_SPECIAL
          && bpe->merges[id - BPE_N_BASE].result != id)
        continue;
      append_json_string (vocab, bpe->symbols[id]);
      g_string_append_printf (vocab, ": %u%s\n", id, id + 1 < bpe->size ? "," : "");
    }
  g_string_append (vocab, "}\n");
  return g_file_set_contents (merges_path, merges->str, (gssize) merges->len, error)
         && g_file_set_contents (vocab_path, vocab->str, (gssize) vocab->len, error);
}
