#include "tests/ref/normalize.h"

#include <math.h>

static double
row_inverse (const double *x, guint cols)
{
  double squares = 0;
  for (guint j = 0; j < cols; j++)
    squares += x[j] * x[j];
  return 1 / fmax (sqrt (squares), 1e-12);
}

void
ref_normalize (double *z, double *inverse, const double *x, guint rows, guint cols)
{
  for (guint i = 0; i < rows; i++)
    {
      double scale = row_inverse (x + i * cols, cols);
      if (inverse)
        inverse[i] = scale;
      for (guint j = 0; j < cols; j++)
        z[i * cols + j] = x[i * cols + j] * scale;
    }
}

void
ref_normalize_backward (double *dx, const double *dz, const double *x, guint rows, guint cols)
{
  for (guint i = 0; i < rows; i++)
    {
      double inverse = row_inverse (x + i * cols, cols), along = 0;
      for (guint j = 0; j < cols; j++)
        along += x[i * cols + j] * inverse * dz[i * cols + j];
      for (guint j = 0; j < cols; j++)
        dx[i * cols + j] = inverse * (dz[i * cols + j] - x[i * cols + j] * inverse * along);
    }
}
