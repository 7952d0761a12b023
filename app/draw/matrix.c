#include "app/draw/matrix.h"

#include "app/draw/histogram.h"
#include "app/draw/text.h"

#include <math.h>
#include <stdint.h>

#define GAP 28.0   /* between matrices */
#define LEFT 20.0  /* for the rows' name */
#define TITLE 24.0 /* above */
#define BELOW 20.0 /* for the columns' name */
#define LEGEND (DRAW_COLOR_BAR_HEIGHT + 10)
#define LEAST_LABELLED 120.0
#define HEAD 30.0 /* above a histogram, for its names */
#define LEAST_HISTOGRAM 24.0
#define MOST_HISTOGRAM 128.0
#define VALUE_CELL 34.0 /* px of a cell that has room for its value */
#define MOST_BAR 240.0
#define MOST_SIDE 16384

typedef struct
{
  double left, top, side_width, side_height;
  double first; /* x of the first matrix */
  double gap;
  double histogram; /* its height; 0: there is none */
  int labelled;
} Layout;

static Layout
find_layout (const DrawMatrices *m, double width, double height)
{
  const unsigned n = m->n_matrices > 0 ? m->n_matrices : 1;
  Layout layout = { .labelled = height >= LEAST_LABELLED && width >= LEAST_LABELLED * n };
  layout.left = layout.labelled ? LEFT : 0;
  layout.top = layout.labelled ? TITLE : 0;
  layout.gap = layout.labelled ? GAP : fmin (4, width / 20);
  const double bottom = layout.labelled ? BELOW + LEGEND : 0;
  if (m->rows == 0 || m->columns == 0)
    return layout;
  const double room_x = (width - layout.left - layout.gap * (n - 1)) / n;
  const double room_y = height - layout.top - bottom;
  double cell = fmax (fmin (room_x / m->columns, room_y / m->rows), 0);
  if (cell >= 2)
    cell = floor (cell);
  layout.side_width = cell * m->columns;
  layout.side_height = cell * m->rows;
  const double used = layout.left + n * layout.side_width + (n - 1) * layout.gap;
  layout.first = floor (fmax ((width - used) / 2, 0)) + layout.left;
  const double spare = floor (room_y - layout.side_height - HEAD);
  if (m->pairs && m->rows == m->columns && layout.labelled && spare >= LEAST_HISTOGRAM)
    layout.histogram = fmin (spare, MOST_HISTOGRAM);
  return layout;
}

static DrawRect
matrix_rect (const Layout *layout, unsigned matrix)
{
  return (DrawRect){ floor (layout->first + matrix * (layout->side_width + layout->gap)),
                     layout->top, layout->side_width, layout->side_height };
}

static DrawRect
cell_rect (const DrawMatrices *m, const DrawRect *rect, unsigned row, unsigned column)
{
  const double width = rect->width / m->columns, height = rect->height / m->rows;
  return (DrawRect){ rect->x + column * width, rect->y + row * height, width, height };
}

DrawRect
draw_matrices_rect (const DrawMatrices *matrices, double width, double height, unsigned matrix)
{
  const Layout layout = find_layout (matrices, width, height);
  return matrix_rect (&layout, matrix);
}

static DrawRect
histogram_rect (const Layout *layout, unsigned matrix)
{
  const DrawRect rect = matrix_rect (layout, matrix);
  return (DrawRect){ rect.x, rect.y + rect.height + BELOW + HEAD, rect.width, layout->histogram };
}

DrawRect
draw_matrices_histogram_rect (const DrawMatrices *matrices, double width, double height,
                              unsigned matrix)
{
  const Layout layout = find_layout (matrices, width, height);
  return histogram_rect (&layout, matrix);
}

double
draw_matrices_height (const DrawMatrices *matrices, double width, double height)
{
  const Layout layout = find_layout (matrices, width, height);
  const double histogram = layout.histogram > 0 ? HEAD + layout.histogram : 0;
  const double below = layout.labelled ? BELOW + histogram + LEGEND : 0;
  return fmin (height, ceil (layout.top + layout.side_height + below));
}

DrawRect
draw_matrices_cell_rect (const DrawMatrices *matrices, double width, double height, unsigned matrix,
                         unsigned row, unsigned column)
{
  const DrawRect rect = draw_matrices_rect (matrices, width, height, matrix);
  return cell_rect (matrices, &rect, row, column);
}

