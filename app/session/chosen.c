#include "app/session/chosen.h"

static gboolean
contains (GListModel *all, gconstpointer wanted)
{
  const guint n = g_list_model_get_n_items (all);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GObject) item = g_list_model_get_item (all, i);

      if (item == wanted)
        return TRUE;
    }
  return FALSE;
}

/* An item that moves is removed and added in one change. */
static void
on_items_changed (GListModel *all, guint position, guint removed, guint added, gpointer data)
{
  GListStore *chosen = data;

  (void) position;
  (void) added;
  if (removed == 0)
    return;
  for (guint i = g_list_model_get_n_items (G_LIST_MODEL (chosen)); i-- > 0;)
    {
      g_autoptr (GObject) item = g_list_model_get_item (G_LIST_MODEL (chosen), i);

      if (!contains (all, item))
        g_list_store_remove (chosen, i);
    }
}

void
wb_chosen_follow (GListStore *chosen, GListModel *all)
{
  g_signal_connect_object (all, "items-changed", G_CALLBACK (on_items_changed), chosen, 0);
}
