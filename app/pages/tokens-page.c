#include "app/pages/tokens-page.h"

#include "app/pages/reel-status.h"
#include "app/session/method.h"
#include "app/widgets/probe-strip.h"
#include "app/widgets/tokens-view.h"

/* What is remembered of each run beside its step. */
typedef struct
{
  guint probe;
  gboolean heat;
} Look;

struct _WbTokensPage
{
  WbReelPage parent_instance;

  GtkStack *stack;
  AdwStatusPage *status;
  GtkButton *remedy;
  WbProbeStrip *strip;
  GtkLabel *caption, *hint;
  WbTokensView *view;
  GtkWidget *bar;
  WbStepSlider *slider;

  GHashTable *looks; /* path of a run -> Look */
  gboolean updating;
};

G_DEFINE_FINAL_TYPE (WbTokensPage, wb_tokens_page, WB_TYPE_REEL_PAGE)

static WbReel *
get_reel (WbTokensPage *self)
{
  return wb_reel_page_get_reel (WB_REEL_PAGE (self));
}

static const NnConfig *
get_config (WbTokensPage *self)
{
  WbRun *run = wb_reel_get_run (get_reel (self));

  return run ? wb_run_get_config (run) : NULL;
}

static gboolean
fuses (WbTokensPage *self)
{
  const NnConfig *config = get_config (self);

  return config && config->expedition.fuse;
}

static void
update_hint (WbTokensPage *self)
{
  g_autofree char *hint = NULL;
  const char *problem = get_reel (self) ? wb_reel_get_problem (get_reel (self)) : NULL;

  g_object_get (self->view, "hint", &hint, NULL);
  if (problem)
    gtk_label_set_text (self->hint, problem);
  else if (hint)
    gtk_label_set_text (self->hint, hint);
  else if (get_reel (self) && fuses (self))
    gtk_label_set_text (self->hint, "In colour: kept · veiled: dropped · hatched: fused into one "
                                    "token · point at a patch for more");
  else
    gtk_label_set_text (self->hint,
                        "In colour: kept · veiled: dropped · point at a patch for more");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->hint), problem);
  if (problem)
    gtk_widget_add_css_class (GTK_WIDGET (self->hint), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->hint), "error");
  if (!problem && !hint)
    gtk_widget_add_css_class (GTK_WIDGET (self->hint), "dim-label");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->hint), "dim-label");
}

/* A run without shrinking blocks has nothing to tell here. */
static void
explain_no_shrinking (WbTokensPage *self)
{
  const NnConfig *config = get_config (self);
  const char *method = config ? wb_method_name (wb_method_of (config)) : "this method";
  g_autofree char *text = g_strdup_printf ("%s takes each patch of a picture through all of its "
                                           "blocks. Train with evit or eclipse to see which "
                                           "tokens a student keeps.",
                                           method);

  wb_reel_status_set (self->stack, self->status, self->remedy, "Every token is kept", text,
                      "win.new-run");
}

static void
show_probe (WbTokensPage *self)
{
  WbSnapshot *snapshot = wb_reel_get_snapshot (get_reel (self));
  WbProbes *probes = wb_reel_get_probes (get_reel (self));
  const guint probe = wb_probe_strip_get_selected (self->strip);
  const gboolean any = probes && probe < probes->n;

  wb_tokens_view_show (self->view, snapshot, probes, probe, fuses (self));
  gtk_label_set_text (self->caption, any ? probes->captions[probe] : "");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->caption), any ? probes->captions[probe] : NULL);
  update_hint (self);
}

static void
restore_look (WbTokensPage *self, WbProbes *probes)
{
  const Look *look =
      g_hash_table_lookup (self->looks, wb_run_get_path (wb_reel_get_run (get_reel (self))));

  self->updating = TRUE;
  wb_probe_strip_set_probes (self->strip, probes);
  wb_probe_strip_set_selected (self->strip, look ? look->probe : 0);
  wb_tokens_view_set_heat (self->view, !look || look->heat);
  self->updating = FALSE;
}

