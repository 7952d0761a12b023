/* The snapshots of a run as a page shows them: opens the run while the page is shown, keeps a step
 * slider fed with the steps there are, asks for the snapshot it stands on, and remembers the place
 * of each run. Main thread only.
 */
#pragma once

#include "app/session/run.h"
#include "app/session/snapshots.h"
#include "app/widgets/step-slider.h"

G_BEGIN_DECLS

typedef enum
{
  WB_REEL_NO_RUN,
  WB_REEL_LOADING,
  WB_REEL_WAITING, /* the run is live and has written no snapshot yet */
  WB_REEL_NONE,    /* there are no snapshots, and none will come */
  WB_REEL_FAILED,  /* nothing can be shown: see the problem */
  WB_REEL_READY,   /* snapshot and probes are there */
} WbReelState;

#define WB_TYPE_REEL (wb_reel_get_type ())
G_DECLARE_FINAL_TYPE (WbReel, wb_reel, WB, REEL, GObject)

/* Signal "changed": any of what follows. */

/* The slider is borrowed and outlives the reel. */
WbReel *wb_reel_new (WbStepSlider *slider);

/* NULL: none. Held on to. */
void wb_reel_set_run (WbReel *reel, WbRun *run);
WbRun *wb_reel_get_run (WbReel *reel);

/* Nothing is read while the page is not shown. */
void wb_reel_set_shown (WbReel *reel, gboolean shown);

WbReelState wb_reel_get_state (WbReel *reel);

/* What cannot be read, though an older snapshot may be shown; NULL: nothing. Borrowed. */
const char *wb_reel_get_problem (WbReel *reel);

/* Asks again after a problem. */
void wb_reel_retry (WbReel *reel);

/* Both NULL unless READY; borrowed until "changed". */
WbSnapshot *wb_reel_get_snapshot (WbReel *reel);
WbProbes *wb_reel_get_probes (WbReel *reel);

G_END_DECLS
