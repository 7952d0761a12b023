/* From pictures and token ids to the rows that transformers read, and back. */
#pragma once

#include "compute/stream.h"

G_BEGIN_DECLS

/* patches [B*P, 3 p p] from image [B, 3 S S] (channel, y, x), P = (S/p)^2 row by row; a patch's
 * columns are (channel, y, x) too, as in conv1.weight [C, 3, p, p]. */
void gpu_patchify (GpuStream *stream, GpuTensor patches, GpuTensor image, guint size, guint patch);

/* x[b,0] = class_embedding + positional[0], x[b,1+i] = patches[b,i] + positional[1+i].
 * x [B*(P+1),C], patches [B*P,C], class_embedding [1,C], positional [P+1,C]. */
void gpu_embed_patches (GpuStream *stream, GpuTensor x, GpuTensor patches,
                        GpuTensor class_embedding, GpuTensor positional);
/* dpatches is written; dclass and dpositional accumulate. */
void gpu_embed_patches_backward (GpuStream *stream, GpuTensor dpatches, GpuTensor dclass,
                                 GpuTensor dpositional, GpuTensor dx);

/* x[b,t] = table[tokens[b,t]] + positional[t]. x [B*T,C], tokens [1,B*T] of int32 in [0,V) (others
 * read row V-1), table [V,C], positional [T,C]. */
void gpu_embed_tokens (GpuStream *stream, GpuTensor x, GpuTensor tokens, GpuTensor table,
                       GpuTensor positional);

/* Which rows of a batch hold which id, made on the host, so that the gradient of the table is a sum
 * in fixed order without atomics. For n = B*T: ids [1,n+1] is the number of distinct ids u and then
 * the ids; starts [1,n+1]: where each id's rows begin in rows [1,n]; starts[u] is their end. */
typedef struct
{
  GpuTensor ids;
  GpuTensor starts;
  GpuTensor rows;
} GpuTokenIndex;

/* Fills host arrays of those lengths (not tensors). Rows of a text beyond its last (EOT) position are
 * left out: under a causal mask they have no gradient. tokens [B*T], last [B]. */
void gpu_token_index_fill (gint32 *ids, gint32 *starts, gint32 *rows, const gint32 *tokens,
                           const gint32 *last, guint batch, guint context);

/* dtable [V,C] and dpositional [T,C] accumulate. dx [B*T,C]. */
void gpu_embed_tokens_backward (GpuStream *stream, GpuTensor dtable, GpuTensor dpositional,
                                GpuTensor dx, const GpuTokenIndex *index);

/* y[b] = x[b, position[b]]: y [B,C], x [B*T,C], position [1,B] of int32 (clamped to T-1), or no rows
 * for position 0, the CLS token. Backward: dx [B*T,C] is written, zero at other positions. */
void gpu_take_token (GpuStream *stream, GpuTensor y, GpuTensor x, GpuTensor position);
void gpu_take_token_backward (GpuStream *stream, GpuTensor dx, GpuTensor dy, GpuTensor position);

G_END_DECLS
