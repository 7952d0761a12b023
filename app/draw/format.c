#include "app/draw/format.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MINUS "\xe2\x88\x92"
#define DASH "\xe2\x80\x93"
#define THIN "\xe2\x80\xaf" /* narrow no-break space, before units */

#define SMALLEST_PLAIN 1e-3 /* below, powers of ten */
#define LARGEST_PLAIN 1e6

/* |value| with so many decimals. The locale's decimal sign, whatever it is, becomes a point. */
static void
put_fixed (char *out, size_t size, double value, int decimals)
{
  decimals = decimals < 0 ? 0 : decimals > 12 ? 12 : decimals;
  const int n = snprintf (out, size, "%.*f", decimals, fabs (value));
  if (decimals > 0 && n > decimals && (size_t) n < size)
    out[n - decimals - 1] = '.';
}

static const char *
sign (double value, const char *digits)
{
  return value < 0 && strspn (digits, "0.") != strlen (digits) ? MINUS : "";
}

/* Exponent of ten of the value rounded to three figures: 9.999 has 1. */
static int
exponent_of (double value)
{
  const double a = fabs (value);
  if (a == 0)
    return 0;
  int e = (int) floor (log10 (a));
  if (round (a / pow (10, e) * 100) >= 1000)
    e++;
  return e;
}

static void
put_exponent (char *out, size_t size, int exponent)
{
  static const char *const raised[] = { "\xe2\x81\xb0", "\xc2\xb9",     "\xc2\xb2",
                                        "\xc2\xb3",     "\xe2\x81\xb4", "\xe2\x81\xb5",
                                        "\xe2\x81\xb6", "\xe2\x81\xb7", "\xe2\x81\xb8",
                                        "\xe2\x81\xb9" };
  const int a = exponent < 0 ? -exponent : exponent;
  snprintf (out, size, "10%s%s%s%s", exponent < 0 ? "\xe2\x81\xbb" : "",
            a >= 100 ? raised[a / 100 % 10] : "", a >= 10 ? raised[a / 10 % 10] : "",
            raised[a % 10]);
}

static void
put_power (char *out, double value, int exponent, int decimals, int bare_ones)
{
  char digits[24], power[20];
  const double mantissa = value / pow (10, exponent);
  put_fixed (digits, sizeof digits, mantissa, decimals);
  put_exponent (power, sizeof power, exponent);
  if (bare_ones && fabs (fabs (mantissa) - 1) < 1e-6)
    snprintf (out, DRAW_FORMAT_SIZE, "%s%s", sign (value, digits), power);
  else
    snprintf (out, DRAW_FORMAT_SIZE, "%s%s\xc3\x97%s", sign (value, digits), digits, power);
}

static int
has_power (int exponent)
{
  return exponent < -3 || exponent > 5;
}

static void
put_number (char *out, double value)
{
  const int e = exponent_of (value);
  char digits[24];
  if (has_power (e))
    {
      put_power (out, value, e, 2, 0);
      return;
    }
  put_fixed (digits, sizeof digits, value, 2 - e);
  snprintf (out, DRAW_FORMAT_SIZE, "%s%s", sign (value, digits), value == 0 ? "0" : digits);
}

/* The prefix for a value rounded to three figures, by thousands or by 1024s. */
static double
scale_down (double value, double base, int *prefix)
{
  *prefix = 0;
  while (*prefix < 4 && fabs (value) >= base * 0.9995)
    {
      value /= base;
      (*prefix)++;
    }
  return value;
}

static void
put_scaled (char *out, double value, DrawUnit unit)
{
  static const char *const counts[] = { "", "k", "M", "G", "T" };
  static const char *const bytes[] = { THIN "B", THIN "KiB", THIN "MiB", THIN "GiB", THIN "TiB" };
  int prefix;
  const double scaled = scale_down (value, unit == DRAW_BYTES ? 1024 : 1000, &prefix);
  char digits[24];
  const int whole = prefix == 0 && scaled == floor (scaled);
  put_fixed (digits, sizeof digits, scaled, whole ? 0 : 2 - exponent_of (scaled));
  snprintf (out, DRAW_FORMAT_SIZE, "%s%s%s", sign (value, digits), digits,
            (unit == DRAW_BYTES ? bytes : counts)[prefix]);
}

static void
put_integer (char *out, double value)
{
  char digits[24];
  put_fixed (digits, sizeof digits, fmin (fabs (value), 1e15), 0);
  const size_t n = strlen (digits);
  size_t o = (size_t) snprintf (out, DRAW_FORMAT_SIZE, "%s", sign (value, digits));
  for (size_t i = 0; i < n; i++)
    {
      if (i > 0 && (n - i) % 3 == 0)
        out[o++] = ',';
      out[o++] = digits[i];
    }
  out[o] = '\0';
}

