#include "tests/ref/loss.h"

#include <math.h>

/* log softmax of the logits along rows, or along columns. */
static double *
log_softmax (const double *cosines, guint batch, double logit_scale, gboolean columns)
{
  double s = exp (logit_scale), *logs = g_new (double, (gsize) batch *batch);
  guint step = columns ? batch : 1, next = columns ? 1 : batch;
  for (guint line = 0; line < batch; line++)
    {
      double most = -INFINITY, sum = 0;
      for (guint k = 0; k < batch; k++)
        most = fmax (most, s * cosines[line * next + k * step]);
      for (guint k = 0; k < batch; k++)
        sum += exp (s * cosines[line * next + k * step] - most);
      for (guint k = 0; k < batch; k++)
        logs[line * next + k * step] = s * cosines[line * next + k * step] - most - log (sum);
    }
  return logs;
}

void
ref_eclipse_loss (double *losses, const RefLoss *problem)
{
  guint batch = problem->batch;
  losses[1] = losses[2] = 0;
  for (gboolean columns = FALSE; columns <= TRUE; columns++)
    {
      g_autofree double *p = log_softmax (problem->cosines, batch, problem->logit_scale, columns);
      for (guint i = 0; i < batch; i++)
        losses[1] -= p[i * batch + i] / (2 * batch);
      if (!problem->teacher)
        continue;
      g_autofree double *pt =
          log_softmax (problem->teacher, batch, problem->teacher_scale, columns);
      for (guint i = 0; i < batch * batch; i++)
        losses[2] += exp (pt[i]) * (pt[i] - p[i]) / (2 * batch);
    }
  losses[0] = losses[1] + problem->weight * losses[2];
  losses[3] = exp (problem->logit_scale);
}

void
ref_eclipse_loss_gradient (double *dimage, double *dtext, double *dscale, const RefLoss *problem)
{
  guint batch = problem->batch;
  double s = exp (problem->logit_scale);
  for (guint i = 0; i < batch * batch; i++)
    dimage[i] = dtext[i] = 0;
  for (gboolean columns = FALSE; columns <= TRUE; columns++)
    {
      g_autofree double *p = log_softmax (problem->cosines, batch, problem->logit_scale, columns);
      g_autofree double *pt =
          problem->teacher ? log_softmax (problem->teacher, batch, problem->teacher_scale, columns)
                           : NULL;
      for (guint i = 0; i < batch * batch; i++)
        {
          double contrastive = exp (p[i]) - (i / batch == i % batch);
          double distillation = pt ? problem->weight * (exp (p[i]) - exp (pt[i])) : 0;
          dimage[i] += s * (contrastive + distillation) / (2 * batch);
          dtext[i] +=
              s * (contrastive + (problem->stop_grad_text ? 0 : distillation)) / (2 * batch);
        }
    }
  for (guint i = 0; i < batch * batch; i++)
    *dscale += dimage[i] * problem->cosines[i];
}
