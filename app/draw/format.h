/* Numbers as people read them: three significant figures, k and M for counts, per cent for shares,
 * m:ss for times; a decimal point whatever the locale, and a true minus sign.
 */
#pragma once

#include <stddef.h>

typedef enum
{
  DRAW_NUMBER,  /* 4.16, 0.0312, 5.00×10⁻⁴ */
  DRAW_COUNT,   /* 602, 1.20k, 27.3M */
  DRAW_INTEGER, /* 1,204: exact */
  DRAW_PERCENT, /* of a fraction: 0.483 is 48.3 % */
  DRAW_TIME,    /* of seconds: 0:07, 5:42, 1:02:03 */
  DRAW_BYTES,   /* 512 MiB */
} DrawUnit;

#define DRAW_FORMAT_SIZE 64

/* Writes the value and returns `out`. What is not finite is a dash. */
const char *draw_format (char out[DRAW_FORMAT_SIZE], double value, DrawUnit unit);

/* The same for a tick of an axis whose ticks are `step` apart: as many decimals as tell neighbours
 * apart, and no more. `step` 0: a logarithmic axis, the shortest form. */
const char *draw_format_tick (char out[DRAW_FORMAT_SIZE], double value, double step, DrawUnit unit);
