/* Snapshots: what is read of them, what is refused, and which one is shown. */
#include "app/session/snapshots.h"
#include "models/data/picture.h"
#include "models/nn/safetensors.h"
#include "models/run/steps.h"
#include "tests/session.h"
#include "tests/temporary.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define N 2
#define PATCHES 4

static char *root;

/* Two probes of 2 x 2 patches; block 1 keeps 2, block 3 keeps 1 of 2 and of the fused token. */
typedef struct
{
  gint32 kept1[N][2], kept3[N][2];
  float attention1[N][PATCHES], attention3[N][PATCHES];
  float fused1[N], fused3[N];
  float student[N][2], teacher[N][2], text[N][2];
  float scale;
} Content;

static const Content content = {
  .kept1 = { { 3, 0 }, { 1, 2 } },
  .kept3 = { { 0, -1 }, { 2, 1 } },
  .attention1 = { { 0.3f, 0.1f, 0.2f, 0.4f }, { 0.1f, 0.4f, 0.3f, 0.1f } },
  .attention3 = { { 0.5f, -1, -1, 0.1f }, { -1, 0.3f, 0.4f, -1 } },
  .fused1 = { -1, -1 },
  .fused3 = { 0.4f, 0.2f },
  .student = { { 1, 0 }, { 0, 1 } },
  .teacher = { { 0.6f, 0.8f }, { 0, 1 } },
  .text = { { 1, 0 }, { 0.6f, 0.8f } },
  .scale = 10,
};

static void
write_snapshot (const char *run, gint64 step, const Content *from, gboolean with_teacher)
{
  g_autofree char *folder = g_build_filename (run, RUN_SNAPSHOTS, NULL);
  g_autofree char *path = run_step_path (run, RUN_SNAPSHOTS, step);
  g_autoptr (NnTensorWriter) writer = nn_tensor_writer_new ();
  const gint64 pairs[] = { N, 2 }, grid[] = { N, PATCHES }, one[] = { 1 };
  GError *error = NULL;

  g_mkdir_with_parents (folder, 0700);
  nn_tensor_writer_add (writer, "student", NN_DTYPE_F32, 2, pairs, from->student);
  nn_tensor_writer_add (writer, "kept.3", NN_DTYPE_I32, 2, pairs, from->kept3);
  nn_tensor_writer_add (writer, "attention.3", NN_DTYPE_F32, 2, grid, from->attention3);
  nn_tensor_writer_add (writer, "fused.3", NN_DTYPE_F32, 1, pairs, from->fused3);
  nn_tensor_writer_add (writer, "kept.1", NN_DTYPE_I32, 2, pairs, from->kept1);
  nn_tensor_writer_add (writer, "attention.1", NN_DTYPE_F32, 2, grid, from->attention1);
  nn_tensor_writer_add (writer, "fused.1", NN_DTYPE_F32, 1, pairs, from->fused1);
  if (with_teacher)
    nn_tensor_writer_add (writer, "teacher", NN_DTYPE_F32, 2, pairs, from->teacher);
  nn_tensor_writer_add (writer, "text", NN_DTYPE_F32, 2, pairs, from->text);
  nn_tensor_writer_add (writer, "logit_scale", NN_DTYPE_F32, 1, one, &from->scale);
  g_assert_true (nn_tensor_writer_save (writer, path, &error));
  g_assert_no_error (error);
}

static void
write_probes (const char *run)
{
  g_autofree char *folder = g_build_filename (run, "probes", NULL);
  g_autofree char *picture = g_build_filename (folder, "0.png", NULL);
  g_autofree guint8 *rgb = g_malloc (64 * 64 * 3);

  memset (rgb, 200, 64 * 64 * 3);
  g_mkdir_with_parents (folder, 0700);
  g_assert_true (data_picture_save_png (picture, rgb, 64, 64, NULL));
  session_replace (folder, "probes.json",
                   "[{\"id\":\"a\",\"caption\":\"a thing\",\"picture\":\"0.png\"},"
                   "{\"id\":\"b\",\"caption\":\"none\",\"picture\":\"../0.png\"}]");
}

