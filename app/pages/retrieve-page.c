/* The retriever is given a run when it has a checkpoint and the page is looked at, not before:
 * getting ready costs an encoding of all held-out pictures, on a device that may be training. */
#include "app/pages/retrieve-page.h"

#include "app/draw/format.h"
#include "app/draw/line.h"
#include "app/session/method.h"
#include "app/session/retriever.h"
#include "app/session/snapshots.h"
#include "app/widgets/hit-popover.h"
#include "app/widgets/hits.h"
#include "app/widgets/theme.h"
#include "compute/device.h"
#include "models/data/dataset.h"
#include "models/run/folder.h"

#include <math.h>
#include <string.h>

#define EXAMPLES 6
#define EXAMPLE_LENGTH 48 /* bytes; longer captions are no examples */

struct _WbRetrievePage
{
  AdwBin parent;
  WbRun *run;
  WbRetriever *retriever;
  WbSnapshots *snapshots; /* for captions as examples, or NULL */
  WbAnswer *shown;
  GHashTable *queries; /* by the run's path */
  char *asked;         /* of the retriever, or NULL */
  gboolean given;      /* the retriever has the run */
  gboolean stale;      /* there may be a newer checkpoint than it knows */
  WbHitPopover *popover;

  GtkSearchEntry *entry;
  GtkLabel *facts, *stage;
  GtkStack *stack;
  AdwStatusPage *notice;
  GtkProgressBar *progress;
  GtkWidget *new_run, *resume, *retry;
  GtkFlowBox *examples;
  GtkDrawingArea *student_line, *teacher_line;
  GtkLabel *student_about, *teacher_about;
  WbHits *student, *teacher;
  GtkWidget *teacher_box;
};

G_DEFINE_FINAL_TYPE (WbRetrievePage, wb_retrieve_page, ADW_TYPE_BIN)

/* What stands where results would: a title, what to do, and the way to do it. */
typedef struct
{
  const char *icon, *title, *text;
  GtkWidget *action;
} Notice;

static void
show_notice (WbRetrievePage *page, Notice notice)
{
  g_autofree char *text = g_markup_escape_text (notice.text ? notice.text : "", -1);
  GtkWidget *const actions[] = { GTK_WIDGET (page->progress), page->new_run, page->resume,
                                 page->retry };
  adw_status_page_set_icon_name (page->notice, notice.icon);
  adw_status_page_set_title (page->notice, notice.title);
  adw_status_page_set_description (page->notice, text);
  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    gtk_widget_set_visible (actions[i], actions[i] == notice.action);
  gtk_stack_set_visible_child_name (page->stack, "notice");
}

static const char *
get_query (WbRetrievePage *page)
{
  return gtk_editable_get_text (GTK_EDITABLE (page->entry));
}

static gboolean
is_live (WbRetrievePage *page)
{
  return wb_run_state_is_live (wb_run_get_state (page->run));
}

static void
show_no_checkpoint (WbRetrievePage *page)
{
  const char *text = "The run ended before its first one. Resume it, or choose another run.";
  if (is_live (page))
    text = "The trainer saves one as it starts and after each epoch. Searching begins with the "
           "first.";
  show_notice (page, (Notice){ "document-save-symbolic", "No checkpoint yet", text,
                               is_live (page) ? NULL : page->resume });
}

static const char *
title_of_error (const GError *error)
{
  if (g_error_matches (error, DATA_ERROR, DATA_ERROR_MISSING))
    return "The data set is missing";
  if (error->domain == DATA_ERROR)
    return "The data set cannot be read";
  if (g_error_matches (error, GPU_ERROR, GPU_ERROR_NO_DEVICE))
    return "There is no device to search with";
  if (g_error_matches (error, GPU_ERROR, GPU_ERROR_MEMORY))
    return "The device has no memory left";
  if (g_error_matches (error, GPU_ERROR, GPU_ERROR_LOST))
    return "The device was lost";
  return "The search failed";
}

static void
show_error (WbRetrievePage *page, const GError *error)
{
  if (g_error_matches (error, RUN_ERROR, RUN_ERROR_NO_CHECKPOINT))
    show_no_checkpoint (page);
  else
    show_notice (page, (Notice){ "dialog-warning-symbolic", title_of_error (error), error->message,
                                 page->retry });
}

