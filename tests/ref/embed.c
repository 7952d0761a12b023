#include "tests/ref/embed.h"

void
ref_patchify (double *patches, const double *image, guint batch, guint size, guint patch)
{
  guint side = size / patch;
  for (guint b = 0; b < batch; b++)
    for (guint i = 0; i < side * side; i++)
      for (guint c = 0; c < 3; c++)
        for (guint y = 0; y < patch; y++)
          for (guint x = 0; x < patch; x++)
            {
              guint row = i / side * patch + y, column = i % side * patch + x;
              *patches++ = image[((b * 3 + c) * size + row) * size + column];
            }
}

void
ref_embed_patches (double *x, const double *patches, const double *class_embedding,
                   const double *positional, guint batch, guint tokens, guint columns)
{
  for (guint b = 0; b < batch; b++)
    for (guint t = 0; t < tokens; t++)
      for (guint c = 0; c < columns; c++)
        {
          double token =
              t == 0 ? class_embedding[c] : patches[(b * (tokens - 1) + t - 1) * columns + c];
          x[(b * tokens + t) * columns + c] = token + positional[t * columns + c];
        }
}

void
ref_embed_patches_backward (double *dpatches, double *dclass, double *dpositional, const double *dx,
                            guint batch, guint tokens, guint columns)
{
  for (guint b = 0; b < batch; b++)
    for (guint t = 0; t < tokens; t++)
      for (guint c = 0; c < columns; c++)
        {
          double d = dx[(b * tokens + t) * columns + c];
          dpositional[t * columns + c] += d;
          if (t == 0)
            dclass[c] += d;
          else
            dpatches[(b * (tokens - 1) + t - 1) * columns + c] = d;
        }
}

static guint
table_row (const RefTexts *texts, guint row)
{
  gint32 id = texts->tokens[row];
  return id < 0 || (guint) id >= texts->vocabulary ? texts->vocabulary - 1 : (guint) id;
}

void
ref_embed_tokens (double *x, const double *table, const double *positional, const RefTexts *texts)
{
  guint columns = texts->columns;
  for (guint row = 0; row < texts->batch * texts->context; row++)
    for (guint c = 0; c < columns; c++)
      x[row * columns + c] = table[table_row (texts, row) * columns + c]
                             + positional[row % texts->context * columns + c];
}

void
ref_embed_tokens_backward (double *dtable, double *dpositional, const double *dx,
                           const RefTexts *texts)
{
  guint columns = texts->columns;
  for (guint row = 0; row < texts->batch * texts->context; row++)
    for (guint c = 0; c < columns; c++)
      {
        gint32 t = (gint32) (row % texts->context);
        dpositional[(guint) t * columns + c] += dx[row * columns + c];
        if (t <= texts->last[row / texts->context])
          dtable[table_row (texts, row) * columns + c] += dx[row * columns + c];
      }
}

static guint
taken_row (const gint32 *position, guint b, guint tokens)
{
  return b * tokens + (position ? MIN ((guint) position[b], tokens - 1) : 0);
}

void
ref_take_token (double *y, const double *x, const gint32 *position, guint batch, guint tokens,
                guint columns)
{
  for (guint b = 0; b < batch; b++)
    for (guint c = 0; c < columns; c++)
      y[b * columns + c] = x[taken_row (position, b, tokens) * columns + c];
}

void
ref_take_token_backward (double *dx, const double *dy, const gint32 *position, guint batch,
                         guint tokens, guint columns)
{
  for (guint i = 0; i < batch * tokens * columns; i++)
    dx[i] = 0;
  for (guint b = 0; b < batch; b++)
    for (guint c = 0; c < columns; c++)
      dx[taken_row (position, b, tokens) * columns + c] = dy[b * columns + c];
}
