/* Rows of length one in double, after compute/ops/normalize.h. */
#pragma once

#include <glib.h>

/* inverse may be NULL */
void ref_normalize (double *z, double *inverse, const double *x, guint rows, guint cols);
void ref_normalize_backward (double *dx, const double *dz, const double *x, guint rows, guint cols);
