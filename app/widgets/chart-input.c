#include "app/widgets/chart-input.h"

#include <math.h>

#define WHEEL_FACTOR 1.2 /* a notch */
#define WHEEL_SHARE 0.1
#define KEY_FACTOR 1.4
#define KEY_SHARE 0.1
#define FAR 20        /* points */
#define DRAG_FROM 4.0 /* px */

/* Where the pointer is, and what was shown when a gesture began. */
typedef struct
{
  WbChart *chart;
  double px, py;
  DrawRange x, y;
  gboolean dragging;
} Input;

static WbChartGroup *
get_group (Input *input)
{
  return wb_chart_get_group (input->chart);
}

static void
zoom_x (Input *input, DrawRange shown, double px, double factor)
{
  DrawPlot plot = wb_chart_get_plot (input->chart);

  plot.x.range = shown;
  const double about = CLAMP (draw_scale_unmap (&plot.x, px), shown.min, shown.max);
  wb_chart_group_set_zoom (get_group (input), draw_range_zoom (shown, about, factor, 0));
}

static void
zoom_y (Input *input, double py, double factor)
{
  const DrawPlot plot = wb_chart_get_plot (input->chart);
  const double about = draw_scale_unmap (&plot.y, py);

  wb_chart_set_zoom_y (input->chart, draw_range_zoom (plot.y.range, about, factor, plot.y.log));
}

static void
pan_x (Input *input, double share)
{
  const DrawRange shown = wb_chart_group_get_shown (get_group (input));

  wb_chart_group_set_zoom (get_group (input), draw_range_pan (shown, share, 0));
}

static void
on_motion (GtkEventControllerMotion *controller, double px, double py, Input *input)
{
  const DrawPlot plot = wb_chart_get_plot (input->chart);

  (void) controller;
  input->px = px;
  input->py = py;
  if (input->dragging)
    return;
  wb_chart_group_set_cursor (get_group (input), !wb_chart_is_empty (input->chart)
                                                        && draw_rect_contains (&plot.rect, px, py)
                                                    ? draw_scale_unmap (&plot.x, px)
                                                    : NAN);
}

static void
on_leave (GtkEventControllerMotion *controller, Input *input)
{
  (void) controller;
  wb_chart_group_set_cursor (get_group (input), NAN);
}

static gboolean
on_scroll (GtkEventControllerScroll *controller, double dx, double dy, Input *input)
{
  const DrawPlot plot = wb_chart_get_plot (input->chart);
  const GdkModifierType state =
      gtk_event_controller_get_current_event_state (GTK_EVENT_CONTROLLER (controller));

  if (wb_chart_is_empty (input->chart))
    return FALSE;
  if (state & GDK_SHIFT_MASK && dx == 0)
    {
      dx = dy;
      dy = 0;
    }
  if (dy != 0 && (state & GDK_CONTROL_MASK || input->px < plot.rect.x))
    zoom_y (input, input->py, pow (WHEEL_FACTOR, dy));
  else if (dy != 0)
    zoom_x (input, wb_chart_group_get_shown (get_group (input)), input->px, pow (WHEEL_FACTOR, dy));
  if (dx != 0)
    pan_x (input, WHEEL_SHARE * dx);
  return TRUE;
}

static void
on_pinch_begin (GtkGesture *gesture, GdkEventSequence *sequence, Input *input)
{
  (void) gesture;
  (void) sequence;
  input->x = wb_chart_group_get_shown (get_group (input));
}

static void
on_pinch (GtkGestureZoom *gesture, double scale, Input *input)
{
  double px = input->px, py;

  gtk_gesture_get_bounding_box_center (GTK_GESTURE (gesture), &px, &py);
  if (scale > 0)
    zoom_x (input, input->x, px, 1 / scale);
}

static void
on_drag_begin (GtkGestureDrag *gesture, double px, double py, Input *input)
{
  (void) gesture;
  (void) px;
  (void) py;
  gtk_widget_grab_focus (GTK_WIDGET (input->chart));
  input->x = wb_chart_group_get_shown (get_group (input));
  input->y = wb_chart_get_zoom_y (input->chart);
}

static void
on_drag (GtkGestureDrag *gesture, double dx, double dy, Input *input)
{
  const DrawPlot plot = wb_chart_get_plot (input->chart);

  if (!input->dragging && hypot (dx, dy) < DRAG_FROM)
    return;
  if (!input->dragging)
    {
      input->dragging = TRUE;
      gtk_gesture_set_state (GTK_GESTURE (gesture), GTK_EVENT_SEQUENCE_CLAIMED);
      gtk_widget_set_cursor_from_name (GTK_WIDGET (input->chart), "grabbing");
      wb_chart_group_set_cursor (get_group (input), NAN);
    }
  if (!draw_range_is_empty (wb_chart_group_get_zoom (get_group (input))))
    wb_chart_group_set_zoom (get_group (input),
                             draw_range_pan (input->x, -dx / fmax (plot.rect.width, 1), 0));
  if (!draw_range_is_empty (input->y))
    wb_chart_set_zoom_y (input->chart,
                         draw_range_pan (input->y, dy / fmax (plot.rect.height, 1), plot.y.log));
}

static void
on_drag_end (GtkGestureDrag *gesture, double dx, double dy, Input *input)
{
  (void) gesture;
  (void) dx;
  (void) dy;
  input->dragging = FALSE;
  gtk_widget_set_cursor (GTK_WIDGET (input->chart), NULL);
}

