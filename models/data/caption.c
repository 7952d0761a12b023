#include "models/data/caption.h"

#include "models/data/text.h"

/* Some thousand words is more than any text encoder reads; the raw fields keep the rest. */
#define MAX_WORDS 1024

struct _DataCaption
{
  GString *text;
  GHashTable *seen; /* case-folded words */
};

DataCaption *
data_caption_new (void)
{
  DataCaption *caption = g_new0 (DataCaption, 1);
  caption->text = g_string_new (NULL);
  caption->seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return caption;
}

void
data_caption_free (DataCaption *caption)
{
  if (caption == NULL)
    return;
  g_string_free (caption->text, TRUE);
  g_hash_table_unref (caption->seen);
  g_free (caption);
}

static gboolean
is_apostrophe (gunichar c)
{
  return c == '\'' || c == 0x2019;
}

static gboolean
is_part_of_word (gunichar c)
{
  return g_unichar_isalnum (c) || g_unichar_ismark (c);
}

/* The end of the word that starts at `word`: an apostrophe belongs to it when more of it follows.
 */
static const char *
find_end (const char *word)
{
  const char *p = word;
  while (*p != '\0')
    {
      gunichar c = g_utf8_get_char (p);
      const char *next = g_utf8_next_char (p);
      if (!is_part_of_word (c)
          && !(is_apostrophe (c) && p > word && is_part_of_word (g_utf8_get_char (next))))
        break;
      p = next;
    }
  return p;
}

/* Some metadata was escaped once more than it should: "&quot;" is no word. */
static char *
unescape (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  glong length = 0;
  g_autofree gunichar *chars = g_utf8_to_ucs4_fast (valid, -1, &length);
  g_autoptr (GArray) array = g_array_new (FALSE, FALSE, sizeof (gunichar));
  g_array_append_vals (array, chars, (guint) length);
  data_text_unescape (array);
  char *plain =
      g_ucs4_to_utf8 ((const gunichar *) (const void *) array->data, array->len, NULL, NULL, NULL);
  return plain != NULL ? plain : g_steal_pointer (&valid);
}

void
data_caption_add (DataCaption *caption, const char *text)
{
  g_autofree char *valid = unescape (text);
  for (const char *p = valid; *p != '\0' && g_hash_table_size (caption->seen) < MAX_WORDS;)
    {
      const char *end = find_end (p);
      if (end == p)
        {
          p = g_utf8_next_char (p);
          continue;
        }
      /* The replacement character of g_utf8_make_valid() is no letter, so it parts words. */
      char *folded = g_utf8_casefold (p, end - p);
      if (g_hash_table_add (caption->seen, folded))
        {
          if (caption->text->len > 0)
            g_string_append_c (caption->text, ' ');
          g_string_append_len (caption->text, p, end - p);
        }
      p = end;
    }
}

const char *
data_caption_get (const DataCaption *caption)
{
  return caption->text->str;
}
