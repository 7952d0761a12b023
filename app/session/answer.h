/* The answer to a question to a model: the held-out pictures nearest to a text. Immutable, counted
 * by references. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  char *id, *path, *caption; /* of the picture */
  float score;               /* cosine */
} WbHit;

typedef struct
{
  char *query, *run;
  gint64 step;                 /* of the checkpoint */
  guint pictures;              /* searched among */
  GArray *student, *teacher;   /* WbHit, best first; teacher NULL: the model has none */
  gboolean partial;            /* the teacher's are still to come */
  double encode_ms, search_ms; /* of the text, and of the search of both */
} WbAnswer;

/* Empty lists; the teacher's too. */
WbAnswer *wb_answer_new (const char *query);
WbAnswer *wb_answer_ref (WbAnswer *answer);
void wb_answer_unref (WbAnswer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WbAnswer, wb_answer_unref)

G_END_DECLS
