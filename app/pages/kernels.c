#include "app/pages/kernels.h"

#include "app/draw/format.h"
#include "app/pages/kernel-table.h"

struct _WbKernels
{
  AdwWindow parent;

  AdwWindowTitle *title;
  GtkStack *stack;
  GtkGrid *grid;

  WbKernelTable table;
  WbRun *run; /* opened by us */
};

G_DEFINE_FINAL_TYPE (WbKernels, wb_kernels, ADW_TYPE_WINDOW)

static void
show (WbKernels *self)
{
  const WbProfile *profile = self->run ? wb_run_get_profile (self->run) : NULL;
  char step[DRAW_FORMAT_SIZE], ms[DRAW_FORMAT_SIZE];

  gtk_stack_set_visible_child_name (self->stack, profile ? "kernels" : "empty");
  if (!profile)
    {
      adw_window_title_set_subtitle (self->title, "");
      return;
    }
  g_autofree char *subtitle = g_strdup_printf (
      "step %s: %s ms of kernels", draw_format (step, (double) profile->step, DRAW_INTEGER),
      draw_format (ms, wb_profile_get_total (profile), DRAW_NUMBER));
  adw_window_title_set_subtitle (self->title, subtitle);
  wb_kernel_table_fill (&self->table, profile);
}

static void
on_changed (WbKernels *self, guint changes)
{
  if (changes & WB_CHANGED_PROFILE)
    show (self);
}

static void
sort_changed (gpointer data)
{
  show (data);
}

static void
let_go (WbKernels *self)
{
  if (!self->run)
    return;
  g_signal_handlers_disconnect_by_data (self->run, self);
  wb_run_close (self->run);
  g_clear_object (&self->run);
}

static void
wb_kernels_dispose (GObject *object)
{
  let_go (WB_KERNELS (object));
  G_OBJECT_CLASS (wb_kernels_parent_class)->dispose (object);
}

static void
wb_kernels_class_init (WbKernelsClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  G_OBJECT_CLASS (class)->dispose = wb_kernels_dispose;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/penumbra/Workbench/ui/kernels.ui");
  gtk_widget_class_bind_template_child (widget_class, WbKernels, title);
  gtk_widget_class_bind_template_child (widget_class, WbKernels, stack);
  gtk_widget_class_bind_template_child (widget_class, WbKernels, grid);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
wb_kernels_init (WbKernels *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  wb_kernel_table_init (&self->table, self->grid, sort_changed, self);
}

WbKernels *
wb_kernels_new (GtkWindow *parent)
{
  return g_object_new (WB_TYPE_KERNELS, "transient-for", parent, "destroy-with-parent", TRUE, NULL);
}

void
wb_kernels_set_run (WbKernels *self, WbRun *run)
{
  g_return_if_fail (WB_IS_KERNELS (self));
  if (self->run == run)
    return;
  let_go (self);
  if (run)
    {
      self->run = g_object_ref (run);
      wb_run_open (run);
      g_signal_connect_swapped (run, "changed", G_CALLBACK (on_changed), self);
    }
  show (self);
}
