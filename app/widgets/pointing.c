#include "app/widgets/pointing.h"

typedef struct
{
  WbPlace place;
  gboolean any, by_key;
} WbPointingPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (WbPointing, wb_pointing, GTK_TYPE_WIDGET)

static WbPointingPrivate *
get_private (WbPointing *self)
{
  return wb_pointing_get_instance_private (self);
}

static void
point_at (WbPointing *self, gboolean any, WbPlace place)
{
  WbPointingPrivate *private = get_private (self);

  if (any == private->any && (!any || (place.a == private->place.a && place.b == private->place.b)))
    return;
  private->any = any;
  private->place = place;
  WB_POINTING_GET_CLASS (self)->pointed (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
on_motion (GtkEventControllerMotion *controller, double x, double y, WbPointing *self)
{
  WbPlace place = get_private (self)->place;

  (void) controller;
  get_private (self)->by_key = FALSE;
  if (WB_POINTING_GET_CLASS (self)->hit (self, x, y, &place))
    point_at (self, TRUE, place);
  else if (!WB_POINTING_GET_CLASS (self)->keeps)
    wb_pointing_leave (self);
}

static void
on_leave (GtkEventControllerMotion *controller, WbPointing *self)
{
  (void) controller;
  if (!get_private (self)->by_key && !WB_POINTING_GET_CLASS (self)->keeps)
    wb_pointing_leave (self);
}

static void
on_focus_out (GtkEventControllerFocus *controller, WbPointing *self)
{
  (void) controller;
  if (!WB_POINTING_GET_CLASS (self)->keeps)
    wb_pointing_leave (self);
}

static void
on_pressed (GtkGestureClick *gesture, int n, double x, double y, WbPointing *self)
{
  (void) gesture;
  (void) n;
  (void) x;
  (void) y;
  gtk_widget_grab_focus (GTK_WIDGET (self));
}

static gboolean
on_key (GtkWidget *widget, GVariant *args, gpointer data)
{
  WbPointing *self = WB_POINTING (widget);
  WbPointingPrivate *private = get_private (self);
  WbPlace place = private->place;
  int right, down, on;

  (void) data;
  g_variant_get (args, "(iii)", &right, &down, &on);
  if (!private->any)
    right = down = on = 0;
  if (!WB_POINTING_GET_CLASS (self)->move (self, &place, right, down, on))
    return FALSE;
  private->by_key = TRUE;
  point_at (self, TRUE, place);
  return TRUE;
}

static gboolean
on_escape (GtkWidget *widget, GVariant *args, gpointer data)
{
  WbPointing *self = WB_POINTING (widget);
  const gboolean pointed = get_private (self)->any;

  (void) args;
  (void) data;
  wb_pointing_leave (self);
  return pointed;
}

static void
wb_pointing_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum,
                     int *natural, int *minimum_baseline, int *natural_baseline)
{
  const WbPointingClass *class = WB_POINTING_GET_CLASS (widget);

  (void) for_size;
  *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? class->least_width : class->least_height;
  *natural = *minimum * 2;
  *minimum_baseline = *natural_baseline = -1;
}

static void
wb_pointing_class_init (WbPointingClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  widget_class->measure = wb_pointing_measure;
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Escape, 0, on_escape, NULL);
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
wb_pointing_init (WbPointing *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  GtkEventController *motion = gtk_event_controller_motion_new ();
  GtkEventController *focus = gtk_event_controller_focus_new ();
  GtkGesture *click = gtk_gesture_click_new ();

  g_signal_connect (motion, "enter", G_CALLBACK (on_motion), self);
  g_signal_connect (motion, "motion", G_CALLBACK (on_motion), self);
  g_signal_connect (motion, "leave", G_CALLBACK (on_leave), self);
  g_signal_connect (focus, "leave", G_CALLBACK (on_focus_out), self);
  g_signal_connect (click, "pressed", G_CALLBACK (on_pressed), self);
  gtk_widget_add_controller (widget, motion);
  gtk_widget_add_controller (widget, focus);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (click));
  gtk_widget_set_focusable (widget, TRUE);
}

void
wb_pointing_class_bind (WbPointingClass *class, guint key, guint keypad, int right, int down,
                        int on)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  gtk_widget_class_add_binding (widget_class, key, 0, on_key, "(iii)", right, down, on);
  gtk_widget_class_add_binding (widget_class, keypad, 0, on_key, "(iii)", right, down, on);
}

void
wb_pointing_class_bind_arrows (WbPointingClass *class)
{
  wb_pointing_class_bind (class, GDK_KEY_Left, GDK_KEY_KP_Left, -1, 0, 0);
  wb_pointing_class_bind (class, GDK_KEY_Right, GDK_KEY_KP_Right, 1, 0, 0);
  wb_pointing_class_bind (class, GDK_KEY_Up, GDK_KEY_KP_Up, 0, -1, 0);
  wb_pointing_class_bind (class, GDK_KEY_Down, GDK_KEY_KP_Down, 0, 1, 0);
}

gboolean
wb_pointing_get (WbPointing *self, WbPlace *place)
{
  *place = get_private (self)->place;
  return get_private (self)->any;
}

void
wb_pointing_set (WbPointing *self, WbPlace place)
{
  point_at (self, TRUE, place);
}

void
wb_pointing_leave (WbPointing *self)
{
  point_at (self, FALSE, get_private (self)->place);
}
