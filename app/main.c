/* penumbra: the window over runs. */
#include "app/application.h"
#include "app/session/renderer.h"

/* Where no card draws, GTK would use OpenGL on the processor's cores, all of them, beside a trainer that
 * wants them, too: a third of the frames then took over 50 ms, and with Cairo one of 1,327. Who sets the
 * variable knows better. */
static void
choose_renderer (void)
{
  if (!wb_has_render_node ("/dev/dri"))
    g_setenv ("GSK_RENDERER", "cairo", FALSE);
}

int
main (int argc, char **argv)
{
  choose_renderer ();
  g_autoptr (WbApplication) application = wb_application_new ();
  return g_application_run (G_APPLICATION (application), argc, argv);
}
