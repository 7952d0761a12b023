#include "app/pages/reel-status.h"

void
wb_reel_status_set (GtkStack *stack, AdwStatusPage *status, GtkButton *remedy, const char *title,
                    const char *description, const char *action)
{
  g_autofree char *escaped = g_markup_escape_text (description, -1);
  const gboolean retry = g_strcmp0 (action, "snapshots.retry") == 0;

  adw_status_page_set_icon_name (status, retry ? "dialog-warning-symbolic" : "view-grid-symbolic");
  adw_status_page_set_title (status, title);
  adw_status_page_set_description (status, escaped);
  gtk_widget_set_visible (GTK_WIDGET (remedy), action != NULL);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (remedy), action);
  gtk_button_set_label (remedy, retry ? "Try again" : "New run");
  gtk_stack_set_visible_child_name (stack, "status");
}

void
wb_reel_status_update (WbReel *reel, const char *what, GtkStack *stack, AdwStatusPage *status,
                       GtkButton *remedy)
{
  g_autofree char *text = NULL;

  switch (wb_reel_get_state (reel))
    {
    case WB_REEL_NO_RUN:
      text = g_strdup_printf ("Select a run in the list to see its %s, or start one.", what);
      wb_reel_status_set (stack, status, remedy, "No run selected", text, "win.new-run");
      break;
    case WB_REEL_WAITING:
      text = g_strdup_printf ("The %s appear with the first snapshot, as soon as training begins.",
                              what);
      wb_reel_status_set (stack, status, remedy, "No snapshot yet", text, NULL);
      break;
    case WB_REEL_NONE:
      wb_reel_status_set (stack, status, remedy, "No snapshots",
                          "This run ended before its first snapshot, or was told to write none. "
                          "Start a new one to watch it.",
                          "win.new-run");
      break;
    case WB_REEL_FAILED:
      wb_reel_status_set (stack, status, remedy, "The snapshot cannot be read",
                          wb_reel_get_problem (reel), "snapshots.retry");
      break;
    case WB_REEL_LOADING:
      gtk_stack_set_visible_child_name (stack, "loading");
      break;
    case WB_REEL_READY:
      gtk_stack_set_visible_child_name (stack, "content");
      break;
    }
}
