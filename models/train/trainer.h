/* The trainer: a state machine over step, evaluate, snapshot and checkpoint.
 *
 *   running -> paused -> running -> stopped | finished | failed
 *
 * It owns the run folder's lock for life and writes everything that watchers read. It is driven from
 * one thread by train_run() and asked for things through control.jsonl and TrainObserver. Updates
 * are numbered from 1; "step N" is the state after N of them. Given the same device, config and
 * data, step N is the same bits whether the run was interrupted before it or not.
 */
#pragma once

#include "models/data/pairs.h"
#include "models/eval/evaluate.h"
#include "models/nn/step.h"
#include "models/run/folder.h"

G_BEGIN_DECLS

#define TRAIN_ERROR (train_error_quark ())
GQuark train_error_quark (void);

typedef enum
{
  TRAIN_ERROR_CHANGED, /* a resumed run's data set is not what it was */
} TrainError;

typedef struct
{
  gint64 step, total;
  double loss, contrastive, distillation, pairs_per_s;
} TrainReport;

/* What the caller wants to hear, on the training thread; any of them may be NULL. */
typedef struct
{
  void (*stepped) (const TrainReport *report, gpointer data);
  void (*said) (const char *line, gpointer data); /* results and notes, a line each */
  gboolean (*should_stop) (gpointer data);        /* asked before every step and now and then */
  DataCacheProgress decoding;                     /* pictures, the first time */
  GpuProgress compiling;                          /* kernels, before the first step */
  gpointer data;
} TrainObserver;

typedef struct _Trainer Trainer;

typedef struct
{
  GpuDevice *device;
  const char *run; /* the run's folder; NULL for a new one: named by time */
  gint64 steps;    /* total; 0: what the config says, or all epochs */
  TrainObserver observer;
} TrainOptions;

/* A new run. The config's defaults (horizon, device, version) are resolved and written down. */
Trainer *train_new (const NnConfig *config, const TrainOptions *options, GError **error);

/* Goes on with a run from its newest whole checkpoint, or from its seed where there is none.
 * TRAIN_ERROR_CHANGED when its data set has other items than it began with; NN_CONFIG_ERROR when
 * more than `steps` are made already. */
Trainer *train_resume (const TrainOptions *options, GError **error);

void train_free (Trainer *trainer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Trainer, train_free)

const char *train_get_run (const Trainer *trainer);

/* Trains until done, stopped or failed. TRUE when finished or stopped as asked. An error has been
 * written into the run as its reason, and says from which step the run can be resumed. */
gboolean train_run (Trainer *trainer, GError **error);

/* After train_run: all steps done, rather than stopped. */
gboolean train_is_finished (const Trainer *trainer);

G_END_DECLS
