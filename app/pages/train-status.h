/* What the training page says of a run in words: in place of charts while there is nothing to
 * draw, and above them when something is wrong. Each with what to do next.
 */
#pragma once

#include "app/session/run.h"

G_BEGIN_DECLS

typedef struct
{
  const char *icon, *title; /* title "": only the spinner */
  char *text;               /* owned; NULL: there is nothing to say */
  const char *remedy;       /* label; NULL: none */
  const char *action;       /* of the remedy */
  gboolean working;         /* a spinner, or a bar where it is counted */
  guint done, total;        /* ... so much of it; total 0: not counted */
  gboolean folder;          /* its folder may tell more */
  gboolean grave;
} WbTrainStatus;

void wb_train_status_clear (WbTrainStatus *status);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WbTrainStatus, wb_train_status_clear)

/* In place of charts: run NULL, not read yet, without steps, or its folder gone. */
void wb_train_status_init_empty (WbTrainStatus *status, WbRun *run, gboolean gone);

/* Above the charts: a failure, what cannot be read, or the newest alert. */
void wb_train_status_init_strip (WbTrainStatus *status, WbRun *run);

G_END_DECLS