static void
put_time (char *out, double seconds)
{
  const long long s = llround (fmin (fabs (seconds), 1e12));
  const char *minus = seconds < 0 && s > 0 ? MINUS : "";
  if (s >= 3600)
    snprintf (out, DRAW_FORMAT_SIZE, "%s%lld:%02lld:%02lld", minus, s / 3600, s / 60 % 60, s % 60);
  else
    snprintf (out, DRAW_FORMAT_SIZE, "%s%lld:%02lld", minus, s / 60, s % 60);
}

static void
put_percent (char *out, double value, int decimals)
{
  char digits[24];
  put_fixed (digits, sizeof digits, value * 100, decimals);
  snprintf (out, DRAW_FORMAT_SIZE, "%s%s" THIN "%%", sign (value, digits), digits);
}

const char *
draw_format (char out[DRAW_FORMAT_SIZE], double value, DrawUnit unit)
{
  if (!isfinite (value))
    snprintf (out, DRAW_FORMAT_SIZE, "%s", DASH);
  else if (unit == DRAW_COUNT || unit == DRAW_BYTES)
    put_scaled (out, value, unit);
  else if (unit == DRAW_INTEGER)
    put_integer (out, value);
  else if (unit == DRAW_TIME)
    put_time (out, value);
  else if (unit == DRAW_PERCENT)
    put_percent (out, value, fabs (value) < 0.9995 ? 1 : 0);
  else
    put_number (out, value);
  return out;
}

/* How many decimals tell numbers so far apart from one another. */
static int
decimals_of (double step)
{
  if (step <= 0)
    return 0;
  for (int d = 0; d < 12; d++)
    {
      const double scaled = step * pow (10, d);
      if (fabs (scaled - round (scaled)) < 1e-6 * scaled)
        return d;
    }
  return 12;
}

/* 1.0k beside 800 is 1k. */
static void
trim (char *digits)
{
  size_t n = strlen (digits);
  if (!strchr (digits, '.'))
    return;
  while (n > 0 && digits[n - 1] == '0')
    digits[--n] = '\0';
  if (n > 0 && digits[n - 1] == '.')
    digits[n - 1] = '\0';
}

static void
tick_scaled (char *out, double value, double step, DrawUnit unit)
{
  int prefix;
  const double base = unit == DRAW_BYTES ? 1024 : 1000;
  const double scaled = scale_down (value, base, &prefix);
  const double apart = step > 0 ? step / pow (base, prefix) : scaled;
  char digits[24], last[DRAW_FORMAT_SIZE];
  put_scaled (last, value, unit);
  const int decimals = decimals_of (apart);
  put_fixed (digits, sizeof digits, scaled, decimals > 2 ? 2 : decimals);
  trim (digits);
  const size_t figures = strspn (last, "0123456789.");
  snprintf (out, DRAW_FORMAT_SIZE, "%s%s%s", sign (value, digits), digits,
            value < 0 ? last + strlen (MINUS) + strspn (last + strlen (MINUS), "0123456789.")
                      : last + figures);
}

static void
tick_number (char *out, double value, double step)
{
  const double apart = step > 0 ? step : value;
  const int of_step = apart != 0 ? (int) floor (log10 (fabs (apart)) + 1e-9) : 0;
  const int e = value != 0 ? (int) floor (log10 (fabs (value)) + 1e-9) : 0;
  char digits[24];
  if (value != 0 && (of_step < -4 || e > 5 || (step == 0 && has_power (e))))
    {
      put_power (out, value, e, decimals_of (apart / pow (10, e)), step == 0);
      return;
    }
  put_fixed (digits, sizeof digits, value, decimals_of (apart));
  snprintf (out, DRAW_FORMAT_SIZE, "%s%s", sign (value, digits), digits);
}

const char *
draw_format_tick (char out[DRAW_FORMAT_SIZE], double value, double step, DrawUnit unit)
{
  if (!isfinite (value))
    return draw_format (out, value, unit);
  if (step > 0 && fabs (value) < step * 1e-6)
    value = 0;
  if (value == 0 && unit == DRAW_NUMBER)
    snprintf (out, DRAW_FORMAT_SIZE, "0");
  else if (unit == DRAW_PERCENT)
    put_percent (out, value, decimals_of ((step > 0 ? step : value) * 100));
  else if (unit == DRAW_COUNT || unit == DRAW_INTEGER || unit == DRAW_BYTES)
    tick_scaled (out, value, step, unit == DRAW_BYTES ? unit : DRAW_COUNT);
  else if (unit == DRAW_TIME)
    put_time (out, value);
  else
    tick_number (out, value, step);
  return out;
}
