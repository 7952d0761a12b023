/* Lays out the charts of a page, its children, in the room there is: the first is the large one,
 * the second stands beside it, or below it where there is no room, and the others follow in a strip
 * of one row or two. Main thread.
 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define WB_TYPE_CHART_BOARD (wb_chart_board_get_type ())
G_DECLARE_FINAL_TYPE (WbChartBoard, wb_chart_board, WB, CHART_BOARD, GtkWidget)

G_END_DECLS
