/* Batches: addressed by step alone, right pixels and tokens, any order of asking. */
#include "models/data/batch.h"
#include "models/data/picture.h"
#include "models/data/random.h"
#include "tests/temporary.h"

#include <string.h>

#define SIZE 8
#define COUNT 23
#define CONTEXT 12
#define PIXELS (3 * SIZE * SIZE)

/* COUNT pictures whose pixels tell item, place and channel; number 4 is broken, 9 has no caption.
 */
typedef struct
{
  char *folder;
  DataBpe *bpe;
  DataCache *cache;
  DataCaptions *captions;
} World;

static guint8
pixel (guint item, guint x, guint y, guint c)
{
  return (guint8) (item * 9 + x * 5 + y * 3 + c);
}

static void
write_picture (const char *path, guint item)
{
  guint8 rgb[PIXELS];

  for (guint i = 0; i < PIXELS; i++)
    rgb[i] = pixel (item, i / 3 % SIZE, i / 3 / SIZE, i % 3);
  g_assert_true (data_picture_save_png (path, rgb, SIZE, SIZE, NULL));
}

static void
world_init (World *world)
{
  static const char *const none[] = { NULL };
  static const char *const some[] = { "a red circle", "two", "three blue squares", NULL };
  const char *const *texts[COUNT];
  const char *files[COUNT];
  char names[COUNT][16];
  g_autoptr (GError) error = NULL;

  world->folder = temporary_folder ();
  world->bpe = data_bpe_train (some, 3, 520, NULL);
  for (guint i = 0; i < COUNT; i++)
    {
      g_autofree char *path = NULL;

      g_snprintf (names[i], sizeof names[i], "%u.png", i);
      files[i] = names[i];
      path = g_build_filename (world->folder, names[i], NULL);
      if (i != 4)
        write_picture (path, i);
      texts[i] = i == 9 ? none : some + i % 3;
    }
  world->cache = data_cache_open (
      &(DataCacheOptions){
          .dir = world->folder, .files = files, .count = COUNT, .size = SIZE, .fit = DATA_FIT_PAD },
      &error);
  g_assert_no_error (error);
  world->captions = data_captions_new (world->bpe, texts, COUNT, CONTEXT);
}

static void
world_clear (World *world)
{
  data_captions_free (world->captions);
  data_cache_unref (world->cache);
  data_bpe_free (world->bpe);
  temporary_remove (world->folder);
  g_free (world->folder);
}

static DataBatches *
make_batches (const World *world, guint batch_size, guint64 seed, guint shift, gboolean flip)
{
  g_autoptr (GError) error = NULL;
  DataBatches *batches = data_batches_new (&(DataBatchesOptions){ .cache = world->cache,
                                                                  .captions = world->captions,
                                                                  .batch_size = batch_size,
                                                                  .seed = seed,
                                                                  .shift = shift,
                                                                  .flip = flip,
                                                                  .row_stride = PIXELS + 5 },
                                           &error);

  g_assert_no_error (error);
  return batches;
}

static guint64
hash_batch (const DataBatch *batch)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  guint8 digest[32];
  gsize length = sizeof digest;
  guint64 hash;

  g_checksum_update (sum, (const guchar *) batch->images,
                     (gssize) (batch->batch_size * batch->row_stride * sizeof (float)));
  g_checksum_update (sum, (const guchar *) batch->tokens,
                     (gssize) (batch->batch_size * batch->context * sizeof (gint32)));
  g_checksum_update (sum, (const guchar *) batch->ends, (gssize) batch->batch_size * 4);
  g_checksum_update (sum, (const guchar *) batch->captions, (gssize) batch->batch_size * 4);
  g_checksum_get_digest (sum, digest, &length);
  memcpy (&hash, digest, sizeof hash);
  return hash;
}

static float
normalised (guint8 value, guint c)
{
  return ((float) value / 255.0f - data_batch_mean[c]) / data_batch_std[c];
}

