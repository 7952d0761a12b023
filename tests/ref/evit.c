#include "tests/ref/evit.h"

#include <string.h>

/* Insertion sort, descending; a tie keeps the lower position first. */
void
ref_evit_select (gint32 *order, gint32 *rank, const double *a, const GpuEvit *shape)
{
  gint32 n = (gint32) shape->tokens - 1;
  for (guint b = 0; b < shape->batch; b++, order += n, rank += n, a += n)
    {
      for (gint32 i = 0; i < n; i++)
        {
          gint32 r = i;
          for (; r > 0 && a[i] > a[order[r - 1]]; r--)
            order[r] = order[r - 1];
          order[r] = i;
        }
      for (gint32 r = 0; r < n; r++)
        rank[order[r]] = r;
    }
}

void
ref_evit_gather (double *y, const double *x, const double *a, const gint32 *order,
                 const GpuEvit *shape, guint columns)
{
  guint n = shape->tokens - 1, rows = 1 + shape->kept + (shape->fuse ? 1 : 0);
  for (guint b = 0; b < shape->batch; b++)
    {
      const double *from = x + (gsize) b * shape->tokens * columns;
      double *to = y + (gsize) b * rows * columns;
      memset (to, 0, sizeof *to * rows * columns);
      memcpy (to, from, sizeof *to * columns);
      for (guint r = 0; r < n; r++)
        {
          guint i = (guint) order[b * n + r];
          for (guint c = 0; c < columns; c++)
            if (r < shape->kept)
              to[(1 + r) * columns + c] = from[(1 + i) * columns + c];
            else if (shape->fuse)
              to[(1 + shape->kept) * columns + c] += a[b * n + i] * from[(1 + i) * columns + c];
        }
    }
}

void
ref_evit_gather_backward (double *dx, double *da, const double *dy, const double *x,
                          const double *a, const gint32 *order, const GpuEvit *shape, guint columns)
{
  guint n = shape->tokens - 1, rows = 1 + shape->kept + (shape->fuse ? 1 : 0);
  memset (dx, 0, sizeof *dx * shape->batch * shape->tokens * columns);
  memset (da, 0, sizeof *da * shape->batch * n);
  for (guint b = 0; b < shape->batch; b++)
    {
      gsize x0 = (gsize) b * shape->tokens * columns, y0 = (gsize) b * rows * columns;
      memcpy (dx + x0, dy + y0, sizeof *dx * columns);
      for (guint r = 0; r < n; r++)
        {
          guint i = (guint) order[b * n + r];
          gsize at = x0 + (1 + i) * columns, fused = y0 + (1 + shape->kept) * columns;
          for (guint c = 0; c < columns; c++)
            if (r < shape->kept)
              dx[at + c] = dy[y0 + (1 + r) * columns + c];
            else if (shape->fuse)
              {
                dx[at + c] = a[b * n + i] * dy[fused + c];
                da[b * n + i] += x[at + c] * dy[fused + c];
              }
        }
    }
}
