/* Pictures and texts as rows, and their gradients, against double loops. */
#include "tests/ops/harness.h"

#include "compute/ops/embed.h"
#include "tests/ref/embed.h"

typedef struct
{
  const char *name;
  guint batch, size, patch;
} Picture;

static const Picture pictures[] = {
  { "patchify-1-1", 1, 1, 1 },       { "patchify-7-7", 2, 7, 7 },
  { "patchify-15-5", 3, 15, 5 },     { "patchify-12-6", 2, 12, 6 },
  { "patchify-6-2", 7, 6, 2 },       { "patchify-127-127", 1, 127, 127 },
  { "patchify-64-8", 3, 64, 8 },     { "patchify-20-4", 2, 20, 4 },
  { "patchify-28-14", 2, 28, 14 },   { "patchify-336-336", 1, 336, 336 },
  { "patchify-32-16", 127, 32, 16 },
};

static void
patchify (TestBench *bench, gconstpointer data)
{
  const Picture *p = data;
  guint pixels = 3 * p->size * p->size, columns = 3 * p->patch * p->patch;
  guint rows = p->batch * (p->size / p->patch) * (p->size / p->patch);
  g_autofree double *image = test_random ((gsize) p->batch * pixels, 1, 2);
  g_autofree double *want = test_zeros ((gsize) rows * columns);
  GpuTensor timage = test_upload (bench, p->batch, pixels, image);
  GpuTensor tpatches = test_tensor (bench, rows, columns);
  gpu_patchify (bench->stream, tpatches, timage, p->size, p->patch);
  test_bench_run (bench);

  ref_patchify (want, image, p->batch, p->size, p->patch);
  g_autofree double *got = test_download (bench, tpatches);
  test_each_near ("patches", got, want, rows, columns, 0);
}

typedef struct
{
  const char *name;
  guint batch, tokens, columns, vocabulary;
  guint64 binding_bytes; /* pretend that the device binds no more; 0: the truth */
} Shape;

static const Shape shapes[] = {
  { "1-2-1", 1, 2, 1, 1, 0 },
  { "7-7-7", 7, 7, 7, 7, 0 },
  { "2-127-127", 2, 127, 127, 127, 0 },
  { "1-65-33", 1, 65, 33, 5000, 0 },
  { "64-32-128", 64, 32, 128, 4096, 0 },
  { "gaps", 3, 17, 256, 300, 0 },
};

static void
patches_both_ways (TestBench *bench, gconstpointer data)
{
  const Shape *s = data;
  guint rows = s->batch * s->tokens, patches = s->batch * (s->tokens - 1), columns = s->columns;
  g_autofree double *p = test_random ((gsize) patches * columns, 1, 1);
  g_autofree double *class_embedding = test_random (columns, 2, 1);
  g_autofree double *positional = test_random ((gsize) s->tokens * columns, 3, 1);
  g_autofree double *dx = test_random ((gsize) rows * columns, 4, 1);
  g_autofree double *x = test_zeros ((gsize) rows * columns);
  g_autofree double *dpatches = test_zeros ((gsize) patches * columns);

  GpuTensor tx = test_tensor (bench, rows, columns);
  GpuTensor tdpatches = test_tensor (bench, patches, columns);
  GpuTensor tclass = test_upload (bench, 1, columns, class_embedding);
  GpuTensor tpositional = test_upload (bench, s->tokens, columns, positional);
  gpu_embed_patches (bench->stream, tx, test_upload (bench, patches, columns, p), tclass,
                     tpositional);
  /* The embeddings serve as gradients gathered so far, once they have been read. */
  gpu_embed_patches_backward (bench->stream, tdpatches, tclass, tpositional,
                              test_upload (bench, rows, columns, dx));
  test_bench_run (bench);

  ref_embed_patches (x, p, class_embedding, positional, s->batch, s->tokens, columns);
  ref_embed_patches_backward (dpatches, class_embedding, positional, dx, s->batch, s->tokens,
                              columns);
  g_autofree double *got_x = test_download (bench, tx);
  g_autofree double *got_dpatches = test_download (bench, tdpatches);
  g_autofree double *got_dclass = test_download (bench, tclass);
  g_autofree double *got_dpositional = test_download (bench, tpositional);
  test_near ("x", got_x, x, rows, columns, 1e-6);
  test_each_near ("dpatches", got_dpatches, dpatches, patches, columns, 0);
  test_near ("dclass", got_dclass, class_embedding, 1, columns, 1e-6);
  test_near ("dpositional", got_dpositional, positional, s->tokens, columns, 1e-6);
}

