/* The objective against double loops, and those against differences. */
#include "tests/ops/harness.h"

#include "compute/ops/loss.h"
#include "tests/ref/loss.h"

typedef struct
{
  const char *name;
  guint batch;
  double scale; /* s */
  gboolean teacher;
  float weight;
  gboolean stop_grad_text;
} Case;

static const Case cases[] = {
  { "1", 1, 14, TRUE, 1, TRUE },
  { "7", 7, 14, TRUE, 1, TRUE },
  { "7-scale-1", 7, 1, TRUE, 2, FALSE },
  { "64", 64, 14.285714, TRUE, 1, TRUE },
  { "64-through-text", 64, 14.285714, TRUE, 0.5f, FALSE },
  { "64-scale-100", 64, 100, TRUE, 1, TRUE },
  { "127", 127, 30, TRUE, 1.5f, TRUE },
  { "127-contrastive", 127, 30, FALSE, 1, TRUE },
  { "33-weight-0", 33, 20, TRUE, 0, TRUE },
  { "256", 256, 30, TRUE, 1, FALSE },
  { "301-scale-100", 301, 100, TRUE, 1, FALSE },
};

/* Cosines as of training: the diagonal stands out a little. */
static double *
make_cosines (guint batch, guint32 seed, double diagonal)
{
  double *cosines = test_random ((gsize) batch * batch, seed, 0.5);
  for (guint i = 0; i < batch; i++)
    cosines[i * batch + i] = (float) (cosines[i * batch + i] + diagonal);
  return cosines;
}

static void
objective (TestBench *bench, gconstpointer data)
{
  const Case *c = data;
  guint batch = c->batch;
  gsize n = (gsize) batch * batch;
  double logit_scale = (float) log (c->scale), losses[4], dscale = 0.25;
  g_autofree double *cosines = make_cosines (batch, 1, 0.4), *t = make_cosines (batch, 2, 0.5);
  g_autofree double *dimage = test_zeros (n), *dtext = test_zeros (n);

  GpuTensor tlosses = test_tensor (bench, 1, 4), tdimage = test_tensor (bench, batch, batch);
  GpuTensor tdtext = test_tensor (bench, batch, batch);
  GpuTensor tdscale = test_upload (bench, 1, 1, &dscale);
  gpu_eclipse_loss (bench->stream, bench->arena, tlosses, tdimage, tdtext, tdscale,
                    test_upload (bench, batch, batch, cosines),
                    c->teacher ? test_upload (bench, batch, batch, t) : (GpuTensor){ 0 },
                    test_upload (bench, 1, 1, &logit_scale),
                    &(GpuLossOptions){ c->weight, c->stop_grad_text });
  test_bench_run (bench);

  const RefLoss problem = { cosines,   c->teacher ? t : NULL, batch, logit_scale, logit_scale,
                            c->weight, c->stop_grad_text };
  ref_eclipse_loss (losses, &problem);
  ref_eclipse_loss_gradient (dimage, dtext, &dscale, &problem);
  g_autofree double *got_losses = test_download (bench, tlosses);
  g_autofree double *got_dimage = test_download (bench, tdimage);
  g_autofree double *got_dtext = test_download (bench, tdtext);
  g_autofree double *got_dscale = test_download (bench, tdscale);
  for (guint i = 0; i < G_N_ELEMENTS (losses); i++)
    test_each_near ("loss", &got_losses[i], &losses[i], 1, 1, 3e-6 * fmax (1, losses[i]));
  test_near ("dimage", got_dimage, dimage, batch, batch, 1e-5);
  test_near ("dtext", got_dtext, dtext, batch, batch, 1e-5);
  test_each_near ("dscale", got_dscale, &dscale, 1, 1, 1e-5 * fmax (1, fabs (dscale)));
}

/* A teacher that is the student teaches nothing, to the last bit. */
static void
same_teacher (TestBench *bench, gconstpointer data)
{
  enum
  {
    BATCH = 37
  };
  double logit_scale = 3, zero = 0;
  (void) data;
  g_autofree double *cosines = make_cosines (BATCH, 1, 0.4);
  GpuTensor g = test_upload (bench, BATCH, BATCH, cosines), losses = test_tensor (bench, 1, 4);
  GpuTensor dimage = test_tensor (bench, BATCH, BATCH), dtext = test_tensor (bench, BATCH, BATCH);
  gpu_eclipse_loss (bench->stream, bench->arena, losses, dimage, dtext,
                    test_upload (bench, 1, 1, &zero), g, test_upload (bench, BATCH, BATCH, cosines),
                    test_upload (bench, 1, 1, &logit_scale), &(GpuLossOptions){ 1, TRUE });
  test_bench_run (bench);
  g_autofree double *got = test_download (bench, losses);
  g_autofree double *image = test_download (bench, dimage), *text = test_download (bench, dtext);
  g_assert_cmpfloat (got[2], ==, 0);
  g_assert_cmpfloat (got[0], ==, got[1]);
  test_each_near ("dimage", image, text, BATCH, BATCH, 0);
}

static double
total (gpointer data)
{
  double losses[4];
  ref_eclipse_loss (losses, data);
  return losses[0];
}

/* Along the text path the distillation term is left out of the loss where its gradient stops. */
static void
reference (void)
{
  enum
  {
    BATCH = 5,
    N = BATCH * BATCH
  };
  g_autofree double *cosines = make_cosines (BATCH, 1, 0.4),
                    *teacher = make_cosines (BATCH, 2, 0.5);
  RefLoss problem = { cosines, teacher, BATCH, log (7), log (7), 0.7, TRUE };
  double dimage[N], dtext[N], dscale = 0;
  ref_eclipse_loss_gradient (dimage, dtext, &dscale, &problem);
  test_gradient ("dimage", total, &problem, cosines, N, dimage, 1e-6);
  test_gradient ("dscale", total, &problem, &problem.logit_scale, 1, &dscale, 1e-6);
  problem.weight = 0;
  test_gradient ("dtext, stopped", total, &problem, cosines, N, dtext, 1e-6);

  problem.weight = 0.7;
  problem.stop_grad_text = FALSE;
  ref_eclipse_loss_gradient (dimage, dtext, &dscale, &problem);
  test_gradient ("dtext", total, &problem, cosines, N, dtext, 1e-6);
}

int
main (int argc, char **argv)
{
  test_init (&argc, &argv);
  g_test_add_func ("/loss/reference", reference);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    test_add ("loss", cases[i].name, objective, &cases[i]);
  test_add ("loss", "same-teacher", same_teacher, NULL);
  return test_run ();
}
