/* Pointer, wheel, fingers and keys of a chart, as chart.h tells them. Used by chart.c only. */
#pragma once

#include "app/widgets/chart.h"

G_BEGIN_DECLS

/* Adds the controllers, which live as long as the chart. */
void wb_chart_input_attach (WbChart *chart);

G_END_DECLS
