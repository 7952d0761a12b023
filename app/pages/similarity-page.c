#include "app/pages/similarity-page.h"

#include "app/draw/format.h"
#include "app/pages/reel-status.h"
#include "app/widgets/matrix-view.h"
#include "app/widgets/probe-strip.h"

#include <math.h>

#define NARROW 720 /* px of the matrices */

/* What is remembered of each run beside its step. */
typedef struct
{
  guint picture, caption;
} Cell;

struct _WbSimilarityPage
{
  WbReelPage parent_instance;

  GtkStack *stack, *pair;
  AdwStatusPage *status;
  GtkButton *remedy;
  WbMatrixView *view;
  GtkPicture *picture;
  GtkLabel *picture_name, *own_caption, *caption_name, *caption, *values, *problem;
  GtkLabel *student_own, *student_others, *student_first;
  GtkLabel *teacher_own, *teacher_others, *teacher_first;
  GtkWidget *teacher_name, *summary;
  GtkWidget *bar;
  WbStepSlider *slider;

  WbProbes *probes; /* whose picture is shown */
  guint probe;      /* of picture */
  guint fitting;    /* source that lays out anew */
  gboolean narrow;
  GHashTable *cells; /* path of a run -> Cell */
};

G_DEFINE_FINAL_TYPE (WbSimilarityPage, wb_similarity_page, WB_TYPE_REEL_PAGE)

static WbReel *
get_reel (WbSimilarityPage *self)
{
  return wb_reel_page_get_reel (WB_REEL_PAGE (self));
}

static void
append_value (GString *text, const char *name, double value)
{
  char number[DRAW_FORMAT_SIZE];

  draw_format_tick (number, value, 0.001, DRAW_NUMBER);
  g_string_append_printf (text, "%s%s %s", text->len > 0 ? " · " : "", name, number);
}

/* "student 0.412 · teacher 0.398 · Δ 0.014" */
static char *
tell_values (const WbSnapshot *snapshot, guint picture, guint caption)
{
  const gsize at = (gsize) picture * snapshot->n + caption;
  GString *text = g_string_new (NULL);

  append_value (text, "student", snapshot->student_similarity[at]);
  if (snapshot->teacher_similarity)
    {
      append_value (text, "teacher", snapshot->teacher_similarity[at]);
      append_value (text, "Δ",
                    (double) snapshot->student_similarity[at] - snapshot->teacher_similarity[at]);
    }
  return g_string_free (text, FALSE);
}

static void
set_value (GtkLabel *label, double value)
{
  char number[DRAW_FORMAT_SIZE];

  gtk_label_set_text (label, draw_format_tick (number, value, 0.001, DRAW_NUMBER));
}

/* The mean of pairs that belong together, that of all others, and how many pictures have their own
 * caption as the best. */
static void
update_row (GtkLabel *const labels[3], const float *similarity, guint n)
{
  double own = 0, others = 0;
  guint first = 0;

  for (guint i = 0; i < n; i++)
    {
      const float *row = similarity + (gsize) i * n;
      gboolean best = TRUE;
      for (guint j = 0; j < n; j++)
        {
          *(i == j ? &own : &others) += row[j];
          best = best && (i == j || row[j] < row[i]);
        }
      first += best;
    }
  g_autofree char *text = g_strdup_printf ("%u of %u", first, n);
  set_value (labels[0], own / n);
  set_value (labels[1], n > 1 ? others / n / (n - 1) : NAN);
  gtk_label_set_text (labels[2], text);
}

static void
update_summary (WbSimilarityPage *self, const WbSnapshot *snapshot)
{
  GtkLabel *const student[] = { self->student_own, self->student_others, self->student_first };
  GtkLabel *const teacher[] = { self->teacher_own, self->teacher_others, self->teacher_first };
  const gboolean two = snapshot->teacher_similarity != NULL;

  update_row (student, snapshot->student_similarity, snapshot->n);
  if (two)
    update_row (teacher, snapshot->teacher_similarity, snapshot->n);
  gtk_widget_set_visible (self->teacher_name, two);
  for (guint i = 0; i < G_N_ELEMENTS (teacher); i++)
    gtk_widget_set_visible (GTK_WIDGET (teacher[i]), two);
}