int
draw_matrices_hit (const DrawMatrices *matrices, double width, double height, double px, double py,
                   unsigned *matrix, unsigned *row, unsigned *column)
{
  const Layout layout = find_layout (matrices, width, height);
  for (unsigned i = 0; i < matrices->n_matrices; i++)
    {
      const DrawRect rect = matrix_rect (&layout, i);
      if (!draw_rect_contains (&rect, px, py))
        continue;
      *matrix = i;
      *column = (unsigned) ((px - rect.x) / rect.width * matrices->columns);
      *row = (unsigned) ((py - rect.y) / rect.height * matrices->rows);
      return *column < matrices->columns && *row < matrices->rows;
    }
  return 0;
}

static DrawRange
data_range (const DrawMatrices *m, DrawMapKind kind)
{
  DrawRange range = { INFINITY, -INFINITY };
  const size_t n = (size_t) m->rows * m->columns;
  for (unsigned i = 0; i < m->n_matrices; i++)
    for (size_t c = 0; m->matrices[i].kind == kind && c < n; c++)
      {
        const double value = m->matrices[i].values[c];
        if (isfinite (value))
          range = draw_range_union (range, (DrawRange){ value, value });
      }
  return range;
}

DrawRange
draw_matrices_range (const DrawMatrices *matrices, DrawMapKind kind)
{
  const int difference = kind == DRAW_DIVERGING;
  DrawRange range = difference ? matrices->range_difference : matrices->range;
  const int given = !draw_range_is_empty (range);
  if (!given)
    range = data_range (matrices, kind);
  if (difference)
    {
      const double most = range.min <= range.max ? fmax (fabs (range.min), fabs (range.max)) : 0;
      range = (DrawRange){ most > 0 ? -most : -1, most > 0 ? most : 1 };
    }
  return given ? range : draw_range_fit (range, 8, matrices->unit, 0);
}

static uint32_t
pixel (DrawColor c)
{
  return (uint32_t) lround (c.r * 255) << 16 | (uint32_t) lround (c.g * 255) << 8
         | (uint32_t) lround (c.b * 255);
}

/* A pixel a cell. What is empty has the colour of the grid. */
static cairo_surface_t *
make_surface (const DrawTheme *theme, const DrawMatrices *m, const DrawMatrix *matrix,
              const DrawColorMap *map)
{
  const DrawRange range = draw_matrices_range (m, matrix->kind);
  const DrawColor empty = draw_color_mix (theme->ground, theme->ink, DRAW_GRID_STRENGTH);
  cairo_surface_t *surface =
      cairo_image_surface_create (CAIRO_FORMAT_RGB24, (int) m->columns, (int) m->rows);
  unsigned char *data = cairo_image_surface_get_data (surface);
  const size_t stride = (size_t) cairo_image_surface_get_stride (surface);
  if (!data)
    return surface;
  for (unsigned r = 0; r < m->rows; r++)
    {
      uint32_t *row = (uint32_t *) (void *) (data + r * stride);
      for (unsigned c = 0; c < m->columns; c++)
        {
          const double value = matrix->values[(size_t) r * m->columns + c];
          row[c] = pixel (isnan (value) ? empty : draw_color_map_get (map, range, value));
        }
    }
  cairo_surface_mark_dirty (surface);
  return surface;
}

static void
paint_cells (cairo_t *cr, cairo_surface_t *surface, const DrawMatrices *m, const DrawRect *rect)
{
  const int shrinks = rect->width < m->columns;
  cairo_save (cr);
  cairo_rectangle (cr, rect->x, rect->y, rect->width, rect->height);
  cairo_clip (cr);
  cairo_translate (cr, rect->x, rect->y);
  cairo_scale (cr, rect->width / m->columns, rect->height / m->rows);
  cairo_set_source_surface (cr, surface, 0, 0);
  cairo_pattern_set_filter (cairo_get_source (cr),
                            shrinks ? CAIRO_FILTER_GOOD : CAIRO_FILTER_NEAREST);
  cairo_pattern_set_extend (cairo_get_source (cr), CAIRO_EXTEND_PAD);
  cairo_paint (cr);
  cairo_restore (cr);
}

