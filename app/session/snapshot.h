/* What a snapshot tells, as plain data for painters: which tokens the student keeps of each probe
 * picture, and what student and teacher think of each pair. And the probes themselves.
 *
 * Reading blocks and belongs on a worker (app/session/snapshots.h does that). Both are immutable
 * once read and counted by references, so painters of any thread may hold on to them. Files are
 * believed only as far as they have been checked.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define WB_SNAPSHOT_ERROR (wb_snapshot_error_quark ())
GQuark wb_snapshot_error_quark (void);

typedef enum
{
  WB_SNAPSHOT_ERROR_FORMAT, /* a file is not what it should be */
} WbSnapshotError;

/* The fate of a patch in a shrinking block. */
typedef enum
{
  WB_PATCH_KEPT,
  WB_PATCH_DROPPED, /* here: fused into the one token, where the config fuses */
  WB_PATCH_GONE,    /* in an earlier block */
} WbPatchFate;

/* A block that shrinks; arrays by probe, then by patch, row by row from the upper left. */
typedef struct
{
  guint layer;        /* of the encoder, from 0 */
  guint kept;         /* K, an earlier fused token counted */
  guint8 *fate;       /* [n][patches] WbPatchFate */
  float *attention;   /* [n][patches] of CLS; NAN where the patch is gone */
  gint32 *rank;       /* [n][patches] from 0 by attention, patches alone; -1: gone */
  float *fused;       /* [n] attention of the earlier fused token; NAN: there is none */
  guint8 *fused_kept; /* [n] TRUE: the earlier fused token is among the kept */
} WbSnapshotBlock;

typedef struct
{
  gint64 step;
  guint n; /* probes */

  guint side, patches; /* patches = side * side; 0 when no block shrank */
  guint n_blocks;
  WbSnapshotBlock *blocks; /* by layer */

  guint width;                     /* D */
  float *student, *teacher, *text; /* [n][D] of length one; teacher NULL: there is none */
  float logit_scale;               /* s; logits are s times similarity */
  /* [n][n], row: picture, column: text; cosines. teacher's NULL: there is none. */
  float *student_similarity, *teacher_similarity;
} WbSnapshot;

/* path: a file of snapshots/. Errors name it. */
WbSnapshot *wb_snapshot_read (const char *path, gint64 step, GError **error);
WbSnapshot *wb_snapshot_ref (WbSnapshot *snapshot);
void wb_snapshot_unref (WbSnapshot *snapshot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WbSnapshot, wb_snapshot_unref)

/* The probes of a run: pictures of size x size, RGB, and what is said of them. */
typedef struct
{
  guint n;
  guint size;             /* px */
  char **ids, **captions; /* [n], valid UTF-8 */
  guint8 **pictures;      /* [n] rgb[size * size * 3]; NULL: the file cannot be read */
} WbProbes;

/* Reads probes/ of a run. A picture that cannot be read is left out alone. */
WbProbes *wb_probes_read (const char *run, GError **error);
WbProbes *wb_probes_ref (WbProbes *probes);
void wb_probes_unref (WbProbes *probes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WbProbes, wb_probes_unref)

G_END_DECLS