static char *
make_run (const char *id)
{
  return session_make_run (root, id);
}

static WbSnapshot *
read_step (const char *run, gint64 step, GError **error)
{
  g_autofree char *path = run_step_path (run, RUN_SNAPSHOTS, step);
  return wb_snapshot_read (path, step, error);
}

static void
test_fates (void)
{
  g_autofree char *run = make_run ("fates");
  static const guint8 first[] = { WB_PATCH_KEPT, WB_PATCH_DROPPED, WB_PATCH_DROPPED,
                                  WB_PATCH_KEPT };
  static const guint8 second[] = { WB_PATCH_KEPT, WB_PATCH_GONE, WB_PATCH_GONE, WB_PATCH_DROPPED };
  static const gint32 ranks[] = { 1, 3, 2, 0 };
  GError *error = NULL;

  write_snapshot (run, 5, &content, TRUE);
  g_autoptr (WbSnapshot) snapshot = read_step (run, 5, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (snapshot->n_blocks, ==, 2);
  g_assert_cmpuint (snapshot->side, ==, 2);
  const WbSnapshotBlock *one = &snapshot->blocks[0], *three = &snapshot->blocks[1];
  g_assert_cmpuint (one->layer, ==, 1);
  g_assert_cmpuint (three->layer, ==, 3);
  g_assert_cmpmem (one->fate, PATCHES, first, sizeof first);
  g_assert_cmpmem (three->fate, PATCHES, second, sizeof second);
  g_assert_cmpmem (one->rank, PATCHES * sizeof (gint32), ranks, sizeof ranks);
  g_assert_cmpint (three->rank[1], ==, -1);
  g_assert_true (isnan (three->attention[1]));
  g_assert_true (isnan (one->fused[0]));
  g_assert_cmpfloat (three->fused[0], ==, 0.4f);
  g_assert_true (three->fused_kept[0]);
  g_assert_false (three->fused_kept[1]);
}

static void
test_similarity (void)
{
  g_autofree char *run = make_run ("similarity");

  write_snapshot (run, 1, &content, TRUE);
  write_snapshot (run, 2, &content, FALSE);
  g_autoptr (WbSnapshot) snapshot = read_step (run, 1, NULL);
  g_assert_cmpfloat (snapshot->logit_scale, ==, 10);
  g_assert_cmpfloat_with_epsilon (snapshot->student_similarity[0 * N + 1], 0.6, 1e-6);
  g_assert_cmpfloat_with_epsilon (snapshot->student_similarity[1 * N + 0], 0, 1e-6);
  g_assert_cmpfloat_with_epsilon (snapshot->teacher_similarity[0 * N + 1], 1, 1e-6);
  g_autoptr (WbSnapshot) alone = read_step (run, 2, NULL);
  g_assert_null (alone->teacher);
  g_assert_null (alone->teacher_similarity);
}

static void
assert_refused (const char *run, const Content *wrong)
{
  GError *error = NULL;

  write_snapshot (run, 1, wrong, TRUE);
  g_autoptr (WbSnapshot) snapshot = read_step (run, 1, &error);
  g_assert_null (snapshot);
  g_assert_error (error, WB_SNAPSHOT_ERROR, WB_SNAPSHOT_ERROR_FORMAT);
  g_error_free (error);
}

/* Files cut anywhere, and patches that there are not. */
static void
test_hostile (void)
{
  g_autofree char *run = make_run ("hostile");
  g_autofree char *path = run_step_path (run, RUN_SNAPSHOTS, 7);
  g_autofree char *bytes = NULL;
  Content wrong = content;
  gsize length;

  write_snapshot (run, 7, &content, TRUE);
  g_assert_true (g_file_get_contents (path, &bytes, &length, NULL));
  for (gsize cut = 0; cut < length; cut += 1 + cut / 8)
    {
      g_autoptr (GError) error = NULL;
      g_assert_true (g_file_set_contents (path, bytes, (gssize) cut, NULL));
      g_autoptr (WbSnapshot) snapshot = read_step (run, 7, &error);
      g_assert_null (snapshot);
      g_assert_nonnull (error);
    }
  wrong.kept3[1][1] = PATCHES;
  assert_refused (run, &wrong);
  wrong.kept3[1][1] = -2;
  assert_refused (run, &wrong);
}

static gboolean
is_idle (gpointer snapshots)
{
  return !wb_snapshots_is_loading (snapshots);
}

static void
on_changed (WbSnapshots *snapshots, GArray *steps)
{
  WbSnapshot *shown = wb_snapshots_get (snapshots);
  if (shown)
    g_array_append_val (steps, shown->step);
}

static gboolean
has_probes (gpointer snapshots)
{
  return wb_snapshots_get_probes (snapshots) != NULL;
}

static void
test_latest_wins (void)
{
  g_autofree char *run = make_run ("latest");
  g_autoptr (GArray) shown = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (WbSnapshots) snapshots = wb_snapshots_new (run);

  write_probes (run);
  for (gint64 step = 0; step < 20; step++)
    write_snapshot (run, step, &content, TRUE);
  g_signal_connect (snapshots, "changed", G_CALLBACK (on_changed), shown);
  for (gint64 step = 0; step < 20; step++)
    wb_snapshots_want (snapshots, step);
  session_wait (is_idle, snapshots);
  g_assert_cmpint (wb_snapshots_get (snapshots)->step, ==, 19);
  for (guint i = 0; i < shown->len; i++)
    g_assert_cmpint (g_array_index (shown, gint64, i), ==, 19);

  /* What was read before is there at once. */
  wb_snapshots_want (snapshots, 3);
  session_wait (is_idle, snapshots);
  wb_snapshots_want (snapshots, 19);
  g_assert_false (wb_snapshots_is_loading (snapshots));
  g_assert_cmpint (wb_snapshots_get (snapshots)->step, ==, 19);

  session_wait (has_probes, snapshots);
  const WbProbes *probes = wb_snapshots_get_probes (snapshots);
  g_assert_cmpuint (probes->n, ==, 2);
  g_assert_cmpstr (probes->captions[0], ==, "a thing");
  g_assert_cmpint (probes->pictures[0][0], ==, 200);
  g_assert_null (probes->pictures[1]);
}

/* One that cannot be read is said, and what was shown stays. */
static void
test_truncated (void)
{
  g_autofree char *run = make_run ("truncated");
  g_autofree char *folder = g_build_filename (run, RUN_SNAPSHOTS, NULL);
  g_autoptr (WbSnapshots) snapshots = wb_snapshots_new (run);

  write_snapshot (run, 1, &content, TRUE);
  session_replace (folder, "2.safetensors", "\x10");
  wb_snapshots_want (snapshots, 1);
  session_wait (is_idle, snapshots);
  wb_snapshots_want (snapshots, 2);
  session_wait (is_idle, snapshots);
  g_assert_nonnull (wb_snapshots_get_problem (snapshots));
  g_assert_cmpint (wb_snapshots_get (snapshots)->step, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  root = temporary_folder ();
  g_test_add_func ("/session/snapshot/fates", test_fates);
  g_test_add_func ("/session/snapshot/similarity", test_similarity);
  g_test_add_func ("/session/snapshot/hostile", test_hostile);
  g_test_add_func ("/session/snapshots/latest-wins", test_latest_wins);
  g_test_add_func ("/session/snapshots/truncated", test_truncated);
  const int status = g_test_run ();
  temporary_remove (root);
  g_free (root);
  return status;
}