/* Ids of which a few are common and some are outside the vocabulary; texts of different lengths. */
static void
make_texts (gint32 **tokens, gint32 **last, const Shape *s)
{
  guint n = s->batch * s->tokens;
  g_autofree double *random = test_random (n + s->batch, 7, 0.5);
  *tokens = g_new (gint32, n);
  *last = g_new (gint32, s->batch);
  for (guint i = 0; i < n; i++)
    {
      double r = random[i] + 0.5;
      (*tokens)[i] = (gint32) (r * r * r * (s->vocabulary + 1));
    }
  for (guint b = 0; b < s->batch; b++)
    {
      (*last)[b] = (gint32) ((random[n + b] + 0.5) * (s->tokens - 1));
      (*tokens)[b * s->tokens] = (gint32) (s->vocabulary - 1);
    }
  (*tokens)[n - 1] = -5;
  (*last)[s->batch - 1] = (gint32) s->tokens - 1;
  (*tokens)[n / 2] = G_MAXINT32;
}

static GpuTokenIndex
make_index (TestBench *bench, const RefTexts *texts)
{
  guint n = texts->batch * texts->context;
  g_autofree gint32 *ids = g_new0 (gint32, n + 1), *starts = g_new0 (gint32, n + 1);
  g_autofree gint32 *rows = g_new0 (gint32, n);
  gpu_token_index_fill (ids, starts, rows, texts->tokens, texts->last, texts->batch,
                        texts->context);
  return (GpuTokenIndex){ test_upload_ints (bench, 1, n + 1, ids),
                          test_upload_ints (bench, 1, n + 1, starts),
                          test_upload_ints (bench, 1, n, rows) };
}

static void
tokens_both_ways (TestBench *bench, gconstpointer data)
{
  const Shape *s = data;
  GpuDeviceInfo *info = (GpuDeviceInfo *) gpu_device_get_info (bench->device);
  guint64 binding_bytes = info->max_binding_bytes;
  guint rows = s->batch * s->tokens, columns = s->columns;
  g_autofree gint32 *tokens = NULL, *last = NULL;
  make_texts (&tokens, &last, s);
  const RefTexts texts = { tokens, last, s->batch, s->tokens, columns, s->vocabulary };
  g_autofree double *table = test_random ((gsize) s->vocabulary * columns, 1, 1);
  g_autofree double *dtable = test_random ((gsize) s->vocabulary * columns, 5, 1);
  g_autofree double *positional = test_random ((gsize) s->tokens * columns, 3, 1);
  g_autofree double *dx = test_random ((gsize) rows * columns, 4, 1);
  g_autofree double *x = test_zeros ((gsize) rows * columns);

  GpuTensor tx = test_tensor (bench, rows, columns);
  GpuTensor tpositional = test_upload (bench, s->tokens, columns, positional);
  GpuTensor tdtable = test_upload (bench, s->vocabulary, columns, dtable);
  GpuTokenIndex index = make_index (bench, &texts);
  gpu_embed_tokens (bench->stream, tx, test_upload_ints (bench, 1, rows, tokens),
                    test_upload (bench, s->vocabulary, columns, table), tpositional);
  test_bench_run (bench);
  info->max_binding_bytes = s->binding_bytes ? s->binding_bytes : binding_bytes;
  gpu_embed_tokens_backward (bench->stream, tdtable, tpositional,
                             test_upload (bench, rows, columns, dx), &index);
  info->max_binding_bytes = binding_bytes;
  test_bench_run (bench);

  ref_embed_tokens (x, table, positional, &texts);
  ref_embed_tokens_backward (dtable, positional, dx, &texts);
  g_autofree double *got_x = test_download (bench, tx);
  g_autofree double *got_dtable = test_download (bench, tdtable);
  g_autofree double *got_dpositional = test_download (bench, tpositional);
  test_near ("x", got_x, x, rows, columns, 1e-6);
  test_near ("dtable", got_dtable, dtable, s->vocabulary, columns, 1e-6);
  test_near ("dpositional", got_dpositional, positional, s->tokens, columns, 1e-6);
}