static void
show_picture (WbSimilarityPage *self, WbProbes *probes, guint probe)
{
  if (self->probes == probes && self->probe == probe)
    return;
  g_autoptr (GdkTexture) texture = wb_probe_texture_new (probes, probe);
  WbProbes *old = self->probes;
  self->probes = wb_probes_ref (probes);
  self->probe = probe;
  wb_probes_unref (old);
  gtk_picture_set_paintable (self->picture, GDK_PAINTABLE (texture));
  gtk_picture_set_alternative_text (self->picture, probes->captions[probe]);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->picture), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  probes->captions[probe], -1);
}

static void
set_numbered (GtkLabel *label, const char *name, guint number)
{
  g_autofree char *text = g_strdup_printf ("%s %u", name, number + 1);

  gtk_label_set_text (label, text);
}

static void
update_pair (WbSimilarityPage *self)
{
  WbSnapshot *snapshot = wb_reel_get_snapshot (get_reel (self));
  WbProbes *probes = wb_reel_get_probes (get_reel (self));
  guint picture, caption;
  const gboolean any = wb_matrix_view_get_cell (self->view, &picture, &caption) && snapshot
                       && MAX (picture, caption) < MIN (snapshot->n, probes->n);

  gtk_stack_set_visible_child_name (self->pair, any ? "pair" : "none");
  gtk_widget_set_visible (self->summary, !any || !self->narrow);
  if (!any)
    return;
  g_autofree char *values = tell_values (snapshot, picture, caption);
  show_picture (self, probes, picture);
  set_numbered (self->picture_name, "picture", picture);
  set_numbered (self->caption_name, "caption", caption);
  gtk_label_set_text (self->own_caption,
                      picture == caption ? "and its own caption" : probes->captions[picture]);
  gtk_label_set_text (self->caption, probes->captions[caption]);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->caption), probes->captions[caption]);
  gtk_label_set_text (self->values, values);
}

static void
save_cell (WbSimilarityPage *self)
{
  WbRun *run = wb_reel_get_run (get_reel (self));
  guint picture, caption;

  if (!run || !wb_reel_get_snapshot (get_reel (self)))
    return;
  if (!wb_matrix_view_get_cell (self->view, &picture, &caption))
    {
      g_hash_table_remove (self->cells, wb_run_get_path (run));
      return;
    }
  Cell *cell = g_new (Cell, 1);
  *cell = (Cell){ picture, caption };
  g_hash_table_insert (self->cells, g_strdup (wb_run_get_path (run)), cell);
}

/* The cell goes with the run. */
static void
restore_cell (WbSimilarityPage *self)
{
  const Cell *cell =
      g_hash_table_lookup (self->cells, wb_run_get_path (wb_reel_get_run (get_reel (self))));

  if (cell)
    wb_matrix_view_set_cell (self->view, cell->picture, cell->caption);
}

static void
update (WbReelPage *page)
{
  WbSimilarityPage *self = WB_SIMILARITY_PAGE (page);
  WbSnapshot *snapshot = wb_reel_get_snapshot (get_reel (self));
  const char *problem = wb_reel_get_problem (get_reel (self));
  const gboolean first = snapshot && !wb_matrix_view_is_shown (self->view);

  wb_reel_status_update (get_reel (self), "similarities", self->stack, self->status, self->remedy);
  gtk_widget_set_visible (self->bar, wb_step_slider_get_step (self->slider) >= 0);
  gtk_widget_set_visible (GTK_WIDGET (self->problem), snapshot && problem);
  gtk_label_set_text (self->problem, problem ? problem : "");
  wb_matrix_view_show (self->view, snapshot);
  if (first)
    restore_cell (self);
  if (snapshot)
    update_summary (self, snapshot);
  update_pair (self);
}

static gboolean
fit (gpointer data)
{
  WbSimilarityPage *self = data;

  self->fitting = 0;
  update_pair (self);
  return G_SOURCE_REMOVE;
}

