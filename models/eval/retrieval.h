/* Retrieval: where the right answers rank, from text to picture and back.
 *
 * A picture and a text belong together when one of the picture's captions has the text's token ids:
 * so a picture with several captions has several right texts, and pictures that share a caption are
 * all right answers to it. The rank of a question is that of its best right answer; wrong answers
 * of the same score count before it.
 *   rank = 1 + |{wrong answers whose score is not below that of the best right one}|
 */
#pragma once

#include "compute/device.h"

G_BEGIN_DECLS

typedef struct
{
  double t2i_r1, t2i_r5, t2i_r10; /* fractions 0..1 of texts with a rank of at most k */
  double t2i_median;              /* of the ranks, from 1 */
  double i2t_r1, i2t_r5, i2t_r10; /* of pictures */
  double i2t_median;
  guint pictures, texts;
} EvalRecall;

/* Who belongs to whom. A kind stands for one sequence of token ids. */
typedef struct
{
  guint pictures, texts;
  guint kinds;
  guint32 *owner; /* [texts] the picture a text is a caption of */
  guint32 *kind;  /* [texts] in [0, kinds) */

  /* The pictures of a kind, each once: members[first[k]] .. members[first[k + 1] - 1]. */
  guint32 *first; /* [kinds + 1] */
  guint32 *members;
} EvalTruth;

/* owner [texts], each below `pictures`; tokens [texts][context]. Both are copied. */
EvalTruth *eval_truth_new (const guint32 *owner, const gint32 *const *tokens, guint texts,
                           guint pictures, guint context);
void eval_truth_free (EvalTruth *truth);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EvalTruth, eval_truth_free)

/* image [pictures][width] and text [texts][width], each row of length one. The products are made on
 * the device, twice, in blocks; the ranks here. There must be a picture and a text. */
gboolean eval_recall (EvalRecall *recall, GpuDevice *device, const float *image, const float *text,
                      const EvalTruth *truth, guint width, GError **error);

G_END_DECLS
