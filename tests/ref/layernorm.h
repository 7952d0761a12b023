/* Layer normalisation in double, after compute/ops/layernorm.h. */
#pragma once

#include <glib.h>

/* stats may be NULL */
void ref_layernorm (double *y, double *stats, const double *x, const double *gamma,
                    const double *beta, guint rows, guint cols);
/* dgamma and dbeta accumulate; dresidual may be NULL */
void ref_layernorm_backward (double *dx, double *dgamma, double *dbeta, const double *dy,
                             const double *x, const double *gamma, const double *dresidual,
                             guint rows, guint cols);
void ref_column_sum (double *sum, const double *x, guint rows, guint cols);
