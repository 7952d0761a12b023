/* Patches, tokens and the rows made of them in double, after compute/ops/embed.h. */
#pragma once

#include <glib.h>

void ref_patchify (double *patches, const double *image, guint batch, guint size, guint patch);

void ref_embed_patches (double *x, const double *patches, const double *class_embedding,
                        const double *positional, guint batch, guint tokens, guint columns);
/* dpatches is written; dclass and dpositional accumulate. */
void ref_embed_patches_backward (double *dpatches, double *dclass, double *dpositional,
                                 const double *dx, guint batch, guint tokens, guint columns);

typedef struct
{
  const gint32 *tokens; /* [B,T] */
  const gint32 *last;   /* [B]; rows behind it give the table no gradient */
  guint batch;
  guint context;
  guint columns;
  guint vocabulary;
} RefTexts;

void ref_embed_tokens (double *x, const double *table, const double *positional,
                       const RefTexts *texts);
/* dtable and dpositional accumulate. */
void ref_embed_tokens_backward (double *dtable, double *dpositional, const double *dx,
                                const RefTexts *texts);

/* position [B] or NULL for 0. */
void ref_take_token (double *y, const double *x, const gint32 *position, guint batch, guint tokens,
                     guint columns);
void ref_take_token_backward (double *dx, const double *dy, const gint32 *position, guint batch,
                              guint tokens, guint columns);