static void
on_pressed (GtkGestureClick *gesture, int presses, double px, double py, Input *input)
{
  (void) gesture;
  (void) px;
  (void) py;
  if (presses == 2)
    wb_chart_reset (input->chart);
}

static void
zoom_by_key (Input *input, double factor)
{
  const DrawPlot plot = wb_chart_get_plot (input->chart);
  const double cursor = wb_chart_group_get_cursor (get_group (input));
  const double middle = plot.rect.x + plot.rect.width / 2;

  zoom_x (input, wb_chart_group_get_shown (get_group (input)),
          isfinite (cursor) ? draw_scale_map (&plot.x, cursor) : middle, factor);
}

static void
move_by_key (Input *input, int sign, GdkModifierType state)
{
  if (gtk_widget_get_direction (GTK_WIDGET (input->chart)) == GTK_TEXT_DIR_RTL)
    sign = -sign;
  if (state & GDK_SHIFT_MASK)
    pan_x (input, sign * KEY_SHARE);
  else
    wb_chart_step_cursor (input->chart, sign * (state & GDK_CONTROL_MASK ? FAR : 1));
}

static gboolean
on_key (GtkEventControllerKey *controller, guint key, guint code, GdkModifierType state,
        Input *input)
{
  (void) controller;
  (void) code;
  if (state & GDK_ALT_MASK || wb_chart_is_empty (input->chart))
    return FALSE;
  switch (key)
    {
    case GDK_KEY_0:
    case GDK_KEY_KP_0:
      wb_chart_reset (input->chart);
      return TRUE;
    case GDK_KEY_plus:
    case GDK_KEY_equal:
    case GDK_KEY_KP_Add:
      zoom_by_key (input, 1 / KEY_FACTOR);
      return TRUE;
    case GDK_KEY_minus:
    case GDK_KEY_KP_Subtract:
      zoom_by_key (input, KEY_FACTOR);
      return TRUE;
    case GDK_KEY_Left:
    case GDK_KEY_KP_Left:
      move_by_key (input, -1, state);
      return TRUE;
    case GDK_KEY_Right:
    case GDK_KEY_KP_Right:
      move_by_key (input, 1, state);
      return TRUE;
    case GDK_KEY_Home:
      wb_chart_step_cursor (input->chart, -G_MAXINT);
      return TRUE;
    case GDK_KEY_End:
      wb_chart_step_cursor (input->chart, G_MAXINT);
      return TRUE;
    case GDK_KEY_Escape:
      if (isnan (wb_chart_group_get_cursor (get_group (input))))
        return FALSE;
      wb_chart_group_set_cursor (get_group (input), NAN);
      return TRUE;
    default:
      return FALSE;
    }
}

static void
on_focus_leave (GtkEventControllerFocus *controller, Input *input)
{
  (void) controller;
  wb_chart_group_set_cursor (get_group (input), NAN);
}

static void
attach_pointer (GtkWidget *chart, Input *input)
{
  GtkEventController *motion = gtk_event_controller_motion_new ();
  GtkEventController *scroll =
      gtk_event_controller_scroll_new (GTK_EVENT_CONTROLLER_SCROLL_BOTH_AXES);

  g_signal_connect (motion, "enter", G_CALLBACK (on_motion), input);
  g_signal_connect (motion, "motion", G_CALLBACK (on_motion), input);
  g_signal_connect (motion, "leave", G_CALLBACK (on_leave), input);
  g_signal_connect (scroll, "scroll", G_CALLBACK (on_scroll), input);
  gtk_widget_add_controller (chart, motion);
  gtk_widget_add_controller (chart, scroll);
}

static void
attach_gestures (GtkWidget *chart, Input *input)
{
  GtkGesture *drag = gtk_gesture_drag_new (), *click = gtk_gesture_click_new ();
  GtkGesture *pinch = gtk_gesture_zoom_new ();

  g_signal_connect (drag, "drag-begin", G_CALLBACK (on_drag_begin), input);
  g_signal_connect (drag, "drag-update", G_CALLBACK (on_drag), input);
  g_signal_connect (drag, "drag-end", G_CALLBACK (on_drag_end), input);
  g_signal_connect (click, "pressed", G_CALLBACK (on_pressed), input);
  g_signal_connect (pinch, "begin", G_CALLBACK (on_pinch_begin), input);
  g_signal_connect (pinch, "scale-changed", G_CALLBACK (on_pinch), input);
  gtk_widget_add_controller (chart, GTK_EVENT_CONTROLLER (drag));
  gtk_widget_add_controller (chart, GTK_EVENT_CONTROLLER (click));
  gtk_widget_add_controller (chart, GTK_EVENT_CONTROLLER (pinch));
}

void
wb_chart_input_attach (WbChart *chart)
{
  Input *input = g_new0 (Input, 1);
  GtkEventController *key = gtk_event_controller_key_new ();
  GtkEventController *focus = gtk_event_controller_focus_new ();

  input->chart = chart;
  g_object_set_data_full (G_OBJECT (chart), "wb-chart-input", input, g_free);
  attach_pointer (GTK_WIDGET (chart), input);
  attach_gestures (GTK_WIDGET (chart), input);
  g_signal_connect (key, "key-pressed", G_CALLBACK (on_key), input);
  g_signal_connect (focus, "leave", G_CALLBACK (on_focus_leave), input);
  gtk_widget_add_controller (GTK_WIDGET (chart), key);
  gtk_widget_add_controller (GTK_WIDGET (chart), focus);
}
