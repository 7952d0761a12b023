#include "app/pages/train-curves.h"

#include <math.h>

#define ROWS_A_FRAME 8192

static const struct
{
  WbTrainChart chart;
  const char *column, *label;
  DrawShade shade;
} lines[] = {
  { WB_TRAIN_LOSSES, "loss", "total", DRAW_SHADE_BASE },
  { WB_TRAIN_LOSSES, "contrastive", "contrastive", DRAW_SHADE_STRONG },
  { WB_TRAIN_LOSSES, "distillation", "distillation", DRAW_SHADE_SOFT },
  { WB_TRAIN_RATE, "lr", "learning rate", DRAW_SHADE_BASE },
  { WB_TRAIN_SCALE, "logit_scale", "logit scale", DRAW_SHADE_BASE },
  { WB_TRAIN_GRADIENT, "grad_norm", "gradient norm", DRAW_SHADE_BASE },
  { WB_TRAIN_SPEED, "pairs_per_s", "pairs/s", DRAW_SHADE_BASE },
  { WB_TRAIN_MEMORY, "device_bytes", "device memory", DRAW_SHADE_BASE },
};

/* Curves of the losses, in the order of the table. */
enum
{
  TOTAL,
  CONTRASTIVE,
  DISTILLATION,
};

/* Curves of recall: the student's, then the teacher's, for each. */
static const struct
{
  WbRecall recall;
  const char *student, *teacher;
  DrawShade shade;
} recalls[] = {
  { WB_RECALL_AT_10, "R@10", "R@10 teacher", DRAW_SHADE_STRONG },
  { WB_RECALL_AT_5, "R@5", "R@5 teacher", DRAW_SHADE_BASE },
  { WB_RECALL_AT_1, "R@1", "R@1 teacher", DRAW_SHADE_SOFT },
};

static const WbTrainChart noisy[] = { WB_TRAIN_LOSSES, WB_TRAIN_GRADIENT, WB_TRAIN_SPEED };

void
wb_train_curves_init (WbTrainCurves *curves)
{
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    wb_chart_add_curve (curves->charts[lines[i].chart],
                        &(WbChartCurve){ .label = lines[i].label, .shade = lines[i].shade });
  for (guint i = 0; i < G_N_ELEMENTS (recalls); i++)
    for (int teacher = 0; teacher < 2; teacher++)
      wb_chart_add_curve (
          curves->charts[WB_TRAIN_RECALL],
          &(WbChartCurve){ .label = teacher ? recalls[i].teacher : recalls[i].student,
                           .shade = recalls[i].shade,
                           .dashed = teacher });
  wb_chart_set_unit (curves->charts[WB_TRAIN_RECALL], DRAW_PERCENT);
  wb_chart_set_unit (curves->charts[WB_TRAIN_MEMORY], DRAW_BYTES);
}

void
wb_train_curves_clear (WbTrainCurves *curves)
{
  for (guint i = 0; i < WB_TRAIN_N_CHARTS; i++)
    wb_chart_truncate (curves->charts[i], 0);
  curves->filled = 0;
  curves->evals_stale = TRUE;
}

void
wb_train_curves_cut (WbTrainCurves *curves, guint first_row)
{
  if (first_row >= curves->filled)
    return;
  for (guint i = 0; i < WB_TRAIN_N_CHARTS; i++)
    if (i != WB_TRAIN_RECALL)
      wb_chart_truncate (curves->charts[i], first_row);
  curves->filled = first_row;
  curves->evals_stale = TRUE;
}

static void
take_rows (WbTrainCurves *curves, const WbSeries *series, guint to)
{
  guint numbers[WB_TRAIN_N_CHARTS] = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    wb_run_points_append_rows (curves->charts[lines[i].chart], numbers[lines[i].chart]++, series,
                               lines[i].column, curves->filled, to);
  curves->filled = to;
}

static void
take_evals (WbTrainCurves *curves, WbRun *run)
{
  WbChart *chart = curves->charts[WB_TRAIN_RECALL];

  wb_chart_truncate (chart, 0);
  for (guint i = 0; i < G_N_ELEMENTS (recalls); i++)
    {
      wb_run_points_append_evals (chart, 2 * i, run, "student", recalls[i].recall,
                                  curves->direction);
      wb_run_points_append_evals (chart, 2 * i + 1, run, "teacher", recalls[i].recall,
                                  curves->direction);
    }
  curves->evals_stale = FALSE;
}

gboolean
wb_train_curves_take (WbTrainCurves *curves, WbRun *run)
{
  const WbSeries *series = wb_run_get_series (run);
  const guint length = wb_series_get_length (series);

  if (length > curves->filled)
    take_rows (curves, series, MIN (length, curves->filled + ROWS_A_FRAME));
  if (length > curves->filled)
    return FALSE;
  if (curves->evals_stale)
    take_evals (curves, run);
  return TRUE;
}

static void
dress_by_config (WbTrainCurves *curves, const NnConfig *config)
{
  WbChart *losses = curves->charts[WB_TRAIN_LOSSES], *recall = curves->charts[WB_TRAIN_RECALL];
  const gboolean alone = config->distill.teacher == NN_TEACHER_NONE;
  const int batch = config->schedule.batch_size;
  g_autofree char *chance = g_strdup_printf ("chance, ln %d", batch);

  wb_chart_set_hidden (losses, DISTILLATION, alone);
  wb_chart_set_hidden (losses, CONTRASTIVE, alone);
  wb_chart_set_title (losses, alone ? "Contrastive loss" : "Loss");
  wb_chart_set_reference (losses, log (batch), chance);
  for (guint i = 0; i < G_N_ELEMENTS (recalls); i++)
    wb_chart_set_hidden (recall, 2 * i + 1, alone);
}

void
wb_train_curves_dress (WbTrainCurves *curves, WbRun *run)
{
  const guint colour = wb_run_get_summary (run)->colour;
  const NnConfig *config = wb_run_get_config (run);

  for (guint i = 0; i < WB_TRAIN_N_CHARTS; i++)
    wb_chart_set_colour (curves->charts[i], colour == WB_NO_COLOUR ? 0 : colour);
  if (config)
    dress_by_config (curves, config);
}

void
wb_train_curves_smooth (WbTrainCurves *curves, double span)
{
  for (guint i = 0; i < G_N_ELEMENTS (noisy); i++)
    wb_chart_set_smoothing (curves->charts[noisy[i]], span > 0 ? DRAW_SMOOTH_EMA : DRAW_SMOOTH_NONE,
                            span);
}

void
wb_train_curves_set_log (WbTrainCurves *curves, gboolean log)
{
  wb_chart_set_log (curves->charts[WB_TRAIN_LOSSES], log);
  wb_chart_set_log (curves->charts[WB_TRAIN_GRADIENT], log);
}

void
wb_train_curves_set_direction (WbTrainCurves *curves, WbDirection direction)
{
  curves->direction = direction;
  curves->evals_stale = TRUE;
  wb_chart_set_title (curves->charts[WB_TRAIN_RECALL], direction == WB_IMAGE_TO_TEXT
                                                           ? "Recall, image to text"
                                                           : "Recall, text to image");
}
