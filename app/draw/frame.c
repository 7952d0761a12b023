#include "app/draw/frame.h"

#include "app/draw/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define GAP 6.0        /* between a label and what it names */
#define SWATCH 18.0    /* length of a line in a legend */
#define ENTRY_GAP 14.0 /* between entries of a legend */
#define ROW 17.0       /* of the readout */
#define PADDING 9.0
#define LETTER 6.6  /* a generous guess */
#define MOST_ROWS 3 /* of a legend */
#define HEAD_LEFT 8.0
#define HEAD_ABOVE 16.0 /* middle of the head above the plot */
#define SMALL_HEAD_ABOVE 11.0
#define SMALL_LEFT 4.0

static void
grid_line (cairo_t *cr, const DrawTheme *theme, const DrawRect *line, int strong)
{
  cairo_rectangle (cr, line->x, line->y, line->width, line->height);
  draw_set_color (cr, theme->ink, DRAW_GRID_STRENGTH * (strong ? 1 : 0.5));
  cairo_fill (cr);
}

static void
draw_y_axis (cairo_t *cr, const DrawTheme *theme, const DrawFrame *frame)
{
  DrawTick ticks[DRAW_MAX_TICKS];
  double step;
  const unsigned n = draw_scale_ticks (frame->y, frame->y_ticks, frame->y_unit, ticks, &step);
  for (unsigned i = 0; i < n; i++)
    {
      const double y = round (draw_scale_map (frame->y, ticks[i].value));
      const double half = theme->text / 2 + 1;
      grid_line (cr, theme, &(DrawRect){ frame->rect.x, y, frame->rect.width, 1 }, ticks[i].major);
      char label[DRAW_FORMAT_SIZE];
      if (!ticks[i].major || frame->rect.x < GAP || y < half || y > frame->height - half)
        continue;
      draw_text (cr, theme,
                 &(DrawText){ .text = draw_format_tick (label, ticks[i].value, step, frame->y_unit),
                              .x = frame->rect.x - GAP,
                              .y = y + 0.5,
                              .align = 1,
                              .at = DRAW_AT_MIDDLE,
                              .color = &theme->muted,
                              .max_width = frame->rect.x - GAP });
    }
}

/* The name of the axis stands at its end, below the last labels in a large chart; a small one says
 * it beside them. */
static void
draw_x_name (cairo_t *cr, const DrawTheme *theme, const DrawFrame *frame)
{
  static const char *const names[] = { "step", "wall time", "epoch" };
  draw_text (cr, theme,
             &(DrawText){ .text = names[frame->axis],
                          .x = frame->rect.x + frame->rect.width / 2,
                          .y = frame->height - 5,
                          .align = 0.5,
                          .color = &theme->muted });
}

static void
draw_x_axis (cairo_t *cr, const DrawTheme *theme, const DrawFrame *frame)
{
  DrawTick ticks[DRAW_MAX_TICKS];
  double step, free_from = 0;
  const double bottom = frame->rect.y + frame->rect.height;
  const unsigned n = draw_scale_ticks (frame->x, frame->x_ticks, frame->x_unit, ticks, &step);
  for (unsigned i = 0; i < n; i++)
    {
      const double x = round (draw_scale_map (frame->x, ticks[i].value));
      grid_line (cr, theme, &(DrawRect){ x, frame->rect.y, 1, frame->rect.height }, 1);
      if (frame->height - bottom < theme->text)
        continue;
      char label[DRAW_FORMAT_SIZE];
      draw_format_tick (label, ticks[i].value, step, frame->x_unit);
      const double width = draw_text_width (cr, theme, &(DrawText){ .text = label });
      const double start = fmin (x + 0.5 - width / 2, frame->width - width - 1);
      if (start < free_from)
        continue;
      draw_text (cr, theme,
                 &(DrawText){ .text = label,
                              .x = start,
                              .y = bottom + GAP,
                              .at = DRAW_AT_TOP,
                              .color = &theme->muted });
      free_from = start + width + 2 * GAP;
    }
}

void
draw_frame (cairo_t *cr, const DrawTheme *theme, const DrawFrame *frame)
{
  draw_x_axis (cr, theme, frame);
  draw_y_axis (cr, theme, frame);
  if (!frame->compact && frame->height > frame->rect.y + frame->rect.height + GAP)
    draw_x_name (cr, theme, frame);
}

static void
draw_swatch (cairo_t *cr, double x, double y, DrawColor color, int dashed)
{
  static const double dashes[] = { 4.5, 4.0 };
  cairo_set_line_cap (cr, CAIRO_LINE_CAP_ROUND);
  cairo_set_line_width (cr, 2);
  if (dashed)
    cairo_set_dash (cr, dashes, 2, 0);
  cairo_move_to (cr, x + 1, y);
  cairo_line_to (cr, x + SWATCH - 1, y);
  draw_set_color (cr, color, 1);
  cairo_stroke (cr);
  cairo_set_dash (cr, NULL, 0, 0);
}

