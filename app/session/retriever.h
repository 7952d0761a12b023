/* Retrieval in the window: one worker thread with a device of its own, at nice 10.
 *
 * Main thread only. The newest question counts: what is asked while the thread is busy replaces
 * what was asked before, and an answer to an old question is dropped. When a newer checkpoint of
 * the run appears, wb_retriever_refresh() asks the last question again of it.
 *
 * The student answers as soon as its pictures are encoded; then the teacher's are, and the question
 * is answered again. An answer of both is not replaced by one of the student alone to the same
 * question.
 */
#pragma once

#include "app/session/searcher.h"

G_BEGIN_DECLS

#define WB_TYPE_RETRIEVER (wb_retriever_get_type ())
G_DECLARE_FINAL_TYPE (WbRetriever, wb_retriever, WB, RETRIEVER, GObject)

/* Signal "changed": the answer, the problem, the stage or its progress; at most ten times a second
 * for the latter. */

/* engine NULL: wb_searcher_engine(). Its thread starts with the first run. */
WbRetriever *wb_retriever_new (const WbSearchEngine *engine);

/* Whom to ask. Gets ready for it; NULL lets go of model and data. Answer and question are
 * forgotten. */
void wb_retriever_set_run (WbRetriever *retriever, const char *run);

/* "" or NULL: nothing any more. Without a run it waits for one. */
void wb_retriever_ask (WbRetriever *retriever, const char *query, guint k);

/* There is a newer checkpoint. */
void wb_retriever_refresh (WbRetriever *retriever);

/* Something is asked or prepared and not there yet. */
gboolean wb_retriever_is_busy (WbRetriever *retriever);

/* All borrowed until "changed"; NULL: none. An answer stays until the next one or a problem. */
WbAnswer *wb_retriever_get_answer (WbRetriever *retriever);
const GError *wb_retriever_get_error (WbRetriever *retriever);
const char *wb_retriever_get_stage (WbRetriever *retriever);
double wb_retriever_get_fraction (WbRetriever *retriever); /* of the stage; NAN: not known */

G_END_DECLS