/* Without shift and flip a batch holds the cached pictures and captions of its items. */
static void
check_plain (const World *world, const DataBatch *batch)
{
  for (guint i = 0; i < batch->batch_size; i++)
    {
      guint item = batch->items[i], caption = batch->captions[i];
      const float *image = batch->images + i * batch->row_stride;

      for (guint c = 0; c < 3; c++)
        for (guint at = 0; at < SIZE * SIZE; at++)
          g_assert_cmpfloat (image[c * SIZE * SIZE + at], ==,
                             normalised (pixel (item, at % SIZE, at / SIZE, c), c));
      for (guint x = PIXELS; x < PIXELS + 5; x++)
        g_assert_cmpfloat (image[x], ==, 0.0f);
      g_assert_cmpuint (caption, >=, world->captions->first[item]);
      g_assert_cmpuint (caption, <, world->captions->first[item + 1]);
      g_assert_cmpmem (batch->tokens + i * CONTEXT, CONTEXT * 4,
                       data_captions_get (world->captions, caption), CONTEXT * 4);
      g_assert_cmpint (batch->tokens[i * CONTEXT + (guint) batch->ends[i]], ==,
                       data_bpe_get_end (world->bpe));
    }
}

/* Each epoch has every item but the last few once, in another order. */
static void
test_epoch (void)
{
  World world;
  g_autoptr (DataBatches) batches = NULL;
  guint32 first[2] = { 0 };

  world_init (&world);
  batches = make_batches (&world, 4, 1, 0, FALSE);
  g_assert_cmpuint (data_batches_get_n_items (batches), ==, COUNT - 2);
  g_assert_cmpuint (data_batches_get_steps_per_epoch (batches), ==, 5);
  for (guint epoch = 0; epoch < 2; epoch++)
    {
      gboolean seen[COUNT] = { FALSE };

      for (guint step = 0; step < 5; step++)
        {
          const DataBatch *batch = data_batches_get (batches, epoch * 5 + step);

          g_assert_cmpuint (batch->step, ==, epoch * 5 + step);
          g_assert_cmpuint (batch->epoch, ==, epoch);
          check_plain (&world, batch);
          first[epoch] = step == 0 ? batch->items[0] * COUNT + batch->items[1] : first[epoch];
          for (guint i = 0; i < 4; i++)
            {
              g_assert_false (seen[batch->items[i]]);
              g_assert_true (batch->items[i] != 4 && batch->items[i] != 9);
              seen[batch->items[i]] = TRUE;
            }
        }
    }
  g_assert_cmpuint (first[0], !=, first[1]);
  g_clear_pointer (&batches, data_batches_free);
  world_clear (&world);
}

/* Straight on, backwards, by leaps, twice, far away: a step's batch is always the same. */
static void
test_any_order (void)
{
  static const guint64 leaps[] = { 3, 3, 0, 17, 16, 18, 19, 2, 1000000007, 5, 4, 3, 6 };
  World world;
  guint64 straight[20];
  g_autoptr (DataBatches) batches = NULL, other = NULL;

  world_init (&world);
  batches = make_batches (&world, 5, 7, 2, TRUE);
  for (guint step = 0; step < 20; step++)
    straight[step] = hash_batch (data_batches_get (batches, step));
  for (guint step = 20; step-- > 0;)
    g_assert_cmpuint (hash_batch (data_batches_get (batches, step)), ==, straight[step]);
  for (gsize i = 0; i < G_N_ELEMENTS (leaps); i++)
    {
      const DataBatch *batch = data_batches_get (batches, leaps[i]);

      if (leaps[i] < 20)
        g_assert_cmpuint (hash_batch (batch), ==, straight[leaps[i]]);
      else
        g_assert_cmpuint (batch->epoch, ==, leaps[i] / 4);
    }

  other = make_batches (&world, 5, 8, 2, TRUE);
  g_assert_cmpuint (hash_batch (data_batches_get (other, 0)), !=, straight[0]);
  g_clear_pointer (&batches, data_batches_free);
  g_clear_pointer (&other, data_batches_free);
  world_clear (&world);
}

/* The pixel at (x, y) of a shifted, then mirrored picture. */
static float
augmented (guint item, int x, int y, guint c, int dx, int dy, gboolean flip)
{
  int from_x = (flip ? SIZE - 1 - x : x) - dx, from_y = y - dy;

  if (from_x < 0 || from_x >= SIZE || from_y < 0 || from_y >= SIZE)
    return normalised (255, c);
  return normalised (pixel (item, (guint) from_x, (guint) from_y, c), c);
}

static gboolean
matches (const float *image, guint item, int dx, int dy, gboolean flip)
{
  for (guint c = 0; c < 3; c++)
    for (int y = 0; y < SIZE; y++)
      for (int x = 0; x < SIZE; x++)
        if (*image++ != augmented (item, x, y, c, dx, dy, flip))
          return FALSE;
  return TRUE;
}