static double
guess_width (const char *label)
{
  return SWATCH + GAP + strlen (label) * LETTER + ENTRY_GAP;
}

unsigned
draw_frame_legend_rows (const DrawCurves *curves, double width)
{
  const double title = curves->title ? strlen (curves->title) * LETTER * 1.3 : 0;
  double x = HEAD_LEFT, all = 0;
  unsigned rows = 1;
  for (unsigned c = 0; c < curves->n_curves; c++)
    {
      if (curves->curves[c].hidden || !curves->curves[c].label)
        continue;
      const double entry = guess_width (curves->curves[c].label);
      all += entry;
      if (x > HEAD_LEFT && x + entry > width)
        {
          rows++;
          x = HEAD_LEFT;
        }
      x += entry;
    }
  if (curves->compact || curves->n_curves < 2 || HEAD_LEFT + title + 2 * ENTRY_GAP + all < width)
    return 0;
  return rows < MOST_ROWS ? rows : MOST_ROWS;
}

static double
legend_width (cairo_t *cr, const DrawTheme *theme, const DrawCurves *curves)
{
  double width = -ENTRY_GAP;
  for (unsigned c = 0; c < curves->n_curves; c++)
    if (!curves->curves[c].hidden && curves->curves[c].label)
      width += SWATCH + GAP + ENTRY_GAP
               + draw_text_width (cr, theme, &(DrawText){ .text = curves->curves[c].label });
  return width;
}

/* Beside the title up to the right edge, or below it in rows. */
static void
draw_legend (cairo_t *cr, const DrawTheme *theme, const DrawCurves *curves, const DrawFrame *frame,
             unsigned rows)
{
  const double left = HEAD_LEFT, right = frame->rect.x + frame->rect.width;
  double x = rows > 0 ? left : fmax (right - legend_width (cr, theme, curves), left);
  double y = frame->rect.y - HEAD_ABOVE - (rows > 0 ? (rows - 1) * DRAW_LEGEND_ROW : 0);
  for (unsigned c = 0; c < curves->n_curves; c++)
    {
      const DrawCurve *curve = &curves->curves[c];
      if (curve->hidden || !curve->label)
        continue;
      const DrawText measured = { .text = curve->label };
      if (x > left && x + SWATCH + GAP + draw_text_width (cr, theme, &measured) > frame->width)
        {
          x = left;
          y += DRAW_LEGEND_ROW;
        }
      if (y > frame->rect.y - HEAD_ABOVE + 1)
        return;
      draw_swatch (cr, x, y, curve->color, curve->dashed);
      x += SWATCH + GAP;
      x += draw_text (cr, theme,
                      &(DrawText){ .text = curve->label,
                                   .x = x,
                                   .y = y,
                                   .at = DRAW_AT_MIDDLE,
                                   .max_width = frame->width - x })
           + ENTRY_GAP;
    }
}

void
draw_frame_head (cairo_t *cr, const DrawTheme *theme, const DrawFrame *frame,
                 const DrawCurves *curves, double taken)
{
  if (frame->rect.y < theme->text)
    return;
  const unsigned rows = draw_frame_legend_rows (curves, frame->width);
  const double right = frame->rect.x + frame->rect.width;
  const int compact = frame->compact;
  draw_text (cr, theme,
             &(DrawText){ .text = curves->title,
                          .x = compact ? SMALL_LEFT : HEAD_LEFT,
                          .y = frame->rect.y - (compact ? SMALL_HEAD_ABOVE : HEAD_ABOVE)
                               - rows * DRAW_LEGEND_ROW,
                          .at = DRAW_AT_MIDDLE,
                          .size = compact ? theme->text : theme->title,
                          .bold = !compact,
                          .color = compact ? &theme->muted : &theme->ink,
                          .max_width = right - taken - (compact ? SMALL_LEFT : HEAD_LEFT) });
  if (!compact && curves->n_curves > 1)
    draw_legend (cr, theme, curves, frame, rows);
}

double
draw_frame_value (cairo_t *cr, const DrawTheme *theme, const DrawFrame *frame, const char *title,
                  const DrawReadout *readout)
{
  if (frame->rect.y < theme->text || readout->n == 0)
    return 0;
  char number[DRAW_FORMAT_SIZE];
  const double right = frame->rect.x + frame->rect.width;
  DrawText value = { .text = draw_format (number, readout->rows[0].value, readout->unit),
                     .x = right,
                     .y = frame->rect.y - SMALL_HEAD_ABOVE,
                     .align = 1,
                     .at = DRAW_AT_MIDDLE,
                     .size = theme->title,
                     .bold = 1 };
  const double room =
      right - SMALL_LEFT - GAP - draw_text_width (cr, theme, &(DrawText){ .text = title });
  if (draw_text_width (cr, theme, &value) > room)
    value.size = theme->text;
  value.max_width = right - SMALL_LEFT;
  return draw_text (cr, theme, &value) + GAP;
}