/* The table in pieces of 16 rows. */
static const Shape pieces = { "pieces", 3, 8, 8, 100, 1024 };

static void
index_by_hand (void)
{
  const gint32 tokens[] = { 8, 3, 9, 3, 8, 8, 9, 9 }, last[] = { 2, 3 };
  const gint32 want_ids[] = { 3, 3, 8, 9 }, want_starts[] = { 0, 1, 4, 7 };
  const gint32 want_rows[] = { 1, 0, 4, 5, 2, 6, 7 };
  gint32 ids[9] = { 0 }, starts[9] = { 0 }, rows[8] = { 0 };
  gpu_token_index_fill (ids, starts, rows, tokens, last, 2, 4);
  test_ints_equal ("ids", ids, want_ids, 1, G_N_ELEMENTS (want_ids));
  test_ints_equal ("starts", starts, want_starts, 1, G_N_ELEMENTS (want_starts));
  test_ints_equal ("rows", rows, want_rows, 1, G_N_ELEMENTS (want_rows));
}

static void
take (TestBench *bench, const Shape *s, const gint32 *position)
{
  guint rows = s->batch * s->tokens;
  g_autofree double *x = test_random ((gsize) rows * s->columns, 1, 1);
  g_autofree double *dx = test_zeros ((gsize) rows * s->columns);
  g_autofree double *y = test_zeros ((gsize) s->batch * s->columns);
  g_autofree double *dy = test_random ((gsize) s->batch * s->columns, 2, 1);
  GpuTensor ty = test_tensor (bench, s->batch, s->columns);
  GpuTensor tdx = test_tensor (bench, rows, s->columns), tposition = { 0 };
  if (position)
    tposition = test_upload_ints (bench, 1, s->batch, position);
  gpu_take_token (bench->stream, ty, test_upload (bench, rows, s->columns, x), tposition);
  gpu_take_token_backward (bench->stream, tdx, test_upload (bench, s->batch, s->columns, dy),
                           tposition);
  test_bench_run (bench);

  ref_take_token (y, x, position, s->batch, s->tokens, s->columns);
  ref_take_token_backward (dx, dy, position, s->batch, s->tokens, s->columns);
  g_autofree double *got_y = test_download (bench, ty), *got_dx = test_download (bench, tdx);
  test_each_near ("y", got_y, y, s->batch, s->columns, 0);
  test_each_near ("dx", got_dx, dx, rows, s->columns, 0);
}

static void
take_both_ways (TestBench *bench, gconstpointer data)
{
  const Shape *s = data;
  g_autofree gint32 *position = g_new (gint32, s->batch);
  for (guint b = 0; b < s->batch; b++)
    position[b] = (gint32) (b * 5 % (s->tokens + 2));
  take (bench, s, NULL);
  take (bench, s, position);
}

typedef struct
{
  double *values[3]; /* patches, class embedding, positional; or table, positional */
  double *weights;
  const RefTexts *texts;
} Problem;

enum
{
  BATCH = 2,
  TOKENS = 4,
  COLUMNS = 3,
  VOCABULARY = 5,
  ROWS = BATCH * TOKENS,
};

static double
weigh (const double *x, const double *weights)
{
  double sum = 0;
  for (guint i = 0; i < ROWS * COLUMNS; i++)
    sum += x[i] * weights[i];
  return sum;
}