/* Every sample is one of the 2 x 5 x 5 variants of its picture, and all of them turn up. */
static void
test_augment (void)
{
  World world;
  g_autoptr (DataBatches) batches = NULL;
  guint seen[2][5][5] = { 0 };

  world_init (&world);
  batches = make_batches (&world, 21, 3, 2, TRUE);
  for (guint step = 0; step < 40; step++)
    {
      const DataBatch *batch = data_batches_get (batches, step);

      for (guint i = 0; i < batch->batch_size; i++)
        {
          guint found = 0;

          for (int v = 0; v < 50; v++)
            if (matches (batch->images + i * batch->row_stride, batch->items[i], v % 5 - 2,
                         v / 5 % 5 - 2, v / 25))
              {
                found++;
                seen[v / 25][v / 5 % 5][v % 5]++;
              }
          g_assert_cmpuint (found, ==, 1);
        }
    }
  for (guint v = 0; v < 50; v++)
    g_assert_cmpuint (seen[v / 25][v / 5 % 5][v % 5], >, 0);
  g_clear_pointer (&batches, data_batches_free);
  world_clear (&world);
}

static void
test_captions (void)
{
  World world;
  g_autoptr (DataBatches) batches = NULL;
  guint picked[3] = { 0 };

  world_init (&world);
  batches = make_batches (&world, 21, 3, 0, FALSE);
  for (guint step = 0; step < 60; step++)
    {
      const DataBatch *batch = data_batches_get (batches, step);

      for (guint i = 0; i < batch->batch_size; i++)
        if (batch->items[i] == 6)
          picked[batch->captions[i] - world.captions->first[6]]++;
    }
  for (guint i = 0; i < 3; i++)
    g_assert_cmpuint (picked[i], >, 5);
  g_clear_pointer (&batches, data_batches_free);
  world_clear (&world);
}

static void
test_too_few (void)
{
  static const guint32 items[] = { 4, 9, 10, 11 };
  World world;
  g_autoptr (GError) error = NULL;
  DataBatchesOptions options;
  DataBatches *batches;

  world_init (&world);
  options = (DataBatchesOptions){
    .cache = world.cache, .captions = world.captions, .items = items, .n_items = 4, .batch_size = 3
  };
  g_assert_null (data_batches_new (&options, &error));
  g_assert_error (error, DATA_BATCH_ERROR, DATA_BATCH_ERROR_TOO_FEW);
  g_assert_nonnull (strstr (error->message, "2 usable"));
  g_assert_nonnull (strstr (error->message, "batch size 3"));
  options.batch_size = 2;
  g_clear_error (&error);
  options.row_stride = (gsize) 1 << 50; /* beyond any address */
  g_assert_null (data_batches_new (&options, &error));
  g_assert_error (error, DATA_BATCH_ERROR, DATA_BATCH_ERROR_MEMORY);
  g_assert_nonnull (strstr (error->message, "schedule.batch_size"));
  options.row_stride = 0;
  batches = data_batches_new (&options, NULL);
  g_assert_cmpuint (data_batches_get_steps_per_epoch (batches), ==, 1);
  g_assert_cmpuint (data_batches_get (batches, 5)->row_stride, ==, PIXELS);
  data_batches_free (batches);
  world_clear (&world);
}

static void
test_eval (void)
{
  static const guint32 items[] = { 22, 0, 4 };
  float images[3 * (PIXELS + 2)];
  World world;

  world_init (&world);
  memset (images, 1, sizeof images);
  data_batches_fill_eval (images, world.cache, items, 3, PIXELS + 2);
  g_assert_true (matches (images, 22, 0, 0, FALSE));
  g_assert_true (matches (images + PIXELS + 2, 0, 0, 0, FALSE));
  g_assert_cmpfloat (images[PIXELS], ==, 0.0f);
  g_assert_cmpfloat (images[2 * (PIXELS + 2)], ==, normalised (255, 0));
  world_clear (&world);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/batch/epoch", test_epoch);
  g_test_add_func ("/batch/any-order", test_any_order);
  g_test_add_func ("/batch/augment", test_augment);
  g_test_add_func ("/batch/captions", test_captions);
  g_test_add_func ("/batch/too-few", test_too_few);
  g_test_add_func ("/batch/eval", test_eval);
  return g_test_run ();
}
