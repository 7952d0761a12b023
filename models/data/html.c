/* html.unescape as Python's standard library does it.
 *
 * Facts: a name is the longest entry of the table that begins what follows the "&", at least two
 * characters long; numbers of the C1 range mean Windows-1252; numbers that name no character are
 * dropped or become U+FFFD.
 */
#include "models/data/text.h"

#include <stdlib.h>
#include <string.h>

typedef struct
{
  const char *name;
  const char *text;
} Entity;

static const Entity entities[] = {
#include "models/data/html_entities.inc"
};

/* Longer than the longest name, "CounterClockwiseContourIntegral;". */
#define NAME_MAX_CHARS 32

/* What the numbers 0x80 to 0x9f stand for. */
static const guint16 windows_1252[32] = {
  0x20ac, 0x81,   0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
  0x2039, 0x0152, 0x8d,   0x017d, 0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
  0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,   0x017e, 0x0178,
};

static int
compare_entities (const void *key, const void *element)
{
  return strcmp (key, ((const Entity *) element)->name);
}

static void
append_number (GArray *out, gunichar number)
{
  gboolean control = number < 0x20 && number != '\t' && number != '\n' && number != '\f';

  if (number == 0 || (number >= 0xd800 && number <= 0xdfff) || number > 0x10ffff)
    number = 0xfffd;
  else if (number >= 0x80 && number <= 0x9f)
    number = windows_1252[number - 0x80];
  else if ((control && number != '\r') || number == 0x7f || (number & 0xfffe) == 0xfffe
           || (number >= 0xfdd0 && number <= 0xfdef))
    return;
  g_array_append_val (out, number);
}

/* Reads "#123;" or "#x7b;" at chars[n]; returns how many characters it takes, 0 if it is none. */
static gsize
take_number (GArray *out, const gunichar *chars, gsize n)
{
  gboolean hex = n > 1 && (chars[1] == 'x' || chars[1] == 'X');
  gsize first = hex ? 2 : 1, i = first;
  gunichar number = 0;

  for (; i < n && chars[i] < 0x80; i++)
    {
      if (hex ? !g_ascii_isxdigit (chars[i]) : !g_ascii_isdigit (chars[i]))
        break;
      number = MIN (number * (hex ? 16 : 10) + g_ascii_xdigit_value (chars[i]), 0x110000);
    }
  if (i == first)
    return 0;
  append_number (out, number);
  return i + (i < n && chars[i] == ';');
}

/* The same for a name; what follows a shorter name stays text. */
static gsize
take_name (GArray *out, const gunichar *chars, gsize n)
{
  char name[NAME_MAX_CHARS + 1];
  gsize length = 0;

  while (length < MIN (n, NAME_MAX_CHARS) && g_ascii_isalnum (MIN (chars[length], 0x7f)))
    {
      name[length] = (char) chars[length];
      length++;
    }
  if (length < n && length < NAME_MAX_CHARS && chars[length] == ';')
    name[length++] = ';';

  for (; length > 1; length--)
    {
      const Entity *found;

      name[length] = '\0';
      found = bsearch (name, entities, G_N_ELEMENTS (entities), sizeof (Entity), compare_entities);
      if (found == NULL)
        continue;
      for (const char *p = found->text; *p != '\0'; p = g_utf8_next_char (p))
        {
          gunichar c = g_utf8_get_char (p);

          g_array_append_val (out, c);
        }
      return length;
    }
  return 0;
}

void
data_text_unescape (GArray *text)
{
  const gunichar *chars = (const gunichar *) (void *) text->data;
  gsize n = text->len;
  g_autoptr (GArray) out = NULL;

  if (n == 0)
    return;
  out = g_array_sized_new (FALSE, FALSE, sizeof (gunichar), n);
  for (gsize i = 0; i < n;)
    {
      gsize taken = 0;

      if (chars[i] == '&' && i + 1 < n)
        taken = chars[i + 1] == '#' ? take_number (out, chars + i + 1, n - i - 1)
                                    : take_name (out, chars + i + 1, n - i - 1);
      if (taken > 0)
        {
          i += 1 + taken;
          continue;
        }
      g_array_append_val (out, chars[i]);
      i++;
    }
  g_array_set_size (text, 0);
  if (out->len > 0)
    g_array_append_vals (text, out->data, out->len);
}
