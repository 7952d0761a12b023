/* Cleaning and splitting of captions.
 *
 * Facts: lower case is Python's str.lower, which knows a final sigma and writes the dotted capital
 * I as two characters, and does not depend on the locale as g_utf8_strdown does. In Python's regex
 * the long s matches "s" when case is ignored, so it does in a contraction here.
 */
#include "models/data/text.h"

#include <string.h>

#define REPLACEMENT 0xfffd
#define CAPITAL_SIGMA 0x3a3
#define LONG_S 0x17f

static gboolean
is_space (gunichar c)
{
  return (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x20) || c == 0x85 || c == 0xa0
         || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f
         || c == 0x205f || c == 0x3000;
}

static gboolean
is_letter (gunichar c)
{
  switch (g_unichar_type (c))
    {
    case G_UNICODE_LOWERCASE_LETTER:
    case G_UNICODE_MODIFIER_LETTER:
    case G_UNICODE_OTHER_LETTER:
    case G_UNICODE_TITLECASE_LETTER:
    case G_UNICODE_UPPERCASE_LETTER:
      return TRUE;
    default:
      return FALSE;
    }
}

static gboolean
is_number (gunichar c)
{
  GUnicodeType type = g_unichar_type (c);

  return type == G_UNICODE_DECIMAL_NUMBER || type == G_UNICODE_LETTER_NUMBER
         || type == G_UNICODE_OTHER_NUMBER;
}

static gboolean
is_other (gunichar c)
{
  return !is_space (c) && !is_letter (c) && !is_number (c);
}

/* Unicode's Case_Ignorable. */
static gboolean
is_case_ignorable (gunichar c)
{
  static const gunichar word_breaks[] = { 0x27,   0x2e,   0x3a,   0xb7,   0x387,  0x55f,
                                          0x5f4,  0x2018, 0x2019, 0x2024, 0x2027, 0xfe13,
                                          0xfe52, 0xfe55, 0xff07, 0xff0e, 0xff1a };

  switch (g_unichar_type (c))
    {
    case G_UNICODE_NON_SPACING_MARK:
    case G_UNICODE_ENCLOSING_MARK:
    case G_UNICODE_FORMAT:
    case G_UNICODE_MODIFIER_LETTER:
    case G_UNICODE_MODIFIER_SYMBOL:
      return TRUE;
    default:
      break;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (word_breaks); i++)
    if (c == word_breaks[i])
      return TRUE;
  return FALSE;
}

/* Unicode's Cased, without what is also Case_Ignorable. */
static gboolean
is_cased (gunichar c)
{
  switch (g_unichar_type (c))
    {
    case G_UNICODE_LOWERCASE_LETTER:
    case G_UNICODE_UPPERCASE_LETTER:
    case G_UNICODE_TITLECASE_LETTER:
      return TRUE;
    default:
      return c == 0xaa || c == 0xba || (c >= 0x2160 && c <= 0x217f) || (c >= 0x24b6 && c <= 0x24e9)
             || (c >= 0x1f130 && c <= 0x1f149) || (c >= 0x1f150 && c <= 0x1f169)
             || (c >= 0x1f170 && c <= 0x1f189);
    }
}

/* A capital sigma ends a word if a cased letter stands before it and none after it. */
static gboolean
is_final_sigma (const gunichar *chars, gsize n, gsize at)
{
  gsize before = at, after = at + 1;

  while (before > 0 && is_case_ignorable (chars[before - 1]))
    before--;
  if (before == 0 || !is_cased (chars[before - 1]))
    return FALSE;
  while (after < n && is_case_ignorable (chars[after]))
    after++;
  return after == n || !is_cased (chars[after]);
}

/* GLib leaves Roman numerals and circled letters as they are, Unicode and Python do not. */
static gunichar
lower_char (gunichar c)
{
  if (c >= 0x2160 && c <= 0x216f)
    return c + 16;
  if (c >= 0x24b6 && c <= 0x24cf)
    return c + 26;
  return g_unichar_tolower (c);
}

