/* Polls a run folder over and over, each time on a worker, and sooner when the file system says that
 * something happened (network mounts never do). Polls follow one another: a follower belongs to one
 * thread at a time. For the main thread.
 */
#pragma once

#include "app/session/follower.h"

G_BEGIN_DECLS

#define WB_TYPE_POLLER (wb_poller_get_type ())
G_DECLARE_FINAL_TYPE (WbPoller, wb_poller, WB, POLLER, GObject)

typedef struct
{
  /* What a poll found. */
  void (*polled) (WbDelta *delta, gpointer data);

  /* Asked after that, unless another poll was wanted meanwhile: ms until the next; 0: none until
   * poked. */
  guint (*next) (gpointer data);
} WbPollerCalls;

/* calls: borrowed for life. */
WbPoller *wb_poller_new (const char *path, const WbPollerCalls *calls, gpointer data);

/* Polls now, or shortly after the poll under way. */
void wb_poller_poke (WbPoller *poller);

/* A poll is under way, or what it found is being told. */
gboolean wb_poller_is_polling (WbPoller *poller);

/* Polls no more, and tells nothing of a poll under way. */
void wb_poller_stop (WbPoller *poller);

G_END_DECLS
