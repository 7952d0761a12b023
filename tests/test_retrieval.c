/* Recall and median rank against plain loops. Features are small whole numbers, so that products
 * are exact and ties abound. */
#include "models/eval/retrieval.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CONTEXT 3

static GpuDevice *device;

typedef struct
{
  guint pictures, texts, width;
  guint words; /* different ids: fewer make more identical captions */
  float *image, *text;
  guint32 *owner;
  gint32 (*ids)[CONTEXT];
  const gint32 **tokens;
} Sample;

static Sample *
new_sample (guint pictures, guint texts, guint width, guint words, int range)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (pictures * 7919 + texts);
  Sample *sample = g_new0 (Sample, 1);

  sample->pictures = pictures;
  sample->texts = texts;
  sample->width = width;
  sample->image = g_new (float, (gsize) pictures *width);
  sample->text = g_new (float, (gsize) texts *width);
  sample->owner = g_new (guint32, texts);
  sample->ids = g_malloc_n (texts, sizeof *sample->ids);
  sample->tokens = g_new (const gint32 *, texts);
  for (gsize i = 0; i < (gsize) pictures * width; i++)
    sample->image[i] = (float) g_rand_int_range (rand, -range, range + 1);
  for (gsize i = 0; i < (gsize) texts * width; i++)
    sample->text[i] = (float) g_rand_int_range (rand, -range, range + 1);
  for (guint t = 0; t < texts; t++)
    {
      sample->owner[t] = t < pictures ? t : (guint32) g_rand_int_range (rand, 0, (int) pictures);
      for (guint k = 0; k < CONTEXT; k++)
        sample->ids[t][k] = g_rand_int_range (rand, 0, (int) words);
      sample->tokens[t] = sample->ids[t];
    }
  return sample;
}

static void
free_sample (Sample *sample)
{
  g_free (sample->image);
  g_free (sample->text);
  g_free (sample->owner);
  g_free (sample->ids);
  g_free (sample->tokens);
  g_free (sample);
}

static int
compare_doubles (const void *a, const void *b)
{
  const double x = *(const double *) a, y = *(const double *) b;
  return (x > y) - (x < y);
}

/* right [questions][answers] and scores likewise, by strides. */
static void
reference (double *r1, double *r5, double *r10, double *median, const double *scores,
           const gboolean *right, guint questions, guint answers, gsize question_stride,
           gsize answer_stride)
{
  g_autofree double *ranks = g_new (double, questions);

  *r1 = *r5 = *r10 = 0;
  for (guint q = 0; q < questions; q++)
    {
      double best = -INFINITY;
      for (guint a = 0; a < answers; a++)
        if (right[q * question_stride + a * answer_stride])
          best = MAX (best, scores[q * question_stride + a * answer_stride]);
      ranks[q] = 1;
      for (guint a = 0; a < answers; a++)
        if (!right[q * question_stride + a * answer_stride]
            && scores[q * question_stride + a * answer_stride] >= best)
          ranks[q]++;
      *r1 += ranks[q] <= 1;
      *r5 += ranks[q] <= 5;
      *r10 += ranks[q] <= 10;
    }
  *r1 /= questions;
  *r5 /= questions;
  *r10 /= questions;
  qsort (ranks, questions, sizeof *ranks, compare_doubles);
  *median =
      questions % 2 ? ranks[questions / 2] : (ranks[questions / 2 - 1] + ranks[questions / 2]) / 2;
}

static void
fill (const Sample *sample, double *scores, gboolean *right)
{
  for (guint t = 0; t < sample->texts; t++)
    {
      for (guint i = 0; i < sample->pictures; i++)
        for (guint k = 0; k < sample->width; k++)
          scores[(gsize) t * sample->pictures + i] +=
              (double) sample->text[t * sample->width + k]
              * (double) sample->image[i * sample->width + k];
      for (guint u = 0; u < sample->texts; u++)
        if (memcmp (sample->ids[t], sample->ids[u], sizeof *sample->ids) == 0)
          right[(gsize) t * sample->pictures + sample->owner[u]] = TRUE;
    }
}

