/* One picture at its shrinking blocks side by side: kept patches in full colour, dropped ones in
 * grey and veiled, those that a fused token took under a hatched outline; or the attention of CLS
 * as heat; or both, heat in a second row, if there is room for two. Where no patch of a panel has
 * attention it shows the picture as it is, in a second row nothing.
 *
 * Hatches lean to the right for the token fused at the block, to the left for an earlier one that
 * lives on. Without a block (DRAW_NO_BLOCK) a panel shows the picture as it enters.
 */
#pragma once

#include "app/draw/colormap.h"
#include "app/draw/patches.h"
#include "app/draw/picture.h"

#define DRAW_VEIL 0.25 /* what is left of a dropped patch over the ground */

typedef struct
{
  const char *caption;      /* below the panel; NULL: "45 of 64" */
  const DrawPatch *patches; /* [columns * rows], row by row from the top left */
  const DrawPatch *before;  /* what is being faded from; NULL: nothing is */
} DrawTokensPanel;

typedef enum
{
  DRAW_TOKENS_KEPT,
  DRAW_TOKENS_HEAT,
  DRAW_TOKENS_BOTH, /* heat alone where two rows would be too small */
} DrawTokensShow;

typedef struct
{
  const DrawPicture *picture;
  unsigned columns, rows; /* of patches */
  const DrawTokensPanel *panels;
  unsigned n_panels;
  DrawTokensShow show;
  DrawRange attention; /* of the heat's colours; empty: 0 to the greatest there is */
  double fade;         /* 0: `before`, 1: `patches` */
  int has_hover;
  unsigned hover_panel, hover_patch; /* patch may be any, its border is then not drawn */
} DrawTokens;

/* "block 3: 31 of 64", or "before: 64 of 64". */
#define DRAW_CAPTION_SIZE 64
const char *draw_tokens_caption (char out[DRAW_CAPTION_SIZE], const DrawPatch *patches,
                                 size_t n_patches, const DrawBlock *blocks, int index);

/* The range of colours in use. */
DrawRange draw_tokens_attention (const DrawTokens *tokens);

/* The share of CLS's attention to patches that goes to those a panel keeps, NaN where there is
 * none. */
double draw_tokens_attention_kept (const DrawPatch *patches, size_t n_patches);

/* Whether heat stands in a second row. */
int draw_tokens_has_two_rows (const DrawTokens *tokens, double width, double height);

/* The height down to the end of what is drawn, which may be less than there is. */
double draw_tokens_height (const DrawTokens *tokens, double width, double height);

/* Where a panel's picture, its first where it has two, stands: sides are whole px, and whole px a patch as soon as there is
 * room. */
DrawRect draw_tokens_panel_rect (const DrawTokens *tokens, double width, double height,
                                 unsigned panel);

/* Where a patch stands. */
DrawRect draw_tokens_patch_rect (const DrawTokens *tokens, double width, double height,
                                 unsigned panel, unsigned patch);

/* The patch under a position. Returns 0 if there is none. */
int draw_tokens_hit (const DrawTokens *tokens, double width, double height, double px, double py,
                     unsigned *panel, unsigned *patch);

void draw_tokens (cairo_t *cr, const DrawTheme *theme, const DrawTokens *tokens, double width,
                  double height);
