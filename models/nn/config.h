/* The description of a model and of its training: one JSON document, one plain struct.
 *
 * The JSON is open_clip's model schema (embed_dim, vision_cfg, text_cfg, quick_gelu) plus our own
 * blocks (expedition_cfg, distill_cfg, loss, optimizer, schedule, data, eval, run). Every field is
 * declared once, in the table of config.c, which drives parsing, range checks, `--set` and writing.
 * The struct holds no pointers: copy it by assignment, nothing is to be freed.
 *
 * Every error is of the domain NN_CONFIG_ERROR, and is one line that names the field's path, its
 * value and what is allowed. All functions may be called from any thread.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define NN_MAX_LAYERS 64        /* blocks of a tower */
#define NN_MAX_EVIT_TOKENS 1024 /* tokens of a picture that the token choice can sort */
#define NN_PATH_SIZE 4096
#define NN_NAME_SIZE 256

#define NN_CONFIG_ERROR (nn_config_error_quark ())
GQuark nn_config_error_quark (void);

typedef enum
{
  NN_CONFIG_ERROR_FIELD,  /* a field is unknown, missing, of the wrong type or out of range */
  NN_CONFIG_ERROR_SYNTAX, /* the document is not JSON */
  NN_CONFIG_ERROR_FILE,   /* the file or preset cannot be read */
} NnConfigError;

typedef enum
{
  NN_EXPEDITION_NONE,
  NN_EXPEDITION_EVIT,
} NnExpeditionMethod;

typedef enum
{
  NN_TEACHER_NONE,
  NN_TEACHER_MOMENTUM,
} NnTeacher;

typedef enum
{
  NN_MOMENTUM_CONSTANT,
  NN_MOMENTUM_COSINE,
} NnMomentumSchedule;

/* Choices that have one built value so far; the others of the schema are refused by name. */
typedef enum
{
  NN_DISTILL_TEXT_SHARED,
} NnDistillText;

typedef enum
{
  NN_DISTILL_TARGET_KL,
} NnDistillTarget;

typedef enum
{
  NN_LOSS_CONTRASTIVE,
} NnLoss;

typedef enum
{
  NN_OPTIMIZER_ADAMW,
} NnOptimizer;

typedef struct
{
  int image_size; /* px, square; a multiple of patch_size */
  int layers;
  int width; /* C; a multiple of head_width */
  int head_width;
  double
      mlp_ratio;  /* the MLP's hidden width is width * mlp_ratio, fraction cut, as open_clip does */
  int patch_size; /* px */
} NnVisionConfig;

typedef struct
{
  int context_length; /* ids a text, SOT and EOT counted */
  int vocab_size;     /* V; SOT is V - 2 and EOT V - 1 */
  int width;          /* C; a multiple of heads. The MLP's hidden width is 4 C */
  int heads;
  int layers;
} NnTextConfig;

typedef struct
{
  NnExpeditionMethod method;
  double keep_rate;          /* kappa, in (0, 1] */
  int n_layers;              /* entries of layers */
  int layers[NN_MAX_LAYERS]; /* the blocks that shrink, counted from 0, increasing */
  gboolean fuse;             /* dropped tokens live on as one fused token */
  double warmup_start;       /* epochs at keep rate 1 */
  double warmup_span;        /* epochs of the cosine from 1 down to keep_rate; 0: none */
} NnExpeditionConfig;

typedef struct
{
  NnTeacher teacher;
  double momentum;
  NnMomentumSchedule momentum_schedule;
  double weight; /* lambda */
  NnDistillText text;
  NnDistillTarget target;
  gboolean stop_grad_text;
} NnDistillConfig;

typedef struct
{
  NnOptimizer name;
  double lr;
  double betas[2];
  double eps;
  double weight_decay;
  double grad_clip_norm; /* over all parameters; 0: off */
} NnOptimizerConfig;

typedef struct
{
  int epochs;
  int batch_size;   /* B */
  int micro_batch;  /* pairs encoded at a time, dividing B; 0: all */
  int warmup_steps; /* optimiser steps of linear warm-up */
  gint64 horizon;   /* optimiser steps the schedule is stretched over; 0 until resolved */
} NnScheduleConfig;

typedef struct
{
  char path[NN_PATH_SIZE]; /* the data set's folder; "" when not given */
  int shift;               /* px, largest random shift each way; 0: none */
  double crop_scale;       /* least area of the random resized crop, in (0, 1]; 1: none */
  gboolean flip;           /* random left-right flips */
} NnDataConfig;

typedef struct
{
  int every_epochs; /* 0: at the end only */
  int batch_size;
} NnEvalConfig;

