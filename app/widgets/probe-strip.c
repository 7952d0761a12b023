#include "app/widgets/probe-strip.h"

#define THUMBNAIL 56 /* px */

struct _WbProbeStrip
{
  GtkWidget parent_instance;

  GtkWidget *scroller, *list;
  WbProbes *probes;
  GListStore *textures; /* GdkTexture, by probe */
  GtkSingleSelection *selection;
};

enum
{
  PROP_0,
  PROP_SELECTED,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (WbProbeStrip, wb_probe_strip, GTK_TYPE_WIDGET)

static void
on_setup (GtkSignalListItemFactory *factory, GtkListItem *item, WbProbeStrip *self)
{
  GtkWidget *picture = gtk_picture_new ();

  (void) factory;
  (void) self;
  gtk_widget_set_size_request (picture, THUMBNAIL, THUMBNAIL);
  gtk_picture_set_can_shrink (GTK_PICTURE (picture), TRUE);
  gtk_widget_set_overflow (picture, GTK_OVERFLOW_HIDDEN);
  gtk_list_item_set_child (item, picture);
}

/* The row, a widget of the list's own, has the name, for it has the focus. */
static void
on_bind (GtkSignalListItemFactory *factory, GtkListItem *item, WbProbeStrip *self)
{
  GtkWidget *picture = gtk_list_item_get_child (item);
  GtkWidget *row = gtk_widget_get_parent (picture);
  const guint probe = gtk_list_item_get_position (item);
  const char *caption = self->probes ? self->probes->captions[probe] : "";

  (void) factory;
  gtk_picture_set_paintable (GTK_PICTURE (picture), gtk_list_item_get_item (item));
  gtk_picture_set_alternative_text (GTK_PICTURE (picture), caption);
  gtk_widget_set_tooltip_text (picture, caption);
  gtk_accessible_update_property (GTK_ACCESSIBLE (picture), GTK_ACCESSIBLE_PROPERTY_LABEL, caption,
                                  -1);
  if (row)
    gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, caption,
                                    -1);
}

static void
on_selected (GtkSingleSelection *selection, GParamSpec *pspec, WbProbeStrip *self)
{
  (void) selection;
  (void) pspec;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_SELECTED]);
}

/* Tab enters and leaves the strip as a whole; within it, arrows move. */
static gboolean
wb_probe_strip_focus (GtkWidget *widget, GtkDirectionType direction)
{
  const gboolean tab = direction == GTK_DIR_TAB_FORWARD || direction == GTK_DIR_TAB_BACKWARD;

  if (tab && gtk_widget_get_focus_child (widget))
    return FALSE;
  if (tab)
    return gtk_widget_grab_focus (WB_PROBE_STRIP (widget)->list);
  return GTK_WIDGET_CLASS (wb_probe_strip_parent_class)->focus (widget, direction);
}

static void
wb_probe_strip_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_SELECTED)
    g_value_set_uint (value, wb_probe_strip_get_selected (WB_PROBE_STRIP (object)));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
wb_probe_strip_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (id == PROP_SELECTED)
    wb_probe_strip_set_selected (WB_PROBE_STRIP (object), g_value_get_uint (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
wb_probe_strip_dispose (GObject *object)
{
  WbProbeStrip *self = WB_PROBE_STRIP (object);

  if (self->selection)
    g_signal_handlers_disconnect_by_data (self->selection, self);
  g_clear_pointer (&self->scroller, gtk_widget_unparent);
  g_clear_object (&self->selection);
  g_clear_object (&self->textures);
  g_clear_pointer (&self->probes, wb_probes_unref);
  G_OBJECT_CLASS (wb_probe_strip_parent_class)->dispose (object);
}

static void
wb_probe_strip_class_init (WbProbeStripClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  object_class->get_property = wb_probe_strip_get_property;
  object_class->set_property = wb_probe_strip_set_property;
  object_class->dispose = wb_probe_strip_dispose;
  widget_class->focus = wb_probe_strip_focus;
  props[PROP_SELECTED] =
      g_param_spec_uint ("selected", NULL, NULL, 0, G_MAXUINT, GTK_INVALID_LIST_POSITION,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_GROUP);
}

static void
wb_probe_strip_init (WbProbeStrip *self)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();

  g_signal_connect (factory, "setup", G_CALLBACK (on_setup), self);
  g_signal_connect (factory, "bind", G_CALLBACK (on_bind), self);
  self->textures = g_list_store_new (GDK_TYPE_TEXTURE);
  self->selection = gtk_single_selection_new (G_LIST_MODEL (g_object_ref (self->textures)));
  g_signal_connect (self->selection, "notify::selected", G_CALLBACK (on_selected), self);
  self->list = gtk_list_view_new (GTK_SELECTION_MODEL (g_object_ref (self->selection)), factory);
  gtk_orientable_set_orientation (GTK_ORIENTABLE (self->list), GTK_ORIENTATION_HORIZONTAL);
  gtk_widget_add_css_class (self->list, "navigation-sidebar");
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->list), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  "Probe pictures", -1);
  self->scroller = gtk_scrolled_window_new ();
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (self->scroller), GTK_POLICY_AUTOMATIC,
                                  GTK_POLICY_NEVER);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (self->scroller), self->list);
  gtk_widget_set_focusable (self->scroller, FALSE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->scroller), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  "Probe pictures", -1);
  gtk_widget_set_parent (self->scroller, GTK_WIDGET (self));
}

GtkWidget *
wb_probe_strip_new (void)
{
  return g_object_new (WB_TYPE_PROBE_STRIP, NULL);
}

GdkTexture *
wb_probe_texture_new (WbProbes *probes, guint probe)
{
  static const guint8 grey[3] = { 128, 128, 128 };
  const gsize size = probes->size;
  const guint8 *rgb = probes->pictures[probe];
  g_autoptr (GBytes) bytes =
      rgb ? g_bytes_new_with_free_func (rgb, size * size * 3, (GDestroyNotify) wb_probes_unref,
                                        wb_probes_ref (probes))
          : g_bytes_new_static (grey, sizeof grey);

  return gdk_memory_texture_new (rgb ? (int) size : 1, rgb ? (int) size : 1, GDK_MEMORY_R8G8B8,
                                 bytes, rgb ? size * 3 : sizeof grey);
}

void
wb_probe_strip_set_probes (WbProbeStrip *self, WbProbes *probes)
{
  if (self->probes == probes)
    return;
  WbProbes *old = self->probes;
  self->probes = probes ? wb_probes_ref (probes) : NULL;
  g_list_store_remove_all (self->textures);
  for (guint i = 0; probes && i < probes->n; i++)
    {
      g_autoptr (GdkTexture) texture = wb_probe_texture_new (probes, i);
      g_list_store_append (self->textures, texture);
    }
  wb_probes_unref (old);
}

WbProbes *
wb_probe_strip_get_probes (WbProbeStrip *self)
{
  return self->probes;
}

guint
wb_probe_strip_get_selected (WbProbeStrip *self)
{
  return self->selection ? gtk_single_selection_get_selected (self->selection)
                         : GTK_INVALID_LIST_POSITION;
}

void
wb_probe_strip_set_selected (WbProbeStrip *self, guint selected)
{
  const guint n = g_list_model_get_n_items (G_LIST_MODEL (self->textures));

  if (n == 0)
    return;
  gtk_single_selection_set_selected (self->selection, selected < n ? selected : 0);
  gtk_widget_activate_action (self->list, "list.scroll-to-item", "u", selected < n ? selected : 0);
}