/* "Encoding pictures, student · 45 %" (g_free). */
static char *
describe_stage (WbRetrievePage *page)
{
  const char *stage = wb_retriever_get_stage (page->retriever);
  const double fraction = wb_retriever_get_fraction (page->retriever);
  if (!stage)
    return NULL;
  if (!isfinite (fraction))
    return g_strdup_printf ("%s…", stage);
  return g_strdup_printf ("%s · %.0f %%", stage, 100 * fraction);
}

static void
show_preparing (WbRetrievePage *page)
{
  g_autofree char *stage = describe_stage (page);
  const double fraction = wb_retriever_get_fraction (page->retriever);
  g_autofree char *text = g_strdup_printf (
      "%s%s", stage ? stage : "Waiting for the device…",
      is_live (page) ? "\nThe device is busy training, too: this takes longer." : "");
  show_notice (page, (Notice){ "system-search-symbolic", "Getting ready", text,
                               GTK_WIDGET (page->progress) });
  gtk_progress_bar_set_fraction (page->progress, isfinite (fraction) ? fraction : 0);
}

static void
show_facts (WbRetrievePage *page, const WbAnswer *answer)
{
  char step[DRAW_FORMAT_SIZE], pictures[DRAW_FORMAT_SIZE];
  char encode[DRAW_FORMAT_SIZE], search[DRAW_FORMAT_SIZE];
  if (!answer)
    {
      gtk_label_set_text (page->facts, " ");
      return;
    }
  g_autofree char *text =
      g_strdup_printf ("Step %s%s · %s held-out pictures · text %s ms, search %s ms",
                       draw_format (step, (double) answer->step, DRAW_INTEGER),
                       answer->step == 0 ? " (untrained)" : "",
                       draw_format (pictures, answer->pictures, DRAW_INTEGER),
                       draw_format (encode, answer->encode_ms, DRAW_NUMBER),
                       draw_format (search, answer->search_ms, DRAW_NUMBER));
  if (strcmp (text, gtk_label_get_text (page->facts)) == 0)
    return;
  gtk_label_set_text (page->facts, text);
  gtk_widget_set_tooltip_text (GTK_WIDGET (page->facts), text);
}

/* Of what the teacher found. */
static guint
count_common (const WbAnswer *answer)
{
  guint common = 0;
  for (guint i = 0; i < answer->teacher->len; i++)
    for (guint j = 0; j < answer->student->len; j++)
      common += strcmp (g_array_index (answer->teacher, WbHit, i).id,
                        g_array_index (answer->student, WbHit, j).id)
                == 0;
  return common;
}

static void
show_encoders (WbRetrievePage *page)
{
  const NnConfig *config = wb_run_get_config (page->run);
  const double keep_rate = config ? wb_method_keep_rate (config) : 1;
  g_autofree char *about = NULL, *teacher = NULL;
  if (keep_rate < 1)
    about = g_strdup_printf ("keeps %.3g\302\240%% of its tokens at each shrinking block",
                             100 * keep_rate);
  gtk_label_set_text (page->student_about, about ? about : "sees all tokens");
  if (page->shown->partial)
    teacher = g_strdup ("its pictures are being encoded");
  else if (page->shown->teacher)
    teacher = g_strdup_printf ("sees all tokens · shares %u of its best %u with the student",
                               count_common (page->shown), page->shown->teacher->len);
  gtk_label_set_text (page->teacher_about, teacher ? teacher : "");
  gtk_widget_set_visible (page->teacher_box, teacher != NULL);
  gtk_widget_queue_draw (GTK_WIDGET (page->student_line));
  gtk_widget_queue_draw (GTK_WIDGET (page->teacher_line));
}

static void
show_answer (WbRetrievePage *page, WbAnswer *answer)
{
  if (answer != page->shown)
    {
      gtk_popover_popdown (GTK_POPOVER (page->popover));
      g_clear_pointer (&page->shown, wb_answer_unref);
      page->shown = wb_answer_ref (answer);
      wb_hits_set (page->student, answer, answer->student);
      if (answer->teacher)
        wb_hits_set (page->teacher, answer, answer->teacher);
    }
  show_encoders (page);
  gtk_stack_set_visible_child_name (page->stack, "results");
}

static void
show_unasked (WbRetrievePage *page)
{
  gboolean loaded = FALSE;
  if (!page->run)
    {
      show_notice (page, (Notice){ "system-search-symbolic", "No run is selected",
                                   "Choose one in the list, or start a new one.", page->new_run });
      return;
    }
  g_object_get (page->run, "loaded", &loaded, NULL);
  if (loaded)
    show_no_checkpoint (page);
  else
    show_notice (page, (Notice){ "system-search-symbolic", "Reading the run", NULL, NULL });
}

