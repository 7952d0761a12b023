#include "app/application.h"

#include "app/measure.h"
#include "app/session/work.h"
#include "app/window.h"

struct _WbApplication
{
  AdwApplication parent;
  char *root; /* what was named on the command line, or NULL */
  char *page;
  gboolean measure;
};

G_DEFINE_FINAL_TYPE (WbApplication, wb_application, ADW_TYPE_APPLICATION)

static void
show_about (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  (void) action;
  (void) parameter;
  adw_show_about_window (
      gtk_application_get_active_window (data), "application-name", "Penumbra", "application-icon",
      "org.penumbra.Workbench", "version", PENUMBRA_VERSION, "comments",
      "A workbench for contrastive language-image pretraining with "
      "self-distilled encoders (ECLIPSE, AAAI 2024).",
      "developer-name", "The Penumbra authors", "license-type", GTK_LICENSE_MIT_X11, NULL);
}

static void
quit (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  (void) action;
  (void) parameter;
  gtk_window_close (gtk_application_get_active_window (data));
}

static const GActionEntry actions[] = {
  { .name = "about", .activate = show_about },
  { .name = "quit", .activate = quit },
};

static const struct
{
  const char *action;
  const char *keys[3];
} shortcuts[] = {
  { "app.quit", { "<Control>q" } },
  { "win.new-run", { "<Control>n" } },
  { "win.toggle-sidebar", { "F9" } },
  { "win.search", { "<Control>f" } },
  { "win.pause", { "<Control>p" } },
  { "win.stop", { "<Control>period" } },
  { "win.show-help-overlay", { "F1", "<Control>question" } },
  { "win.page::train", { "<Control>1" } },
  { "win.page::tokens", { "<Control>2" } },
  { "win.page::similarity", { "<Control>3" } },
  { "win.page::compare", { "<Control>4" } },
  { "win.page::retrieve", { "<Control>5" } },
};

static void
activate (GApplication *application)
{
  WbApplication *self = WB_APPLICATION (application);
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (application));
  if (!window)
    {
      window = GTK_WINDOW (wb_window_new (GTK_APPLICATION (application), self->root, self->page));
      if (self->measure)
        wb_measure (WB_WINDOW (window));
    }
  gtk_window_present (window);
}

static void
startup (GApplication *application)
{
  G_APPLICATION_CLASS (wb_application_parent_class)->startup (application);
  g_action_map_add_action_entries (G_ACTION_MAP (application), actions, G_N_ELEMENTS (actions),
                                   application);
  for (guint i = 0; i < G_N_ELEMENTS (shortcuts); i++)
    gtk_application_set_accels_for_action (GTK_APPLICATION (application), shortcuts[i].action,
                                           (const char *const *) shortcuts[i].keys);
}

/* The window has gone; its workers have been told to stop and may take a moment to. */
static void
shutdown (GApplication *application)
{
  wb_work_finish ();
  G_APPLICATION_CLASS (wb_application_parent_class)->shutdown (application);
}

/* penumbra [RUN_DIR] [--page PAGE] */
static int
handle_local_options (GApplication *application, GVariantDict *options)
{
  WbApplication *self = WB_APPLICATION (application);
  g_auto (GStrv) rest = NULL;
  g_variant_dict_lookup (options, "page", "s", &self->page);
  g_variant_dict_lookup (options, "measure", "b", &self->measure);
  if (g_variant_dict_lookup (options, G_OPTION_REMAINING, "^aay", &rest))
    {
      if (rest[1])
        {
          g_printerr ("penumbra: one RUN_DIR at most: a run or a folder of runs\n");
          return 2;
        }
      self->root = g_canonicalize_filename (rest[0], NULL);
    }
  if (self->page && !wb_window_has_page (self->page))
    {
      g_printerr ("penumbra: there is no page \"%s\": the pages are train, tokens, similarity, "
                  "compare and retrieve\n",
                  self->page);
      return 2;
    }
  return -1;
}

static void
finalize (GObject *object)
{
  WbApplication *self = WB_APPLICATION (object);
  g_free (self->root);
  g_free (self->page);
  G_OBJECT_CLASS (wb_application_parent_class)->finalize (object);
}

static void
wb_application_class_init (WbApplicationClass *class)
{
  G_OBJECT_CLASS (class)->finalize = finalize;
  G_APPLICATION_CLASS (class)->activate = activate;
  G_APPLICATION_CLASS (class)->startup = startup;
  G_APPLICATION_CLASS (class)->shutdown = shutdown;
  G_APPLICATION_CLASS (class)->handle_local_options = handle_local_options;
}

static void
wb_application_init (WbApplication *self)
{
  const GOptionEntry entries[] = {
    { "page", 0, 0, G_OPTION_ARG_STRING, NULL,
      "runs, train, tokens, similarity, compare or retrieve", "PAGE" },
    { "measure", 0, 0, G_OPTION_ARG_NONE, NULL,
      "print start, frame times and memory when the window is closed", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, NULL, NULL, "[RUN_DIR]" },
    { NULL }
  };
  g_application_add_main_option_entries (G_APPLICATION (self), entries);
}

WbApplication *
wb_application_new (void)
{
  return g_object_new (WB_TYPE_APPLICATION, "application-id", "org.penumbra.Workbench", "flags",
                       G_APPLICATION_NON_UNIQUE, "resource-base-path", "/org/penumbra/Workbench",
                       NULL);
}
