/* A card is known by its render node alone. */
#include "app/session/renderer.h"
#include "tests/temporary.h"

static void
add (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  g_assert_true (g_file_set_contents (path, "", 0, NULL));
}

static void
test_render_node (void)
{
  g_autofree char *folder = temporary_folder ();
  g_autofree char *missing = g_build_filename (folder, "missing", NULL);

  g_assert_false (wb_has_render_node (missing));
  g_assert_false (wb_has_render_node (folder));
  add (folder, "card0"); /* shows pictures, and draws none */
  g_assert_false (wb_has_render_node (folder));
  add (folder, "renderD128");
  g_assert_true (wb_has_render_node (folder));
  temporary_remove (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/session/renderer/node", test_render_node);
  return g_test_run ();
}
