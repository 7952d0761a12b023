/* The window: runs at the side, the selected run's pages, and its bottom bar. */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define WB_TYPE_WINDOW (wb_window_get_type ())
G_DECLARE_FINAL_TYPE (WbWindow, wb_window, WB, WINDOW, AdwApplicationWindow)

/* root: a run or a folder of runs, NULL: the default place. page: the first to show, or NULL. */
WbWindow *wb_window_new (GtkApplication *application, const char *root, const char *page);

/* "runs" or the name of a page. */
gboolean wb_window_has_page (const char *name);

/* What is shown: a page, or "welcome" or "loading" before there are any. */
const char *wb_window_get_page (WbWindow *window);

G_END_DECLS