static void
draw_values (cairo_t *cr, const DrawTheme *theme, const DrawMatrices *m, const DrawMatrix *matrix,
             const DrawColorMap *map, const DrawRect *rect)
{
  const DrawRange range = draw_matrices_range (m, matrix->kind);
  const DrawColor black = { 0.05, 0.05, 0.06 }, white = { 1, 1, 1 };
  for (unsigned r = 0; r < m->rows; r++)
    for (unsigned c = 0; c < m->columns; c++)
      {
        const double value = matrix->values[(size_t) r * m->columns + c];
        if (!isfinite (value))
          continue;
        const DrawColor ground = draw_color_map_get (map, range, value);
        const int dark = draw_color_contrast (ground, white) > draw_color_contrast (ground, black);
        const DrawRect cell = cell_rect (m, rect, r, c);
        char text[DRAW_FORMAT_SIZE];
        draw_text (cr, theme,
                   &(DrawText){ .text = draw_format_tick (text, value, 0.01, m->unit),
                                .x = cell.x + cell.width / 2,
                                .y = cell.y + cell.height / 2,
                                .align = 0.5,
                                .at = DRAW_AT_MIDDLE,
                                .color = dark ? &white : &black,
                                .max_width = cell.width - 2 });
      }
}

static void
draw_hover (cairo_t *cr, const DrawTheme *theme, const DrawMatrices *m, const DrawRect *rect)
{
  if (m->hover_row >= m->rows || m->hover_column >= m->columns)
    return;
  const DrawRect cell = cell_rect (m, rect, m->hover_row, m->hover_column);
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_MITER);
  cairo_rectangle (cr, cell.x - 0.5, cell.y - 0.5, cell.width + 1, cell.height + 1);
  cairo_set_line_width (cr, 4);
  draw_set_color (cr, theme->ground, 1);
  cairo_stroke_preserve (cr);
  cairo_set_line_width (cr, 2);
  draw_set_color (cr, theme->ink, 1);
  cairo_stroke (cr);
}

static void
draw_names (cairo_t *cr, const DrawTheme *theme, const DrawMatrices *m, const DrawMatrix *matrix,
            const DrawRect *rect, int first)
{
  draw_text (cr, theme,
             &(DrawText){ .text = matrix->title,
                          .x = rect->x,
                          .y = rect->y - 8,
                          .size = theme->title,
                          .bold = 1,
                          .max_width = rect->width });
  draw_text (cr, theme,
             &(DrawText){ .text = m->column_name ? m->column_name : "caption",
                          .x = rect->x + rect->width / 2,
                          .y = rect->y + rect->height + 6,
                          .align = 0.5,
                          .at = DRAW_AT_TOP,
                          .color = &theme->muted,
                          .max_width = rect->width });
  if (!first)
    return;
  cairo_save (cr);
  cairo_translate (cr, rect->x - 7, rect->y + rect->height / 2);
  cairo_rotate (cr, -M_PI / 2);
  draw_text (cr, theme,
             &(DrawText){ .text = m->row_name ? m->row_name : "picture",
                          .align = 0.5,
                          .color = &theme->muted,
                          .max_width = rect->height });
  cairo_restore (cr);
}

static void
draw_legend (cairo_t *cr, const DrawTheme *theme, const DrawMatrices *m, const DrawColorMap *map,
             const DrawRect *bar)
{
  draw_color_bar (cr, theme, map, draw_matrices_range (m, map->kind), m->unit,
                  map->kind == DRAW_DIVERGING ? m->legend_difference : m->legend, bar);
}

/* Below each stretch of neighbours of one kind. */
static void
draw_legends (cairo_t *cr, const DrawTheme *theme, const DrawMatrices *m, const Layout *layout,
              const DrawColorMap maps[2])
{
  for (unsigned first = 0, next; first < m->n_matrices; first = next)
    {
      const DrawMapKind kind = m->matrices[first].kind;
      for (next = first + 1; next < m->n_matrices && m->matrices[next].kind == kind;)
        next++;
      const DrawRect a = matrix_rect (layout, first), b = matrix_rect (layout, next - 1);
      const double room = b.x + b.width - a.x;
      const double width = floor (fmin (room, MOST_BAR));
      const DrawRect bar = { floor (a.x + (room - width) / 2), a.y + a.height + BELOW + 8, width,
                             DRAW_COLOR_BAR_HEIGHT };
      draw_legend (cr, theme, m, &maps[kind], &bar);
    }
}

