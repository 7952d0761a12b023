#include "app/pages/reel-page.h"

typedef struct
{
  WbReel *reel;
  WbStepSlider *slider; /* a child of the template */
} WbReelPagePrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (WbReelPage, wb_reel_page, ADW_TYPE_BIN)

static WbReelPagePrivate *
get_private (gpointer page)
{
  return wb_reel_page_get_instance_private (WB_REEL_PAGE (page));
}

static void
update (WbReelPage *self)
{
  WB_REEL_PAGE_GET_CLASS (self)->update (self);
}

static gboolean
on_move (GtkWidget *widget, GVariant *args, gpointer data)
{
  (void) data;
  wb_step_slider_move (get_private (widget)->slider, g_variant_get_int32 (args));
  return TRUE;
}

static gboolean
on_newest (GtkWidget *widget, GVariant *args, gpointer data)
{
  (void) args;
  (void) data;
  wb_step_slider_set_following (get_private (widget)->slider, TRUE);
  return TRUE;
}

static void
retry (GtkWidget *widget, const char *action, GVariant *parameter)
{
  (void) action;
  (void) parameter;
  wb_reel_retry (get_private (widget)->reel);
}

static void
wb_reel_page_map (GtkWidget *widget)
{
  wb_reel_set_shown (get_private (widget)->reel, TRUE);
  GTK_WIDGET_CLASS (wb_reel_page_parent_class)->map (widget);
}

static void
wb_reel_page_unmap (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (wb_reel_page_parent_class)->unmap (widget);
  wb_reel_set_shown (get_private (widget)->reel, FALSE);
}

static void
wb_reel_page_dispose (GObject *object)
{
  WbReelPagePrivate *own = get_private (object);

  if (own->reel)
    {
      g_signal_handlers_disconnect_by_data (own->reel, object);
      g_object_run_dispose (G_OBJECT (own->reel));
    }
  g_clear_object (&own->reel);
  G_OBJECT_CLASS (wb_reel_page_parent_class)->dispose (object);
}

static void
wb_reel_page_class_init (WbReelPageClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  G_OBJECT_CLASS (class)->dispose = wb_reel_page_dispose;
  widget_class->map = wb_reel_page_map;
  widget_class->unmap = wb_reel_page_unmap;
  gtk_widget_class_install_action (widget_class, "snapshots.retry", NULL, retry);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_comma, 0, on_move, "i", -1);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_period, 0, on_move, "i", 1);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_n, 0, on_newest, NULL);
}

static void
wb_reel_page_init (WbReelPage *self)
{
  (void) self;
}

void
wb_reel_page_set_slider (WbReelPage *self, WbStepSlider *slider)
{
  WbReelPagePrivate *own = get_private (self);

  g_return_if_fail (own->reel == NULL);
  own->slider = slider;
  own->reel = wb_reel_new (slider);
  g_signal_connect_swapped (own->reel, "changed", G_CALLBACK (update), self);
  update (self);
}

WbReel *
wb_reel_page_get_reel (WbReelPage *self)
{
  return get_private (self)->reel;
}