static void
update (WbRetrievePage *page)
{
  WbAnswer *answer = wb_retriever_get_answer (page->retriever);
  const GError *error = wb_retriever_get_error (page->retriever);
  const gboolean busy = wb_retriever_is_busy (page->retriever);
  g_autofree char *stage = page->given && busy ? describe_stage (page) : NULL;
  if (!page->entry)
    return;
  if (!page->given)
    show_unasked (page);
  else if (error && !busy)
    show_error (page, error);
  else if (answer && page->asked)
    show_answer (page, answer);
  else if (page->asked)
    show_preparing (page);
  else
    gtk_stack_set_visible_child_name (page->stack, "examples");
  show_facts (page, page->given && page->asked ? answer : NULL);
  if (g_strcmp0 (gtk_stack_get_visible_child_name (page->stack), "notice") == 0)
    g_clear_pointer (&stage, g_free);
  gtk_label_set_text (page->stage, stage ? stage : "");
  gtk_widget_set_visible (GTK_WIDGET (page->stage), stage != NULL);
}

/* Asks what is typed, unless it has been asked. */
static void
ask (WbRetrievePage *page)
{
  g_autofree char *query = g_strstrip (g_strdup (get_query (page)));
  const char *wanted = *query ? query : NULL;
  if (!page->given || g_strcmp0 (wanted, page->asked) == 0)
    return;
  g_free (page->asked);
  page->asked = g_strdup (wanted);
  wb_retriever_ask (page->retriever, wanted, WB_HITS_MAX);
  update (page);
}

static void
search_for (WbRetrievePage *page, const char *text)
{
  gtk_editable_set_text (GTK_EDITABLE (page->entry), text);
  ask (page);
  wb_retrieve_page_focus (page);
}

static void
clear (WbRetrievePage *page)
{
  gtk_editable_set_text (GTK_EDITABLE (page->entry), "");
  ask (page);
}

static void
retry (WbRetrievePage *page)
{
  wb_retriever_refresh (page->retriever);
  update (page);
}

static void
example_clicked (GtkButton *button, gpointer data)
{
  search_for (data, gtk_button_get_label (button));
}

static void
add_example (WbRetrievePage *page, const char *text)
{
  GtkWidget *button = gtk_button_new_with_label (text);
  gtk_widget_add_css_class (button, "example");
  g_signal_connect_object (button, "clicked", G_CALLBACK (example_clicked), page, 0);
  gtk_flow_box_append (page->examples, button);
  gtk_widget_set_focusable (gtk_widget_get_parent (button), FALSE);
}

static void
clear_examples (WbRetrievePage *page)
{
  GtkWidget *child;
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (page->examples))))
    gtk_flow_box_remove (page->examples, child);
}

/* What is said of probe pictures, which are held out as well. */
static void
add_captions (WbRetrievePage *page)
{
  const WbProbes *probes = wb_snapshots_get_probes (page->snapshots);
  guint n = 0;
  clear_examples (page);
  for (guint i = 0; probes && i < probes->n && n < EXAMPLES; i++)
    if (strlen (probes->captions[i]) <= EXAMPLE_LENGTH)
      {
        add_example (page, probes->captions[i]);
        n++;
      }
}

static void
fill_examples (WbRetrievePage *page)
{
  /* Words in the manner of the set's captions, which are all that a run learns from. */
  static const char *const clip_art[] = { "flag africa sign",       "evergreen tree plant",
                                          "arrow button red shape", "roadsigns transportation",
                                          "penguin linux animals",  "sailing boat transportation" };
  clear_examples (page);
  if (page->snapshots)
    g_signal_handlers_disconnect_by_data (page->snapshots, page);
  g_clear_object (&page->snapshots);
  if (!page->run)
    return;
  if (g_strcmp0 (wb_run_get_summary (page->run)->data, "openclipart") == 0)
    {
      for (guint i = 0; i < G_N_ELEMENTS (clip_art); i++)
        add_example (page, clip_art[i]);
      return;
    }
  page->snapshots = wb_snapshots_new (wb_run_get_path (page->run));
  g_signal_connect_swapped (page->snapshots, "changed", G_CALLBACK (add_captions), page);
  wb_snapshots_want_probes (page->snapshots);
}