static double
patches_loss (gpointer data)
{
  const Problem *p = data;
  double x[ROWS * COLUMNS];
  ref_embed_patches (x, p->values[0], p->values[1], p->values[2], BATCH, TOKENS, COLUMNS);
  return weigh (x, p->weights);
}

static double
tokens_loss (gpointer data)
{
  const Problem *p = data;
  double x[ROWS * COLUMNS];
  ref_embed_tokens (x, p->values[0], p->values[1], p->texts);
  return weigh (x, p->weights);
}

static double
take_loss (gpointer data)
{
  const Problem *p = data;
  const gint32 position[BATCH] = { 2, 0 };
  double y[BATCH * COLUMNS], sum = 0;
  ref_take_token (y, p->values[0], position, BATCH, TOKENS, COLUMNS);
  for (guint i = 0; i < BATCH * COLUMNS; i++)
    sum += y[i] * p->weights[i];
  return sum;
}

static void
reference (void)
{
  const gint32 tokens[ROWS] = { 4, 1, 1, 0, 4, 2, 1, 9 }, last[BATCH] = { 3, 3 };
  const gint32 position[BATCH] = { 2, 0 };
  const RefTexts texts = { tokens, last, BATCH, TOKENS, COLUMNS, VOCABULARY };
  g_autofree double *a = test_random (ROWS * COLUMNS, 1, 1), *b = test_random (COLUMNS, 2, 1);
  g_autofree double *c = test_random (TOKENS * COLUMNS, 3, 1);
  g_autofree double *weights = test_random (ROWS * COLUMNS, 4, 1);
  double da[ROWS * COLUMNS] = { 0 }, db[COLUMNS] = { 0 }, dc[TOKENS * COLUMNS] = { 0 };
  double dtable[VOCABULARY * COLUMNS] = { 0 }, dpositional[TOKENS * COLUMNS] = { 0 };

  Problem p = { { a, b, c }, weights, NULL };
  ref_embed_patches_backward (da, db, dc, weights, BATCH, TOKENS, COLUMNS);
  test_gradient ("dpatches", patches_loss, &p, a, BATCH * (TOKENS - 1) * COLUMNS, da, 1e-6);
  test_gradient ("dclass", patches_loss, &p, b, COLUMNS, db, 1e-6);
  test_gradient ("dpositional", patches_loss, &p, c, TOKENS * COLUMNS, dc, 1e-6);

  p = (Problem){ { a, c }, weights, &texts };
  ref_embed_tokens_backward (dtable, dpositional, weights, &texts);
  test_gradient ("dtable", tokens_loss, &p, a, VOCABULARY * COLUMNS, dtable, 1e-6);
  test_gradient ("dpositional", tokens_loss, &p, c, TOKENS * COLUMNS, dpositional, 1e-6);

  ref_take_token_backward (da, weights, position, BATCH, TOKENS, COLUMNS);
  test_gradient ("dx", take_loss, &p, a, ROWS * COLUMNS, da, 1e-6);
}

int
main (int argc, char **argv)
{
  test_init (&argc, &argv);
  g_test_add_func ("/embed/reference", reference);
  g_test_add_func ("/embed/index", index_by_hand);
  for (guint i = 0; i < G_N_ELEMENTS (pictures); i++)
    test_add ("embed", pictures[i].name, patchify, &pictures[i]);
  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++)
    {
      g_autofree char *patches = g_strdup_printf ("patches-%s", shapes[i].name);
      g_autofree char *tokens = g_strdup_printf ("tokens-%s", shapes[i].name);
      g_autofree char *taken = g_strdup_printf ("take-%s", shapes[i].name);
      test_add ("embed", patches, patches_both_ways, &shapes[i]);
      test_add ("embed", tokens, tokens_both_ways, &shapes[i]);
      test_add ("embed", taken, take_both_ways, &shapes[i]);
    }
  test_add ("embed", "tokens-in-pieces", tokens_both_ways, &pieces);
  return test_run ();
}
