#include "app/session/series.h"

#include <math.h>
#include <string.h>

typedef struct
{
  char *name;
  GArray *values; /* double [length] */
} Column;

struct _WbSeries
{
  GArray *columns;
  guint length;
};

static void
column_clear (gpointer data)
{
  Column *column = data;

  g_free (column->name);
  g_array_unref (column->values);
}

WbSeries *
wb_series_new (void)
{
  WbSeries *series = g_new0 (WbSeries, 1);

  series->columns = g_array_new (FALSE, FALSE, sizeof (Column));
  g_array_set_clear_func (series->columns, column_clear);
  return series;
}

void
wb_series_free (WbSeries *series)
{
  if (series == NULL)
    return;
  g_array_unref (series->columns);
  g_free (series);
}

guint
wb_series_get_length (const WbSeries *series)
{
  return series->length;
}

guint
wb_series_get_n_columns (const WbSeries *series)
{
  return series->columns->len;
}

const char *
wb_series_get_name (const WbSeries *series, guint column)
{
  return g_array_index (series->columns, Column, column).name;
}

static Column *
find (const WbSeries *series, const char *name)
{
  for (guint i = 0; i < series->columns->len; i++)
    {
      Column *column = &g_array_index (series->columns, Column, i);

      if (strcmp (column->name, name) == 0)
        return column;
    }
  return NULL;
}

const double *
wb_series_get (const WbSeries *series, const char *name)
{
  const Column *column = find (series, name);

  return column ? (const double *) column->values->data : NULL;
}

double
wb_series_get_last (const WbSeries *series, const char *name)
{
  const double *values = wb_series_get (series, name);

  return values && series->length > 0 ? values[series->length - 1] : NAN;
}

guint
wb_series_find_step (const WbSeries *series, gint64 step)
{
  const double *steps = wb_series_get (series, "step");
  guint low = 0, high = steps ? series->length : 0;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (steps[middle] < (double) step)
        low = middle + 1;
      else
        high = middle;
    }
  return steps ? low : series->length;
}

static void
add_nothing (GArray *values, guint count)
{
  const double nothing = NAN;

  for (guint i = 0; i < count; i++)
    g_array_append_val (values, nothing);
}

void
wb_series_add_row (WbSeries *series)
{
  for (guint i = 0; i < series->columns->len; i++)
    add_nothing (g_array_index (series->columns, Column, i).values, 1);
  series->length++;
}

/* The column of a name, made if need be; NULL when there are too many. */
static Column *
ensure (WbSeries *series, const char *name)
{
  Column *found = find (series, name);

  if (found || series->columns->len == WB_SERIES_MAX_COLUMNS)
    return found;
  Column column = { g_strdup (name), g_array_new (FALSE, FALSE, sizeof (double)) };
  add_nothing (column.values, series->length);
  g_array_append_val (series->columns, column);
  return &g_array_index (series->columns, Column, series->columns->len - 1);
}

void
wb_series_set (WbSeries *series, const char *name, double value)
{
  Column *column = ensure (series, name);

  g_assert (series->length > 0);
  if (column)
    g_array_index (column->values, double, series->length - 1) = value;
}

void
wb_series_truncate (WbSeries *series, guint length)
{
  if (length >= series->length)
    return;
  for (guint i = 0; i < series->columns->len; i++)
    g_array_set_size (g_array_index (series->columns, Column, i).values, length);
  series->length = length;
}

void
wb_series_append (WbSeries *series, const WbSeries *more)
{
  for (guint i = 0; i < more->columns->len; i++)
    {
      const Column *from = &g_array_index (more->columns, Column, i);
      Column *to = ensure (series, from->name);

      if (to)
        g_array_append_vals (to->values, from->values->data, from->values->len);
    }
  series->length += more->length;
  for (guint i = 0; i < series->columns->len; i++)
    {
      GArray *values = g_array_index (series->columns, Column, i).values;
      add_nothing (values, series->length - values->len);
    }
}
