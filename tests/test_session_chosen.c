/* What is chosen of a list leaves with what leaves the list. */
#include "app/session/chosen.h"

#include <glib.h>

static GObject *
add (GListStore *store)
{
  g_autoptr (GObject) item = g_object_new (G_TYPE_OBJECT, NULL);
  g_list_store_append (store, item);
  return item;
}

static gboolean
is_chosen (GListStore *chosen, GObject *item)
{
  return g_list_store_find (chosen, item, NULL);
}

static void
test_leaves_with_its_item (void)
{
  g_autoptr (GListStore) all = g_list_store_new (G_TYPE_OBJECT);
  g_autoptr (GListStore) chosen = g_list_store_new (G_TYPE_OBJECT);
  GObject *items[4];
  for (guint i = 0; i < 4; i++)
    items[i] = add (all);
  wb_chosen_follow (chosen, G_LIST_MODEL (all));
  for (guint i = 0; i < 3; i++)
    g_list_store_append (chosen, items[2 - i]);

  g_autoptr (GObject) held = g_object_ref (items[1]);
  g_list_store_remove (all, 1);
  g_assert_false (is_chosen (chosen, held));
  g_assert_true (is_chosen (chosen, items[0]) && is_chosen (chosen, items[2]));
  g_list_store_remove (all, 2); /* not chosen */
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (chosen)), ==, 2);
  g_list_store_remove_all (all);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (chosen)), ==, 0);
}

static void
test_stays_while_its_item_moves (void)
{
  g_autoptr (GListStore) all = g_list_store_new (G_TYPE_OBJECT);
  g_autoptr (GListStore) chosen = g_list_store_new (G_TYPE_OBJECT);
  gpointer items[2] = { add (all), add (all) };
  gpointer turned[2] = { items[1], items[0] };
  wb_chosen_follow (chosen, G_LIST_MODEL (all));
  g_list_store_append (chosen, items[0]);
  g_object_ref (items[0]);
  g_object_ref (items[1]);
  g_list_store_splice (all, 0, 2, turned, 2);
  g_object_unref (items[0]);
  g_object_unref (items[1]);
  g_assert_true (is_chosen (chosen, items[0]));
  add (all);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (chosen)), ==, 1);
}

static void
test_list_may_outlive_it (void)
{
  g_autoptr (GListStore) all = g_list_store_new (G_TYPE_OBJECT);
  GListStore *chosen = g_list_store_new (G_TYPE_OBJECT);
  g_list_store_append (chosen, add (all));
  wb_chosen_follow (chosen, G_LIST_MODEL (all));
  g_object_unref (chosen);
  g_list_store_remove_all (all);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/session/chosen/leaves-with-its-item", test_leaves_with_its_item);
  g_test_add_func ("/session/chosen/stays-while-its-item-moves", test_stays_while_its_item_moves);
  g_test_add_func ("/session/chosen/list-may-outlive-it", test_list_may_outlive_it);
  return g_test_run ();
}
