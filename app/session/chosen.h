/* What is chosen of a list, as the runs to compare: it stays chosen wherever it moves to in the
 * list, until it leaves it.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* From now on, what is not in `all` any more leaves `chosen`. Main thread; neither is held on to. */
void wb_chosen_follow (GListStore *chosen, GListModel *all);

G_END_DECLS
