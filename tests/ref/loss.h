/* The ECLIPSE objective in double, after compute/ops/loss.h. */
#pragma once

#include <glib.h>

typedef struct
{
  double *cosines;       /* [B,B] */
  const double *teacher; /* [B,B] or NULL */
  guint batch;
  double logit_scale;
  double teacher_scale; /* the logit scale in A_t, which carries no gradient */
  double weight;
  gboolean stop_grad_text;
} RefLoss;

/* losses [4]: total, contrastive, distillation, s. */
void ref_eclipse_loss (double *losses, const RefLoss *problem);
/* dimage, dtext [B,B] are written, dscale [1] accumulates. */
void ref_eclipse_loss_gradient (double *dimage, double *dtext, double *dscale,
                                const RefLoss *problem);
