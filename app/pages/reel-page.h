/* A page that shows a run at one of its snapshots; the parent of tokens and similarities. It has a
 * reel and a step slider, keys that move it (comma, period, n), and the action snapshots.retry. The
 * run is read while the page is shown. Main thread only.
 */
#pragma once

#include "app/pages/reel.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define WB_TYPE_REEL_PAGE (wb_reel_page_get_type ())
G_DECLARE_DERIVABLE_TYPE (WbReelPage, wb_reel_page, WB, REEL_PAGE, AdwBin)

struct _WbReelPageClass
{
  AdwBinClass parent_class;

  /* The reel has changed. */
  void (*update) (WbReelPage *page);
};

/* Makes the reel, when the template's children are there, and updates for the first time. */
void wb_reel_page_set_slider (WbReelPage *page, WbStepSlider *slider);

/* Borrowed; NULL before there is a slider and when the page is taken down. */
WbReel *wb_reel_page_get_reel (WbReelPage *page);

G_END_DECLS