static const char *
heading (char out[DRAW_FORMAT_SIZE + 8], const DrawFrame *frame, double x)
{
  char number[DRAW_FORMAT_SIZE];
  if (frame->axis == DRAW_X_STEP)
    snprintf (out, DRAW_FORMAT_SIZE + 8, "step %s", draw_format (number, x, DRAW_INTEGER));
  else if (frame->axis == DRAW_X_WALL)
    snprintf (out, DRAW_FORMAT_SIZE + 8, "%s", draw_format (number, x, DRAW_TIME));
  else
    snprintf (out, DRAW_FORMAT_SIZE + 8, "epoch %s", draw_format (number, x, DRAW_NUMBER));
  return out;
}

static void
rounded (cairo_t *cr, const DrawRect *r, double radius)
{
  cairo_new_sub_path (cr);
  cairo_arc (cr, r->x + r->width - radius, r->y + radius, radius, -M_PI / 2, 0);
  cairo_arc (cr, r->x + r->width - radius, r->y + r->height - radius, radius, 0, M_PI / 2);
  cairo_arc (cr, r->x + radius, r->y + r->height - radius, radius, M_PI / 2, M_PI);
  cairo_arc (cr, r->x + radius, r->y + radius, radius, M_PI, M_PI * 1.5);
  cairo_close_path (cr);
}

static void
draw_box (cairo_t *cr, const DrawTheme *theme, const DrawRect *box)
{
  const DrawRect edge = { box->x + 0.5, box->y + 0.5, box->width - 1, box->height - 1 };
  rounded (cr, &edge, 6);
  draw_set_color (cr, draw_color_mix (theme->ground, theme->ink, 0.03), 0.95);
  cairo_fill_preserve (cr);
  cairo_set_line_width (cr, 1);
  draw_set_color (cr, theme->ink, 0.18);
  cairo_stroke (cr);
}

typedef struct
{
  double names, values; /* widths of the two columns */
} Columns;

static Columns
measure_rows (cairo_t *cr, const DrawTheme *theme, const DrawReadout *readout)
{
  Columns columns = { 40, 36 };
  for (unsigned i = 0; i < readout->n; i++)
    {
      char value[DRAW_FORMAT_SIZE];
      const DrawText name = { .text = readout->rows[i].label, .max_width = 180 };
      const DrawText number = { .text = draw_format (value, readout->rows[i].value, readout->unit),
                                .bold = 1 };
      columns.names = fmax (columns.names, draw_text_width (cr, theme, &name));
      columns.values = fmax (columns.values, draw_text_width (cr, theme, &number));
    }
  return columns;
}

static void
draw_rows (cairo_t *cr, const DrawTheme *theme, const DrawReadout *readout, const DrawRect *box)
{
  double y = box->y + PADDING + ROW * 1.5;
  for (unsigned i = 0; i < readout->n; i++, y += ROW)
    {
      const DrawReadoutRow *row = &readout->rows[i];
      char value[DRAW_FORMAT_SIZE];
      draw_swatch (cr, box->x + PADDING, y, row->color, row->dashed);
      draw_text (cr, theme,
                 &(DrawText){ .text = row->label,
                              .x = box->x + PADDING + SWATCH + GAP,
                              .y = y,
                              .at = DRAW_AT_MIDDLE,
                              .max_width = 180 });
      draw_text (cr, theme,
                 &(DrawText){ .text = draw_format (value, row->value, readout->unit),
                              .x = box->x + box->width - PADDING,
                              .y = y,
                              .align = 1,
                              .at = DRAW_AT_MIDDLE,
                              .bold = 1 });
    }
}

void
draw_frame_readout (cairo_t *cr, const DrawTheme *theme, const DrawFrame *frame,
                    const DrawReadout *readout)
{
  const Columns columns = measure_rows (cr, theme, readout);
  const double x = round (draw_scale_map (frame->x, readout->at));
  const double right = frame->rect.x + frame->rect.width;
  DrawRect box = { .width =
                       ceil (SWATCH + GAP + columns.names + 2 * GAP + columns.values + 2 * PADDING),
                   .height = ROW * (readout->n + 1) + 2 * PADDING - 4 };
  if (!(x >= frame->rect.x && x <= right) || box.width > frame->rect.width * 0.6
      || box.height > frame->rect.height * 0.8)
    return;
  box.x = x + 12 + box.width <= right ? x + 12 : fmax (x - 12 - box.width, 2);
  box.y = fmin (frame->rect.y + 6, frame->height - box.height - 2);
  draw_box (cr, theme, &box);
  char text[DRAW_FORMAT_SIZE + 8];
  draw_text (cr, theme,
             &(DrawText){ .text = heading (text, frame, readout->x),
                          .x = box.x + PADDING,
                          .y = box.y + PADDING + ROW * 0.4,
                          .at = DRAW_AT_MIDDLE,
                          .color = &theme->muted });
  draw_rows (cr, theme, readout, &box);
}