/* Where there is no room for the pair and the summary beside it, the pair is shown alone. What is
 * visible cannot change while it is being laid out. */
static void
on_resized (WbSimilarityPage *self, int width)
{
  const gboolean narrow = width < NARROW;

  if (narrow == self->narrow)
    return;
  self->narrow = narrow;
  if (!self->fitting)
    self->fitting = g_idle_add (fit, self);
}

static void
wb_similarity_page_dispose (GObject *object)
{
  WbSimilarityPage *self = WB_SIMILARITY_PAGE (object);

  g_clear_handle_id (&self->fitting, g_source_remove);
  g_clear_pointer (&self->probes, wb_probes_unref);
  g_clear_pointer (&self->cells, g_hash_table_unref);
  G_OBJECT_CLASS (wb_similarity_page_parent_class)->dispose (object);
}

static void
bind_children (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, WbSimilarityPage, stack);
  gtk_widget_class_bind_template_child (widget_class, WbSimilarityPage, pair);
  gtk_widget_class_bind_template_child (widget_class, WbSimilarityPage, status);
  gtk_widget_class_bind_template_child (widget_class, WbSimilarityPage, remedy);
  gtk_widget_class_bind_template_child (widget_class, WbSimilarityPage, view);
  gtk_widget_class_bind_template_child (widget_class, WbSimilarityPage, picture);
  gtk_widget_class_bind_template_child (widget_class, WbSimilarityPage, picture_name);
  gtk_widget_class_bind_template_child (widget_class, WbSimilarityPage, own_caption);
  gtk_widget_class_bind_template_child (widget_class, WbSimilarityPage, caption_name);
  gtk_widget_class_bind_template_child (widget_class, WbSimilarityPage, caption);
  gtk_widget_class_bind_template_child (widget_class, WbSimilarityPage, values);
  gtk_widget_class_bind_template_child (widget_class, WbSimilarityPage, student_own);
  gtk_widget_class_bind_template_child (widget_class, WbSimilarityPage, student_others);
  gtk_widget_class_bind_template_child (widget_class, WbSimilarityPage, student_first);
  gtk_widget_class_bind_template_child (widget_class, WbSimilarityPage, teacher_name);
  gtk_widget_class_bind_template_child (widget_class, WbSimilarityPage, summary);
  gtk_widget_class_bind_template_child (widget_class, WbSimilarityPage, teacher_own);
  gtk_widget_class_bind_template_child (widget_class, WbSimilarityPage, teacher_others);
  gtk_widget_class_bind_template_child (widget_class, WbSimilarityPage, teacher_first);
  gtk_widget_class_bind_template_child (widget_class, WbSimilarityPage, slider);
  gtk_widget_class_bind_template_child (widget_class, WbSimilarityPage, problem);
  gtk_widget_class_bind_template_child (widget_class, WbSimilarityPage, bar);
}

static void
wb_similarity_page_class_init (WbSimilarityPageClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  G_OBJECT_CLASS (class)->dispose = wb_similarity_page_dispose;
  WB_REEL_PAGE_CLASS (class)->update = update;
  g_type_ensure (WB_TYPE_MATRIX_VIEW);
  g_type_ensure (WB_TYPE_STEP_SLIDER);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/penumbra/Workbench/ui/similarity-page.ui");
  bind_children (widget_class);
  gtk_widget_class_bind_template_callback (widget_class, update_pair);
  gtk_widget_class_bind_template_callback (widget_class, on_resized);
}

static void
wb_similarity_page_init (WbSimilarityPage *self)
{
  self->cells = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  gtk_widget_init_template (GTK_WIDGET (self));
  wb_reel_page_set_slider (WB_REEL_PAGE (self), self->slider);
}

GtkWidget *
wb_similarity_page_new (void)
{
  return g_object_new (WB_TYPE_SIMILARITY_PAGE, NULL);
}

void
wb_similarity_page_set_run (WbSimilarityPage *self, WbRun *run)
{
  save_cell (self);
  wb_matrix_view_set_cell (self->view, G_MAXUINT, G_MAXUINT);
  wb_reel_set_run (get_reel (self), run);
}