/* Gives the retriever the run, or tells it of a newer checkpoint, when the page is looked at. */
static void
give (WbRetrievePage *page)
{
  guint n = 0;
  if (!page->run || !gtk_widget_get_mapped (GTK_WIDGET (page)))
    return;
  /* Without a question, the newest one is looked for when there is one. */
  if (page->given && page->stale && (page->asked || wb_retriever_get_error (page->retriever)))
    wb_retriever_refresh (page->retriever);
  page->stale = FALSE;
  wb_run_get_checkpoints (page->run, &n);
  if (page->given || n == 0)
    return;
  page->given = TRUE;
  fill_examples (page);
  wb_retriever_set_run (page->retriever, wb_run_get_path (page->run));
  ask (page);
}

static void
run_changed (WbRun *run, guint changes, guint first_row, gpointer data)
{
  WbRetrievePage *page = data;
  (void) run;
  (void) first_row;
  if (changes & WB_CHANGED_CHECKPOINTS)
    page->stale = TRUE;
  if (changes & (WB_CHANGED_CHECKPOINTS | WB_CHANGED_CONFIG | WB_CHANGED_SUMMARY))
    {
      give (page);
      update (page);
    }
}

static void
run_loaded (WbRetrievePage *page)
{
  give (page);
  update (page);
}

static void
pointed (WbRetrievePage *page, const char *id, WbHits *hits)
{
  wb_hits_mark (hits == page->student ? page->teacher : page->student, id);
}

static void
opened (WbRetrievePage *page, WbHitCard *card)
{
  wb_hit_popover_open (page->popover, card, page->shown);
}

/* As in charts: the run's colour, the teacher dashed. */
static void
draw_key (GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer data)
{
  WbRetrievePage *page = data;
  DrawTheme theme;
  if (!page->run)
    return;
  const guint colour = wb_run_get_summary (page->run)->colour;
  wb_theme_init (&theme, GTK_WIDGET (area));
  draw_set_color (
      cr, draw_theme_run_color (&theme, colour == WB_NO_COLOUR ? 0 : colour, DRAW_SHADE_BASE), 1);
  cairo_set_line_width (cr, 1.5 * DRAW_LINE_WIDTH);
  if (area == page->teacher_line)
    cairo_set_dash (cr, (const double[]){ 6, 3 }, 2, 0);
  cairo_move_to (cr, 0, height / 2.0);
  cairo_line_to (cr, width, height / 2.0);
  cairo_stroke (cr);
}

static void
map (GtkWidget *widget)
{
  WbRetrievePage *page = WB_RETRIEVE_PAGE (widget);
  GTK_WIDGET_CLASS (wb_retrieve_page_parent_class)->map (widget);
  if (page->run)
    wb_run_open (page->run);
  give (page);
  update (page);
}

static void
unmap (GtkWidget *widget)
{
  WbRetrievePage *page = WB_RETRIEVE_PAGE (widget);
  if (page->run)
    wb_run_close (page->run);
  GTK_WIDGET_CLASS (wb_retrieve_page_parent_class)->unmap (widget);
}

static void
dispose (GObject *object)
{
  WbRetrievePage *page = WB_RETRIEVE_PAGE (object);
  if (page->retriever)
    g_signal_handlers_disconnect_by_data (page->retriever, page);
  wb_retrieve_page_set_run (page, NULL);
  g_clear_object (&page->retriever);
  if (page->popover)
    gtk_widget_unparent (GTK_WIDGET (page->popover));
  page->popover = NULL;
  g_clear_pointer (&page->shown, wb_answer_unref);
  g_clear_pointer (&page->queries, g_hash_table_unref);
  adw_bin_set_child (ADW_BIN (page), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (object), WB_TYPE_RETRIEVE_PAGE);
  G_OBJECT_CLASS (wb_retrieve_page_parent_class)->dispose (object);
}

