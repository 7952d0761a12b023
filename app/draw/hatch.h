/* The hatched outline of a fused token over the patches that it took. Used by tokens.c only. */
#pragma once

#include "app/draw/patches.h"
#include "app/draw/theme.h"

typedef struct
{
  DrawRect rect; /* of the whole picture */
  unsigned columns, rows;
  double strength; /* 0..1 */
} DrawHatch;

/* Hatches the patches in this state and draws a line where they border on others. */
void draw_hatch (cairo_t *cr, const DrawTheme *theme, const DrawHatch *hatch,
                 const DrawPatch *patches, DrawPatchState state);
