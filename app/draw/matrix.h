/* Square or oblong matrices in a row: similarities on the sequential map, differences on the
 * diverging one centred at zero. Neighbours of the same kind share one scale of colours and one
 * legend below them. Rows are pictures, columns captions, unless named otherwise.
 */
#pragma once

#include "app/draw/colormap.h"

typedef struct
{
  const char *title;
  const float *values; /* [rows][columns] of DrawMatrices; NaN: an empty cell */
  DrawMapKind kind;
} DrawMatrix;

typedef struct
{
  const DrawMatrix *matrices;
  unsigned n_matrices;
  unsigned rows, columns;
  const char *row_name, *column_name; /* NULL: "picture", "caption" */
  const char *legend;                 /* of similarities, with unit: "cosine similarity" */
  const char *legend_difference;      /* of the diverging map */
  DrawRange range, range_difference;  /* empty: of the data; a difference's is made symmetrical */
  DrawUnit unit;
  int pairs; /* row and column of a number belong together: where there is room, a histogram of
                those and of the others stands over each matrix's own scale of colours */
  int has_hover;
  unsigned hover_row, hover_column; /* outlined in every matrix */
} DrawMatrices;

/* The range of colours for matrices of a kind. */
DrawRange draw_matrices_range (const DrawMatrices *matrices, DrawMapKind kind);

/* Where a matrix and its cells stand. */
DrawRect draw_matrices_rect (const DrawMatrices *matrices, double width, double height,
                             unsigned matrix);
DrawRect draw_matrices_cell_rect (const DrawMatrices *matrices, double width, double height,
                                  unsigned matrix, unsigned row, unsigned column);

/* Where the histogram of a matrix of pairs stands; without height if there is no room. */
DrawRect draw_matrices_histogram_rect (const DrawMatrices *matrices, double width, double height,
                                       unsigned matrix);

/* The height down to the end of what is drawn, which may be less than there is. */
double draw_matrices_height (const DrawMatrices *matrices, double width, double height);

/* The cell under a position. Returns 0 if there is none. */
int draw_matrices_hit (const DrawMatrices *matrices, double width, double height, double px,
                       double py, unsigned *matrix, unsigned *row, unsigned *column);

void draw_matrices (cairo_t *cr, const DrawTheme *theme, const DrawMatrices *matrices, double width,
                    double height);
