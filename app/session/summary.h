/* What the list of runs tells of a run, kept in the index between starts. */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

#define WB_N_COLOURS 8 /* Okabe-Ito */
#define WB_NO_COLOUR G_MAXUINT
#define WB_SPARK 32

typedef enum
{
  WB_RUN_STARTING, /* launched, and not far enough to hold its lock */
  WB_RUN_RUNNING,
  WB_RUN_PAUSED,
  WB_RUN_STOPPED,
  WB_RUN_FINISHED,
  WB_RUN_FAILED,
  WB_RUN_KILLED, /* its process is gone without a word */
} WbRunState;

#define WB_TYPE_RUN_STATE (wb_run_state_get_type ())
GType wb_run_state_get_type (void);

/* "starting", "running" and so on. */
const char *wb_run_state_name (WbRunState state);

/* A process is at work, or about to be. */
gboolean wb_run_state_is_live (WbRunState state);

/* What of a folder shows that something happened in it; microseconds and bytes. */
typedef struct
{
  gint64 events_size, events_time, config_time;
} WbStamp;

gboolean wb_stamp_equal (const WbStamp *a, const WbStamp *b);

/* Numbers that are not known are NAN or 0. */
typedef struct
{
  char *id;     /* the folder's name */
  char *name;   /* for people: the method where the folder is named by time, else the folder */
  char *method; /* "eclipse"; NULL until the config is read */
  char *data;   /* name of the data set; may be NULL */
  char *reason; /* of a failure; of a start, how it goes; may be NULL */
  WbRunState state;
  gint64 step, total;
  guint compiled, to_compile; /* kernels, while they are what is waited for; else 0 */
  double recall;              /* newest R@10 of the student, text to picture, 0..1 */
  double keep_rate;
  gint64 created; /* microseconds since 1970 */
  guint colour;   /* in Okabe-Ito's order, or WB_NO_COLOUR */
  WbStamp stamp;
  guint n_spark;         /* 0..WB_SPARK */
  float spark[WB_SPARK]; /* the loss, first to newest step, in means of equal spans */
} WbSummary;

WbSummary *wb_summary_new (const char *id);
WbSummary *wb_summary_copy (const WbSummary *summary);
void wb_summary_free (WbSummary *summary);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WbSummary, wb_summary_free)

G_END_DECLS
