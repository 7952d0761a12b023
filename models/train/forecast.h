/* What a run will take, told before it is launched and without a device. */
#pragma once

#include "models/nn/step.h"

G_BEGIN_DECLS

/* nn_step_forecast() of the config's batch, with the memory of the trainer's other encoders: those of
 * the probes, and of the evaluation if there are held-out pictures. Any thread. */
void train_forecast (NnForecast *forecast, const NnConfig *config, gboolean evaluates);

G_END_DECLS
