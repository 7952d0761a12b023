#include "models/bench/row.h"

#include <string.h>

#define LEAST_WIDTH 9

BenchRow *
bench_row_new (const char *bench)
{
  BenchRow *row = cJSON_CreateObject ();
  bench_row_add_text (row, "bench", bench);
  return row;
}

void
bench_row_free (BenchRow *row)
{
  cJSON_Delete (row);
}

void
bench_row_add_text (BenchRow *row, const char *name, const char *value)
{
  if (value)
    cJSON_AddStringToObject (row, name, value);
}

void
bench_row_add_number (BenchRow *row, const char *name, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  g_ascii_formatd (text, sizeof text, "%.6g", value);
  cJSON_AddNumberToObject (row, name, g_ascii_strtod (text, NULL));
}

void
bench_row_add_whole (BenchRow *row, const char *name, guint64 value)
{
  cJSON_AddNumberToObject (row, name, (double) value);
}

void
bench_row_add_speed (BenchRow *row, double seconds, guint64 flops, guint64 bytes)
{
  bench_row_add_number (row, "ms", seconds * 1e3);
  if (flops)
    bench_row_add_number (row, "gflops", (double) flops / seconds / 1e9);
  if (bytes)
    bench_row_add_number (row, "gb_per_s", (double) bytes / seconds / 1e9);
}

/* How a column is called and what its numbers are multiplied by, from the end of its name. */
static char *
title_of (const char *name, double *scale)
{
  static const struct
  {
    const char *end, *title;
    double scale;
  } units[] = { { "gflops", "GFLOP/s", 1 },  { "gb_per_s", "GB/s", 1 },
                { "_per_s", "/s", 1 },       { "_bytes", " MB", 1e-6 },
                { "share", "share %", 100 }, { "_ms", " ms", 1 },
                { "_s", " s", 1 },           { "", "", 1 } };
  guint i = 0;
  while (!g_str_has_suffix (name, units[i].end))
    i++;
  g_autofree char *start = g_strndup (name, strlen (name) - strlen (units[i].end));
  *scale = units[i].scale;
  return g_strdelimit (g_strconcat (start, units[i].title, NULL), "_", ' ');
}

static char *
value_of (const cJSON *item, double scale)
{
  if (cJSON_IsString (item))
    return g_strdup (item->valuestring);
  const double value = item->valuedouble * scale;
  if (value == (double) (gint64) value || value >= 1000)
    return g_strdup_printf ("%.0f", value);
  return g_strdup_printf ("%.3g", value);
}

/* Texts stand on the left of their column, numbers on the right. */
static void
append (GString *line, const char *text, gboolean left, gsize width)
{
  const gsize gap = width - MIN (width, strlen (text));
  if (!left)
    g_string_append_printf (line, "%*s", (int) gap, "");
  g_string_append (line, text);
  if (left)
    g_string_append_printf (line, "%*s", (int) gap, "");
  g_string_append (line, "  ");
}

/* A text's column leaves room for the longest we have. */
static gsize
width_of (const cJSON *item, const char *title)
{
  const gsize room = strcmp (item->string, "kernel") == 0  ? 22
                     : strcmp (item->string, "shape") == 0 ? 18
                                                           : LEAST_WIDTH;
  return MAX (strlen (title), room);
}

char *
bench_row_format (const BenchRow *row, char **header)
{
  g_autoptr (GString) line = g_string_new (NULL);
  g_autoptr (GString) titles = g_string_new (NULL);
  const cJSON *item;
  cJSON_ArrayForEach (item, row)
  {
    double scale = 1;
    g_autofree char *title = title_of (item->string, &scale);
    g_autofree char *value = value_of (item, scale);
    append (titles, title, cJSON_IsString (item), width_of (item, title));
    append (line, value, cJSON_IsString (item), width_of (item, title));
  }
  if (header)
    *header = g_strchomp (g_strdup (titles->str));
  return g_strchomp (g_strdup (line->str));
}

gboolean
bench_row_is_like (const BenchRow *a, const BenchRow *b)
{
  const cJSON *x = a->child, *y = b->child;
  while (x && y && strcmp (x->string, y->string) == 0)
    {
      x = x->next;
      y = y->next;
    }
  return !x && !y && strcmp (a->child->valuestring, b->child->valuestring) == 0;
}