void
data_text_lower (GArray *text)
{
  const gunichar *chars = (const gunichar *) (void *) text->data;
  gsize n = text->len;
  g_autoptr (GArray) out = g_array_sized_new (FALSE, FALSE, sizeof (gunichar), n);

  for (gsize i = 0; i < n; i++)
    {
      static const gunichar dotted_i[2] = { 'i', 0x307 };
      gunichar c = chars[i];

      if (c == 0x130)
        {
          g_array_append_vals (out, dotted_i, 2);
          continue;
        }
      if (c == CAPITAL_SIGMA)
        c = is_final_sigma (chars, n, i) ? 0x3c2 : 0x3c3;
      else
        c = lower_char (c);
      g_array_append_val (out, c);
    }
  g_array_set_size (text, 0);
  if (out->len > 0)
    g_array_append_vals (text, out->data, out->len);
}

void
data_text_collapse (GArray *text)
{
  gunichar *chars = (gunichar *) (void *) text->data;
  guint kept = 0;

  for (guint i = 0; i < text->len; i++)
    {
      if (!is_space (chars[i]))
        {
          chars[kept++] = chars[i];
          continue;
        }
      if (kept > 0 && chars[kept - 1] != ' ')
        chars[kept++] = ' ';
    }
  if (kept > 0 && chars[kept - 1] == ' ')
    kept--;
  g_array_set_size (text, kept);
}

static GArray *
decode_utf8 (const char *utf8, gsize length)
{
  GArray *chars = g_array_sized_new (FALSE, FALSE, sizeof (gunichar), length);

  for (gsize i = 0; i < length;)
    {
      gunichar c = (guchar) utf8[i];

      if (c >= 0x80)
        {
          c = g_utf8_get_char_validated (utf8 + i, MIN (length - i, 6));
          if (c == (gunichar) -1 || c == (gunichar) -2)
            c = REPLACEMENT;
          else
            i += g_unichar_to_utf8 (c, NULL) - 1;
        }
      i++;
      g_array_append_val (chars, c);
    }
  return chars;
}

void
data_text_init (DataText *text, const char *utf8, gssize length)
{
  gsize bytes = MIN (length < 0 ? strlen (utf8) : (gsize) length, DATA_TEXT_MAX_BYTES);
  GArray *chars = decode_utf8 (utf8, bytes);

  data_text_unescape (chars);
  data_text_unescape (chars);
  data_text_collapse (chars);
  data_text_lower (chars);
  text->length = chars->len;
  text->at = 0;
  text->chars = (gunichar *) (void *) g_array_free (chars, FALSE);
}

void
data_text_clear (DataText *text)
{
  g_clear_pointer (&text->chars, g_free);
  text->length = text->at = 0;
}

/* The length of ASCII WORD if it begins chars[n], else 0. */
static gsize
match (const gunichar *chars, gsize n, const char *word)
{
  gsize length = strlen (word);

  if (length > n)
    return 0;
  for (gsize i = 0; i < length; i++)
    {
      gunichar c = chars[i] == LONG_S && word[0] == '\'' ? 's' : chars[i];

      if (c != (guchar) word[i])
        return 0;
    }
  return length;
}

static gsize
match_contraction (const gunichar *chars, gsize n)
{
  static const char *const contractions[] = { "'s", "'t", "'re", "'ve", "'m", "'ll", "'d" };
  gsize length = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (contractions) && length == 0; i++)
    length = match (chars, n, contractions[i]);
  return length;
}

static gsize
match_run (const gunichar *chars, gsize n, gboolean (*belongs) (gunichar))
{
  gsize length = 0;

  while (length < n && belongs (chars[length]))
    length++;
  return length;
}

DataWordKind
data_text_next (DataText *text, const gunichar **chars, gsize *n)
{
  DataWordKind kind = DATA_WORD_PLAIN;
  const gunichar *at;
  gsize left, length;

  while (text->at < text->length && is_space (text->chars[text->at]))
    text->at++;
  at = text->chars + text->at;
  left = text->length - text->at;
  if (left == 0)
    return DATA_WORD_NONE;

  if ((length = match (at, left, "<start_of_text>")) > 0)
    kind = DATA_WORD_START;
  else if ((length = match (at, left, "<end_of_text>")) > 0)
    kind = DATA_WORD_END;
  else if (is_number (at[0]))
    length = 1;
  else if ((length = match_contraction (at, left)) == 0
           && (length = match_run (at, left, is_letter)) == 0)
    length = match_run (at, left, is_other);

  *chars = at;
  *n = length;
  text->at += length;
  return kind;
}
