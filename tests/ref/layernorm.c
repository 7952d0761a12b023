#include "tests/ref/layernorm.h"

#include <math.h>

static void
row_stats (const double *x, guint cols, double *mean, double *rstd)
{
  double sum = 0, squares = 0;
  for (guint j = 0; j < cols; j++)
    sum += x[j];
  *mean = sum / cols;
  for (guint j = 0; j < cols; j++)
    squares += (x[j] - *mean) * (x[j] - *mean);
  *rstd = 1 / sqrt (squares / cols + 1e-5);
}

void
ref_layernorm (double *y, double *stats, const double *x, const double *gamma, const double *beta,
               guint rows, guint cols)
{
  for (guint i = 0; i < rows; i++)
    {
      double mean, rstd;
      row_stats (x + i * cols, cols, &mean, &rstd);
      if (stats)
        stats[2 * i] = mean, stats[2 * i + 1] = rstd;
      for (guint j = 0; j < cols; j++)
        y[i * cols + j] = gamma[j] * (x[i * cols + j] - mean) * rstd + beta[j];
    }
}

void
ref_layernorm_backward (double *dx, double *dgamma, double *dbeta, const double *dy,
                        const double *x, const double *gamma, const double *dresidual, guint rows,
                        guint cols)
{
  for (guint i = 0; i < rows; i++)
    {
      double mean, rstd, g_mean = 0, gx_mean = 0;
      const double *dyi = dy + i * cols, *xi = x + i * cols;
      row_stats (xi, cols, &mean, &rstd);
      for (guint j = 0; j < cols; j++)
        {
          double xhat = (xi[j] - mean) * rstd;
          g_mean += gamma[j] * dyi[j] / cols;
          gx_mean += gamma[j] * dyi[j] * xhat / cols;
          dgamma[j] += dyi[j] * xhat;
          dbeta[j] += dyi[j];
        }
      for (guint j = 0; j < cols; j++)
        {
          double xhat = (xi[j] - mean) * rstd;
          dx[i * cols + j] = (dresidual ? dresidual[i * cols + j] : 0)
                             + rstd * (gamma[j] * dyi[j] - g_mean - xhat * gx_mean);
        }
    }
}

void
ref_column_sum (double *sum, const double *x, guint rows, guint cols)
{
  for (guint i = 0; i < rows; i++)
    for (guint j = 0; j < cols; j++)
      sum[j] += x[i * cols + j];
}
