#include "app/draw/text.h"

#include <stdint.h>
#include <string.h>

#define CAPACITY 512 /* bytes of one line */
#define FIGURE_HEIGHT 0.73
#define ELLIPSIS "\xe2\x80\xa6"
#define REPLACEMENT "\xef\xbf\xbd"

typedef struct
{
  cairo_t *cr;
  const DrawFont *font;
  double size;
  int bold;
  double figure; /* width of one */
} Pen;

/* The length of the valid UTF-8 sequence at p, 0 if there is none. Overlong forms, surrogates and
 * numbers past U+10FFFF are invalid; a NUL ends every sequence, so no byte past it is read. */
static unsigned
sequence (const char *p)
{
  const uint8_t *u = (const uint8_t *) p;
  if (u[0] < 0x80)
    return u[0] >= 0x20 && u[0] != 0x7f;
  const unsigned n = u[0] >= 0xf0 ? 4 : u[0] >= 0xe0 ? 3 : 2;
  if (u[0] < 0xc2 || u[0] > 0xf4)
    return 0;
  for (unsigned i = 1; i < n; i++)
    if ((u[i] & 0xc0) != 0x80)
      return 0;
  if ((u[0] == 0xe0 && u[1] < 0xa0) || (u[0] == 0xed && u[1] > 0x9f)
      || (u[0] == 0xf0 && u[1] < 0x90) || (u[0] == 0xf4 && u[1] > 0x8f))
    return 0;
  return n;
}

static void
copy_valid (char out[CAPACITY], const char *text)
{
  size_t n = 0;
  while (*text && n + 4 < CAPACITY)
    {
      const unsigned length = sequence (text);
      if (length > 0)
        memcpy (out + n, text, length);
      else if ((uint8_t) *text < 0x80)
        out[n] = ' ';
      else
        memcpy (out + n, REPLACEMENT, 3);
      n += length > 0 ? length : (uint8_t) *text < 0x80 ? 1 : 3;
      text += length > 0 ? length : 1;
    }
  out[n] = '\0';
}

static double
measure_piece (const Pen *pen, const char *piece)
{
  if (pen->font->measure)
    return pen->font->measure (pen->font->data, pen->cr, piece, pen->size, pen->bold);
  cairo_text_extents_t extents;
  cairo_text_extents (pen->cr, piece, &extents);
  return extents.x_advance;
}

static void
show_piece (const Pen *pen, const char *piece)
{
  if (pen->font->show)
    pen->font->show (pen->font->data, pen->cr, piece, pen->size, pen->bold);
  else
    cairo_show_text (pen->cr, piece);
}

static void
take_up (Pen *pen, cairo_t *cr, const DrawTheme *theme, const DrawText *text)
{
  const double size = text->size > 0 ? text->size : theme->text;
  *pen = (Pen){ .cr = cr,
                .font = &theme->font,
                .size = size < DRAW_TEXT_MIN ? DRAW_TEXT_MIN : size,
                .bold = text->bold };
  if (!theme->font.measure)
    {
      cairo_select_font_face (cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                              text->bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
      cairo_set_font_size (cr, pen->size);
    }
  pen->figure = measure_piece (pen, "0");
}

static int
is_figure (char c)
{
  return c >= '0' && c <= '9';
}

/* Walks over the line: words as they are, figures each in the middle of a cell. Returns the width;
 * shows at (x, y) if asked to. */
static double
run (const Pen *pen, const char *line, double x, double y, int show)
{
  const double start = x;
  while (*line)
    {
      char piece[CAPACITY];
      const size_t words = strcspn (line, "0123456789");
      const size_t n = words > 0 ? words : 1;
      memcpy (piece, line, n);
      piece[n] = '\0';
      const double natural = measure_piece (pen, piece);
      const double width = is_figure (*line) ? pen->figure : natural;
      if (show)
        {
          cairo_move_to (pen->cr, x + (width - natural) / 2, y);
          show_piece (pen, piece);
        }
      x += width;
      line += n;
    }
  return x - start;
}

/* Takes characters off the end until the line and an ellipsis fit. */
static double
shorten (const Pen *pen, char line[CAPACITY], double max_width)
{
  double width = run (pen, line, 0, 0, 0);
  if (max_width <= 0 || width <= max_width)
    return width;
  size_t n = strlen (line);
  while (n > 0 && width > max_width)
    {
      n--;
      while (n > 0 && ((uint8_t) line[n] & 0xc0) == 0x80)
        n--;
      while (n > 0 && line[n - 1] == ' ')
        n--;
      if (n + sizeof ELLIPSIS > CAPACITY)
        continue;
      memcpy (line + n, ELLIPSIS, sizeof ELLIPSIS);
      width = run (pen, line, 0, 0, 0);
    }
  if (width > max_width)
    line[0] = '\0';
  return line[0] ? width : 0;
}

/* Takes up the pen for a text and copies the line that is to be set; returns its width. */
static double
compose (Pen *pen, char line[CAPACITY], cairo_t *cr, const DrawTheme *theme, const DrawText *text)
{
  copy_valid (line, text->text ? text->text : "");
  take_up (pen, cr, theme, text);
  return shorten (pen, line, text->max_width);
}

double
draw_text (cairo_t *cr, const DrawTheme *theme, const DrawText *text)
{
  char line[CAPACITY];
  Pen pen;
  cairo_save (cr);
  const double width = compose (&pen, line, cr, theme, text);
  double y = text->y;
  if (text->at == DRAW_AT_MIDDLE)
    y += FIGURE_HEIGHT * pen.size / 2;
  else if (text->at == DRAW_AT_TOP)
    y += FIGURE_HEIGHT * pen.size;
  draw_set_color (cr, text->color ? *text->color : theme->ink, 1);
  run (&pen, line, text->x - width * text->align, y, 1);
  cairo_new_path (cr);
  cairo_restore (cr);
  return width;
}

double
draw_text_width (cairo_t *cr, const DrawTheme *theme, const DrawText *text)
{
  char line[CAPACITY];
  Pen pen;
  cairo_save (cr);
  const double width = compose (&pen, line, cr, theme, text);
  cairo_restore (cr);
  return width;
}
