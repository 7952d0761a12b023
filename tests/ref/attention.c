#include "tests/ref/attention.h"

#include <math.h>

typedef struct
{
  const GpuAttention *shape;
  guint width; /* of a head */
  guint batch, head;
} Place;

/* First element of a token's row of q (0), k (1) or v (2) in a tensor of `parts` C columns. */
static gsize
row (const Place *at, guint token, guint part, guint parts)
{
  gsize c = (gsize) at->shape->heads * at->width;
  return ((gsize) at->batch * at->shape->tokens + token) * parts * c + part * c
         + at->head * at->width;
}

static double
dot (const double *x, const double *y, guint n)
{
  double sum = 0;
  for (guint i = 0; i < n; i++)
    sum += x[i] * y[i];
  return sum;
}

/* p [T]: softmax of one query's scores; returns log sum exp. */
static double
probabilities (double *p, const double *qkv, const Place *at, guint query)
{
  guint keys = at->shape->causal ? query + 1 : at->shape->tokens;
  double top = -INFINITY, total = 0;
  for (guint j = 0; j < at->shape->tokens; j++)
    {
      p[j] =
          dot (qkv + row (at, query, 0, 3), qkv + row (at, j, 1, 3), at->width) / sqrt (at->width);
      if (j < keys)
        top = fmax (top, p[j]);
    }
  for (guint j = 0; j < at->shape->tokens; j++)
    {
      p[j] = j < keys ? exp (p[j] - top) : 0;
      total += p[j];
    }
  for (guint j = 0; j < at->shape->tokens; j++)
    p[j] /= total;
  return top + log (total);
}

static void
forward_query (double *o, double *a, const double *p, const double *qkv, const Place *at,
               guint query)
{
  guint tokens = at->shape->tokens;
  for (guint i = 0; o && i < at->width; i++)
    {
      double *sum = o + row (at, query, 0, 1) + i;
      *sum = 0;
      for (guint j = 0; j < tokens; j++)
        *sum += p[j] * qkv[row (at, j, 2, 3) + i];
    }
  for (guint j = 1; a && query == 0 && j < tokens; j++)
    {
      double *mean = a + (gsize) at->batch * (tokens - 1) + j - 1;
      *mean = (at->head == 0 ? 0 : *mean) + p[j] / at->shape->heads;
    }
}

static void
backward_query (double *dqkv, const double *d_o, const double *da, const double *p,
                const double *qkv, const Place *at, guint query)
{
  guint tokens = at->shape->tokens;
  g_autofree double *dp = g_new (double, tokens);
  for (guint j = 0; j < tokens; j++)
    {
      dp[j] = dot (d_o + row (at, query, 0, 1), qkv + row (at, j, 2, 3), at->width);
      if (da && query == 0 && j > 0)
        dp[j] += da[(gsize) at->batch * (tokens - 1) + j - 1] / at->shape->heads;
    }
  double mean = dot (p, dp, tokens);
  for (guint j = 0; j < tokens; j++)
    for (guint i = 0; i < at->width; i++)
      {
        double ds = p[j] * (dp[j] - mean) / sqrt (at->width);
        gsize q = row (at, query, 0, 3) + i, k = row (at, j, 1, 3) + i;
        dqkv[q] += ds * qkv[k];
        dqkv[k] += ds * qkv[q];
        dqkv[row (at, j, 2, 3) + i] += p[j] * d_o[row (at, query, 0, 1) + i];
      }
}

void
ref_attention (double *o, double *lse, double *a, const double *qkv, const GpuAttention *shape,
               guint head_width)
{
  g_autofree double *p = g_new (double, shape->tokens);
  for (guint b = 0; b < shape->batch; b++)
    for (guint h = 0; h < shape->heads; h++)
      for (guint i = 0; i < shape->tokens; i++)
        {
          const Place at = { shape, head_width, b, h };
          double sum = probabilities (p, qkv, &at, i);
          if (lse)
            lse[((gsize) b * shape->heads + h) * shape->tokens + i] = sum;
          forward_query (o, a, p, qkv, &at, i);
        }
}

void
ref_attention_backward (double *dqkv, const double *d_o, const double *da, const double *qkv,
                        const GpuAttention *shape, guint head_width)
{
  g_autofree double *p = g_new (double, shape->tokens);
  gsize n = (gsize) shape->batch * shape->tokens * 3 * shape->heads * head_width;
  for (gsize i = 0; i < n; i++)
    dqkv[i] = 0;
  for (guint b = 0; b < shape->batch; b++)
    for (guint h = 0; h < shape->heads; h++)
      for (guint i = 0; i < shape->tokens; i++)
        {
          const Place at = { shape, head_width, b, h };
          probabilities (p, qkv, &at, i);
          backward_query (dqkv, d_o, da, p, qkv, &at, i);
        }
}
