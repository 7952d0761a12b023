/* penumbra: the window over runs. */
#include "app/application.h"

int
main (int argc, char **argv)
{
  g_autoptr (WbApplication) application = wb_application_new ();
  return g_application_run (G_APPLICATION (application), argc, argv);
}