static void
check (const Sample *sample)
{
  const gsize n = (gsize) sample->texts * sample->pictures;
  g_autofree double *scores = g_new0 (double, n);
  g_autofree gboolean *right = g_new0 (gboolean, n);
  g_autoptr (EvalTruth) truth =
      eval_truth_new (sample->owner, sample->tokens, sample->texts, sample->pictures, CONTEXT);
  g_autoptr (GError) error = NULL;
  EvalRecall got, want;

  fill (sample, scores, right);
  reference (&want.t2i_r1, &want.t2i_r5, &want.t2i_r10, &want.t2i_median, scores, right,
             sample->texts, sample->pictures, sample->pictures, 1);
  reference (&want.i2t_r1, &want.i2t_r5, &want.i2t_r10, &want.i2t_median, scores, right,
             sample->pictures, sample->texts, 1, sample->pictures);
  eval_recall (&got, device, sample->image, sample->text, truth, sample->width, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (got.pictures, ==, sample->pictures);
  g_assert_cmpuint (got.texts, ==, sample->texts);
  g_assert_cmpfloat_with_epsilon (got.t2i_r1, want.t2i_r1, 1e-12);
  g_assert_cmpfloat_with_epsilon (got.t2i_r5, want.t2i_r5, 1e-12);
  g_assert_cmpfloat_with_epsilon (got.t2i_r10, want.t2i_r10, 1e-12);
  g_assert_cmpfloat (got.t2i_median, ==, want.t2i_median);
  g_assert_cmpfloat_with_epsilon (got.i2t_r1, want.i2t_r1, 1e-12);
  g_assert_cmpfloat_with_epsilon (got.i2t_r5, want.i2t_r5, 1e-12);
  g_assert_cmpfloat_with_epsilon (got.i2t_r10, want.i2t_r10, 1e-12);
  g_assert_cmpfloat (got.i2t_median, ==, want.i2t_median);
}

static void
test_random (void)
{
  static const struct
  {
    guint pictures, texts, width, words;
    int range;
  } cases[] = {
    { 1, 1, 1, 2, 1 },     { 3, 3, 4, 9, 2 },       { 7, 9, 5, 2, 1 },   { 8, 30, 7, 3, 2 },
    { 127, 127, 9, 9, 3 }, { 127, 300, 16, 4, 2 },  { 40, 41, 3, 1, 1 }, { 1100, 30, 8, 3, 2 },
    { 30, 1100, 8, 5, 3 }, { 1025, 1200, 4, 7, 2 },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Sample *sample = new_sample (cases[i].pictures, cases[i].texts, cases[i].width,
                                   cases[i].words, cases[i].range);
      check (sample);
      free_sample (sample);
    }
}

/* The rules of models/README.md, each where it decides. */
static void
test_rules (void)
{
  const guint32 owner[] = { 0, 1, 2 };
  const gint32 a[] = { 1, 2, 3 }, b[] = { 1, 2, 4 };
  const gint32 *same[] = { a, b, a }, *different[] = { a, b, a };
  const float image[] = { 1, 0, 0, 1, 1, 0 };
  const float text[] = { 1, 0, 0, 1, 1, 0 };
  const gint32 c[] = { 9, 9, 9 };
  g_autoptr (GError) error = NULL;
  EvalRecall recall;

  /* Pictures 0 and 2 look alike and are called alike: both answers are right. */
  g_autoptr (EvalTruth) shared = eval_truth_new (owner, same, 3, 3, 3);
  g_assert_cmpuint (shared->kinds, ==, 2);
  g_assert_true (eval_recall (&recall, device, image, text, shared, 2, &error));
  g_assert_cmpfloat (recall.t2i_r1, ==, 1);
  g_assert_cmpfloat (recall.i2t_r1, ==, 1);

  /* Called otherwise, the tie counts against the model. */
  different[2] = c;
  g_autoptr (EvalTruth) apart = eval_truth_new (owner, different, 3, 3, 3);
  g_assert_true (eval_recall (&recall, device, image, text, apart, 2, &error));
  g_assert_cmpfloat_with_epsilon (recall.t2i_r1, 1.0 / 3, 1e-12);
  g_assert_cmpfloat (recall.t2i_r5, ==, 1);
  g_assert_cmpfloat (recall.t2i_median, ==, 2);
}

/* Features that are no numbers are no finds. */
static void
test_not_a_number (void)
{
  Sample *sample = new_sample (20, 20, 4, 50, 3);
  g_autoptr (EvalTruth) truth =
      eval_truth_new (sample->owner, sample->tokens, sample->texts, sample->pictures, CONTEXT);
  g_autoptr (GError) error = NULL;
  EvalRecall recall;

  for (guint i = 0; i < 80; i++)
    sample->image[i] = NAN;
  g_assert_true (eval_recall (&recall, device, sample->image, sample->text, truth, 4, &error));
  g_assert_cmpfloat (recall.t2i_r10, ==, 0);
  g_assert_cmpfloat (recall.i2t_r10, ==, 0);
  free_sample (sample);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  device = gpu_device_open (&(GpuDeviceOptions){ .validate = TRUE }, &error);
  g_assert_no_error (error);
  g_test_add_func ("/retrieval/random", test_random);
  g_test_add_func ("/retrieval/rules", test_rules);
  g_test_add_func ("/retrieval/not-a-number", test_not_a_number);
  status = g_test_run ();
  if (gpu_device_get_validation_count (device) > 0)
    g_error ("validation: %s", gpu_device_get_validation_text (device));
  gpu_device_unref (device);
  return status;
}