static void
save_look (WbTokensPage *self)
{
  WbRun *run = wb_reel_get_run (get_reel (self));

  if (!run || !wb_reel_get_probes (get_reel (self)))
    return;
  Look *look = g_new (Look, 1);
  look->probe = wb_probe_strip_get_selected (self->strip);
  look->heat = wb_tokens_view_get_heat (self->view);
  g_hash_table_insert (self->looks, g_strdup (wb_run_get_path (run)), look);
}

static void
update (WbReelPage *page)
{
  WbTokensPage *self = WB_TOKENS_PAGE (page);
  WbSnapshot *snapshot = wb_reel_get_snapshot (get_reel (self));
  WbProbes *probes = wb_reel_get_probes (get_reel (self));
  const NnConfig *config = get_config (self);
  const gboolean shrinks = snapshot ? snapshot->n_blocks > 0
                                    : !config || config->expedition.method != NN_EXPEDITION_NONE;

  if (shrinks)
    wb_reel_status_update (get_reel (self), "tokens", self->stack, self->status, self->remedy);
  else
    explain_no_shrinking (self);
  gtk_widget_set_visible (self->bar, shrinks && wb_step_slider_get_step (self->slider) >= 0);
  if (snapshot && probes != wb_probe_strip_get_probes (self->strip))
    restore_look (self, probes);
  show_probe (self);
}

static void
on_selected (WbTokensPage *self)
{
  if (get_reel (self) && !self->updating)
    show_probe (self);
}

static gboolean
on_heat (GtkWidget *widget, GVariant *args, gpointer data)
{
  WbTokensPage *self = WB_TOKENS_PAGE (widget);

  (void) args;
  (void) data;
  wb_tokens_view_set_heat (self->view, !wb_tokens_view_get_heat (self->view));
  return TRUE;
}

static void
wb_tokens_page_dispose (GObject *object)
{
  WbTokensPage *self = WB_TOKENS_PAGE (object);

  g_clear_pointer (&self->looks, g_hash_table_unref);
  G_OBJECT_CLASS (wb_tokens_page_parent_class)->dispose (object);
}

static void
wb_tokens_page_class_init (WbTokensPageClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  G_OBJECT_CLASS (class)->dispose = wb_tokens_page_dispose;
  WB_REEL_PAGE_CLASS (class)->update = update;
  gtk_widget_class_add_binding (widget_class, GDK_KEY_h, 0, on_heat, NULL);
  g_type_ensure (WB_TYPE_PROBE_STRIP);
  g_type_ensure (WB_TYPE_TOKENS_VIEW);
  g_type_ensure (WB_TYPE_STEP_SLIDER);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/penumbra/Workbench/ui/tokens-page.ui");
  gtk_widget_class_bind_template_child (widget_class, WbTokensPage, stack);
  gtk_widget_class_bind_template_child (widget_class, WbTokensPage, status);
  gtk_widget_class_bind_template_child (widget_class, WbTokensPage, remedy);
  gtk_widget_class_bind_template_child (widget_class, WbTokensPage, strip);
  gtk_widget_class_bind_template_child (widget_class, WbTokensPage, caption);
  gtk_widget_class_bind_template_child (widget_class, WbTokensPage, hint);
  gtk_widget_class_bind_template_child (widget_class, WbTokensPage, view);
  gtk_widget_class_bind_template_child (widget_class, WbTokensPage, slider);
  gtk_widget_class_bind_template_child (widget_class, WbTokensPage, bar);
  gtk_widget_class_bind_template_callback (widget_class, on_selected);
  gtk_widget_class_bind_template_callback (widget_class, update_hint);
}

static void
wb_tokens_page_init (WbTokensPage *self)
{
  self->looks = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  gtk_widget_init_template (GTK_WIDGET (self));
  wb_reel_page_set_slider (WB_REEL_PAGE (self), self->slider);
}

GtkWidget *
wb_tokens_page_new (void)
{
  return g_object_new (WB_TYPE_TOKENS_PAGE, NULL);
}

void
wb_tokens_page_set_run (WbTokensPage *self, WbRun *run)
{
  save_look (self);
  wb_reel_set_run (get_reel (self), run);
}
