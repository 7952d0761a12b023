/* What the trainer's files share. */
#pragma once

#include "models/run/control.h"
#include "models/run/events.h"
#include "models/run/steps.h"
#include "models/train/checkpoint.h"
#include "models/train/probes.h"
#include "models/train/trainer.h"

struct _Trainer
{
  GpuDevice *device;
  TrainObserver observer;
  GCancellable *cancellable; /* of decoding and evaluation, which take a while */
  NnConfig config;
  RunFolder *run;
  RunEvents *events;
  RunControl *control;
  DataPairs *pairs;
  DataBatches *batches;
  NnModel *model;
  NnStep *step;
  double keep_rate; /* of the step's plan */
  TrainProbes *probes;
  EvalRetrieval *evaluation;

  gint64 done;  /* updates made */
  gint64 total; /* updates asked for */
  gint64 steps_per_epoch;
  gint64 saved;              /* step of the newest checkpoint, -1: none */
  gboolean saved_in_passing; /* it lies within an epoch: the next one replaces it */
  gint64 evaluated;          /* step of the newest evaluation, -1: none */
  double wall_before;        /* seconds of training before `started` */
  gint64 started;            /* monotonic, us */
  gint64 last_saved_at;      /* monotonic, us */
  gint64 last_event_at;      /* monotonic, us */
  gboolean resumed, paused, stopping, finished;
};

/* record.c: what watchers read. */
double train_wall (const Trainer *trainer);
gboolean train_record (Trainer *trainer, RunEvent *event, GError **error);
gboolean train_record_state (Trainer *trainer, const char *state, const char *reason,
                             GError **error);
gboolean train_record_alert (Trainer *trainer, const char *text, GError **error);
gboolean train_record_step (Trainer *trainer, const NnStepResult *result, double lr, double seconds,
                            GError **error);
/* Of a step that was profiled. */
gboolean train_record_profile (Trainer *trainer, GError **error);
gboolean train_snapshot (Trainer *trainer, GError **error);
gboolean train_save (Trainer *trainer, gboolean in_passing, GError **error);
/* Takes the memory of evaluations before the first step, so that no later one finds it gone. */
gboolean train_plan_evaluation (Trainer *trainer, GError **error);
gboolean train_evaluate (Trainer *trainer, GError **error);
void train_say (Trainer *trainer, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* warm.c: compiles the kernels recorded so far, and says how far it is. */
gboolean train_warm (Trainer *trainer, GError **error);

/* control.c: what watchers ask for. */
gboolean train_obey (Trainer *trainer, GError **error);

/* trainer.c */
gboolean train_plan_step (Trainer *trainer, GError **error);