/* "own captions" and "others" in their colours, over the first histogram. */
static void
draw_histogram_names (cairo_t *cr, const DrawTheme *theme, const DrawRect *rect)
{
  const double y = rect->y - 8;
  const double own = draw_text (
      cr, theme,
      &(DrawText){ .text = "own captions", .x = rect->x, .y = y, .color = &theme->accent });
  const double others = draw_text (
      cr, theme,
      &(DrawText){ .text = "others", .x = rect->x + own + 14, .y = y, .color = &theme->muted });
  draw_text (cr, theme,
             &(DrawText){ .text = "share of pairs",
                          .x = rect->x + rect->width,
                          .y = y,
                          .align = 1,
                          .color = &theme->muted,
                          .max_width = fmax (rect->width - own - others - 28, 1) });
}

/* The axis of shares: its greatest value, and a line there. */
static void
draw_share (cairo_t *cr, const DrawTheme *theme, double most, const DrawRect *rect)
{
  char text[DRAW_FORMAT_SIZE];
  cairo_rectangle (cr, rect->x, rect->y, rect->width, 1);
  draw_set_color (cr, theme->ink, DRAW_GRID_STRENGTH);
  cairo_fill (cr);
  draw_text (cr, theme,
             &(DrawText){ .text = draw_format_tick (text, most, 0.1, DRAW_PERCENT),
                          .x = rect->x + 2,
                          .y = rect->y + 5,
                          .at = DRAW_AT_TOP,
                          .color = &theme->muted });
}

/* All to one scale, each over its own scale of colours, which is its axis. */
static void
draw_histograms (cairo_t *cr, const DrawTheme *theme, const DrawMatrices *m, const Layout *layout,
                 const DrawColorMap maps[2])
{
  double most = 0;
  for (unsigned i = 0; i < m->n_matrices; i++)
    {
      DrawHistogram histogram;
      draw_histogram_init (&histogram, m->matrices[i].values, m->rows,
                           draw_matrices_range (m, m->matrices[i].kind));
      most = fmax (most, ceil (draw_histogram_most (&histogram) * 10) / 10);
    }
  for (unsigned i = 0; i < m->n_matrices; i++)
    {
      const DrawMatrix *matrix = &m->matrices[i];
      const DrawRect rect = histogram_rect (layout, i);
      const DrawRect bar = { rect.x, rect.y + rect.height + 1, rect.width, DRAW_COLOR_BAR_HEIGHT };
      DrawHistogram histogram;
      draw_histogram_init (&histogram, matrix->values, m->rows,
                           draw_matrices_range (m, matrix->kind));
      draw_share (cr, theme, most, &rect);
      draw_histogram (cr, theme, &histogram, most, &rect);
      draw_legend (cr, theme, m, &maps[matrix->kind], &bar);
      if (i == 0)
        draw_histogram_names (cr, theme, &rect);
    }
}

void
draw_matrices (cairo_t *cr, const DrawTheme *theme, const DrawMatrices *matrices, double width,
               double height)
{
  const Layout layout = find_layout (matrices, width, height);
  if (!(layout.side_width >= 1 && layout.side_height >= 1) || matrices->rows > MOST_SIDE
      || matrices->columns > MOST_SIDE)
    return;
  DrawColorMap maps[2];
  draw_color_map_init (&maps[DRAW_SEQUENTIAL], DRAW_SEQUENTIAL, theme->mode);
  draw_color_map_init (&maps[DRAW_DIVERGING], DRAW_DIVERGING, theme->mode);
  cairo_save (cr);
  for (unsigned i = 0; i < matrices->n_matrices; i++)
    {
      const DrawMatrix *matrix = &matrices->matrices[i];
      const DrawColorMap *map = &maps[matrix->kind];
      const DrawRect rect = matrix_rect (&layout, i);
      cairo_surface_t *surface = make_surface (theme, matrices, matrix, map);
      paint_cells (cr, surface, matrices, &rect);
      cairo_surface_destroy (surface);
      if (rect.width / matrices->columns >= VALUE_CELL)
        draw_values (cr, theme, matrices, matrix, map, &rect);
      if (layout.labelled)
        draw_names (cr, theme, matrices, matrix, &rect, i == 0);
      if (matrices->has_hover)
        draw_hover (cr, theme, matrices, &rect);
    }
  if (layout.histogram > 0)
    draw_histograms (cr, theme, matrices, &layout, maps);
  else if (layout.labelled)
    draw_legends (cr, theme, matrices, &layout, maps);
  cairo_restore (cr);
}