static void
bind_children (GtkWidgetClass *widget)
{
  gtk_widget_class_bind_template_child (widget, WbRetrievePage, entry);
  gtk_widget_class_bind_template_child (widget, WbRetrievePage, facts);
  gtk_widget_class_bind_template_child (widget, WbRetrievePage, stage);
  gtk_widget_class_bind_template_child (widget, WbRetrievePage, stack);
  gtk_widget_class_bind_template_child (widget, WbRetrievePage, notice);
  gtk_widget_class_bind_template_child (widget, WbRetrievePage, progress);
  gtk_widget_class_bind_template_child (widget, WbRetrievePage, new_run);
  gtk_widget_class_bind_template_child (widget, WbRetrievePage, resume);
  gtk_widget_class_bind_template_child (widget, WbRetrievePage, retry);
  gtk_widget_class_bind_template_child (widget, WbRetrievePage, examples);
  gtk_widget_class_bind_template_child (widget, WbRetrievePage, student_line);
  gtk_widget_class_bind_template_child (widget, WbRetrievePage, teacher_line);
  gtk_widget_class_bind_template_child (widget, WbRetrievePage, student_about);
  gtk_widget_class_bind_template_child (widget, WbRetrievePage, teacher_about);
  gtk_widget_class_bind_template_child (widget, WbRetrievePage, student);
  gtk_widget_class_bind_template_child (widget, WbRetrievePage, teacher);
  gtk_widget_class_bind_template_child (widget, WbRetrievePage, teacher_box);
}

static void
wb_retrieve_page_class_init (WbRetrievePageClass *class)
{
  GtkWidgetClass *widget = GTK_WIDGET_CLASS (class);
  G_OBJECT_CLASS (class)->dispose = dispose;
  widget->map = map;
  widget->unmap = unmap;
  g_type_ensure (WB_TYPE_HITS);
  gtk_widget_class_set_template_from_resource (widget,
                                               "/org/penumbra/Workbench/ui/retrieve-page.ui");
  bind_children (widget);
  gtk_widget_class_bind_template_callback (widget, ask);
  gtk_widget_class_bind_template_callback (widget, clear);
  gtk_widget_class_bind_template_callback (widget, retry);
  gtk_widget_class_bind_template_callback (widget, pointed);
  gtk_widget_class_bind_template_callback (widget, opened);
}

static void
wb_retrieve_page_init (WbRetrievePage *page)
{
  page->queries = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  page->retriever = wb_retriever_new (NULL);
  gtk_widget_init_template (GTK_WIDGET (page));
  page->popover = wb_hit_popover_new (GTK_WIDGET (page));
  g_signal_connect_swapped (page->popover, "caption-chosen", G_CALLBACK (search_for), page);
  g_signal_connect_swapped (page->retriever, "changed", G_CALLBACK (update), page);
  gtk_drawing_area_set_draw_func (page->student_line, draw_key, page, NULL);
  gtk_drawing_area_set_draw_func (page->teacher_line, draw_key, page, NULL);
  update (page);
}

GtkWidget *
wb_retrieve_page_new (void)
{
  return g_object_new (WB_TYPE_RETRIEVE_PAGE, NULL);
}

/* Keeps its question and lets the run go. */
static void
leave_run (WbRetrievePage *page)
{
  if (!page->run)
    return;
  g_hash_table_replace (page->queries, g_strdup (wb_run_get_path (page->run)),
                        g_strdup (get_query (page)));
  g_signal_handlers_disconnect_by_data (page->run, page);
  if (gtk_widget_get_mapped (GTK_WIDGET (page)))
    wb_run_close (page->run);
  g_clear_object (&page->run);
  g_clear_pointer (&page->asked, g_free);
  g_clear_pointer (&page->shown, wb_answer_unref);
  page->given = page->stale = FALSE;
  wb_retriever_set_run (page->retriever, NULL);
  fill_examples (page);
}

static void
enter_run (WbRetrievePage *page, WbRun *run)
{
  const char *query = g_hash_table_lookup (page->queries, wb_run_get_path (run));
  page->run = g_object_ref (run);
  g_signal_connect (run, "changed", G_CALLBACK (run_changed), page);
  g_signal_connect_swapped (run, "notify::loaded", G_CALLBACK (run_loaded), page);
  gtk_editable_set_text (GTK_EDITABLE (page->entry), query ? query : "");
  if (gtk_widget_get_mapped (GTK_WIDGET (page)))
    wb_run_open (run);
  give (page);
}

void
wb_retrieve_page_set_run (WbRetrievePage *page, WbRun *run)
{
  if (page->run == run)
    return;
  leave_run (page);
  if (run)
    enter_run (page, run);
  update (page);
}

void
wb_retrieve_page_focus (WbRetrievePage *page)
{
  gtk_widget_grab_focus (GTK_WIDGET (page->entry));
  gtk_editable_select_region (GTK_EDITABLE (page->entry), 0, -1);
}