typedef struct
{
  gint64 seed;
  gint64 steps;              /* stop after so many updates; 0: at the schedule's horizon */
  int snapshot_every;        /* steps; 0: at epochs only */
  double checkpoint_minutes; /* 0: at epochs only */
  int probes;                /* pairs watched in snapshots */
  int snapshot_budget_mb;    /* MB of snapshots kept; 0: all */
  /* What the run was made with: written by the trainer, "" in a config by hand. */
  char device[NN_NAME_SIZE];
  char device_uuid[NN_NAME_SIZE];
  char driver[NN_NAME_SIZE];
  char version[NN_NAME_SIZE];
  char data_fingerprint[NN_NAME_SIZE];
} NnRunConfig;

typedef struct
{
  int embed_dim; /* D, the joint dimension */
  NnVisionConfig vision;
  NnTextConfig text;
  gboolean quick_gelu;     /* x sigmoid(1.702 x) in place of the exact GELU */
  double init_logit_scale; /* of the logarithm; ln(1/0.07) by default */
  NnExpeditionConfig expedition;
  NnDistillConfig distill;
  NnLoss loss;
  NnOptimizerConfig optimizer;
  NnScheduleConfig schedule;
  NnDataConfig data;
  NnEvalConfig eval;
  NnRunConfig run;
} NnConfig;

/* Reads and checks a whole document. Blocks of ours may be absent and then hold defaults: no
 * expedition, no teacher. `config` is written on success only. */
gboolean nn_config_from_json (NnConfig *config, const char *json, GError **error);

/* As nn_config_from_json, from a file; the file's name starts the error. */
gboolean nn_config_load (NnConfig *config, const char *path, GError **error);

/* A config that comes with Penumbra, by name: "demo", "small". */
gboolean nn_config_preset (NnConfig *config, const char *name, GError **error);

/* The names of the presets in the order of the alphabet, ended by NULL (g_strfreev). */
char **nn_config_preset_names (void);

/* Applies "path=value", e.g. "schedule.epochs=3", "expedition_cfg.layers=[1,2]", "data.path=x y".
 * Checks the field alone: call nn_config_check when all are set. Unchanged on failure. Shrinking
 * blocks that stand at the default for vision_cfg.layers follow when vision_cfg.layers is set. */
gboolean nn_config_set (NnConfig *config, const char *assignment, GError **error);

/* Checks what concerns several fields. nn_config_from_json and nn_config_load have done so. */
gboolean nn_config_check (const NnConfig *config, GError **error);

/* The document with every default written out, indented, ending in a newline; reading it back gives
 * an equal config, and writing that the same bytes. Owned by the caller (g_free). */
char *nn_config_to_json (const NnConfig *config);

/* Derived sizes. */
int nn_config_vision_heads (const NnConfig *config);
int nn_config_vision_hidden (const NnConfig *config); /* of the MLP */
int nn_config_text_hidden (const NnConfig *config);
int nn_config_patches (const NnConfig *config); /* patches a picture; its tokens are one more */

/* The tokens of a picture entering block `layer` (the N of its attention), in an encoder of the
 * given keep rate; `layer` = vision.layers is what leaves the last block. Keep rate 1, or method
 * none, is the full encoder (the teacher's).  K = ceil(keep_rate (N - 1)) of the N - 1 tokens other
 * than CLS are kept in a shrinking block; a fused token of an earlier block counts among them. */
int nn_config_tokens (const NnConfig *config, double keep_rate, int layer);

/* K of block `layer`, or 0 when the block does not shrink (not listed, or K = N - 1). */
int nn_config_kept (const NnConfig *config, double keep_rate, int layer);

/* Pairs encoded at a time in a step of `batch`: schedule.micro_batch, or the batch where that is 0 or
 * does not divide it (as a batch of another size than the config's). */
guint nn_config_micro_batch (const NnConfig *config, guint batch);

/* The schedules, by 0-based optimiser step s, for a horizon T > 0 (schedule.horizon):
 * lr(s) = base (s+1)/w for s < w, then base (1 + cos(pi (s-w)/(T-w)))/2, and 0 beyond T. */
double nn_config_lr (const NnConfig *config, gint64 step);

/* m, or m(s) = 1 - (1 - m)(1 + cos(pi s/T))/2. */
double nn_config_momentum (const NnConfig *config, gint64 step);

/* The keep rate in force at an epoch, fractions allowed: 1 until warmup_start, a cosine down to
 * keep_rate over warmup_span epochs, rounded up to a multiple of 0.05, then keep_rate itself. 1
 * when the method is none. */
double nn_config_keep_rate (const NnConfig *config, double epoch);

G_END_DECLS
