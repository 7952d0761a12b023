/* Training batches and the thread that prepares them.
 *
 * Facts: the thread wants the steps next .. next + ahead - 1; a slot is free for it unless it holds
 * one of these or the caller reads it. So there is one slot more than steps ahead, and going to any
 * other step is only another "next".
 */
#include "models/data/batch.h"

#include "models/data/crop.h"
#include "models/data/random.h"

#include <string.h>

#define AHEAD_DEFAULT 2
#define CHANNELS 3

const float data_batch_mean[3] = { 0.48145466f, 0.4578275f, 0.40821073f };
const float data_batch_std[3] = { 0.26862954f, 0.26130258f, 0.27577711f };

G_DEFINE_QUARK (data_batch_error, data_batch_error)

typedef struct
{
  DataBatch batch;
  gboolean ready; /* batch is that of batch.step */
} Slot;

struct _DataBatches
{
  DataBatchesOptions options; /* its items is ours */
  guint32 *items;             /* [n_items] usable ones */
  guint32 n_items;
  guint64 steps_per_epoch;
  float table[CHANNELS][256]; /* byte to normalised value */

  guint8 *cropped; /* [S][S][3], the thread's */
  guint32 *order;  /* [n_items] of order_epoch; the thread's */
  guint64 order_epoch;
  gboolean ordered;

  GThread *thread;
  GMutex lock; /* guards what follows; a slot that is not ready is the thread's */
  GCond wanted, prepared;
  guint64 next;
  Slot *slots; /* [ahead + 1] */
  Slot *held;  /* read by the caller, or NULL */
  gboolean quit;
};

static void
fill_table (float table[CHANNELS][256])
{
  for (guint c = 0; c < CHANNELS; c++)
    for (guint x = 0; x < 256; x++)
      table[c][x] = ((float) x / 255.0f - data_batch_mean[c]) / data_batch_std[c];
}

/* One row of one channel, x shifted by DX, white where there is nothing. */
static void
fill_row (float *out, const guint8 *row, guint size, const float *table, int dx, gboolean flip)
{
  for (int x = 0; x < (int) size; x++)
    {
      int from = (flip ? (int) size - 1 - x : x) - dx;

      out[x] = table[row != NULL && from >= 0 && from < (int) size ? row[from * CHANNELS] : 255];
    }
}

/* image[3][S][S] of rgb[S][S][3], shifted by (dx, dy), then mirrored. RGB may be NULL: white. */
static void
fill_image (float *image, const guint8 *rgb, guint size, const float table[CHANNELS][256],
            const int shift[2], gboolean flip)
{
  for (guint c = 0; c < CHANNELS; c++)
    for (int y = 0; y < (int) size; y++, image += size)
      {
        int from = y - shift[1];
        gboolean inside = rgb != NULL && from >= 0 && from < (int) size;

        fill_row (image, inside ? rgb + (gsize) from * size * CHANNELS + c : NULL, size, table[c],
                  shift[0], flip);
      }
}

void
data_batches_fill_picture (float *image, const guint8 *rgb, guint size)
{
  float table[CHANNELS][256];

  fill_table (table);
  fill_image (image, rgb, size, (const float (*)[256]) table, (int[2]){ 0, 0 }, FALSE);
}

void
data_batches_fill_eval (float *images, const DataCache *cache, const guint32 *items, gsize n,
                        gsize row_stride)
{
  guint size = data_cache_get_size (cache);
  gsize pixels = (gsize) CHANNELS * size * size;
  float table[CHANNELS][256];

  g_assert (row_stride >= pixels);
  fill_table (table);
  for (gsize i = 0; i < n; i++)
    {
      float *image = images + i * row_stride;

      fill_image (image, data_cache_get_picture (cache, items[i]), size,
                  (const float (*)[256]) table, (int[2]){ 0, 0 }, FALSE);
      memset (image + pixels, 0, (row_stride - pixels) * sizeof (float));
    }
}

/* The item's picture, cropped where the options ask for it. */
static const guint8 *
crop_picture (const DataBatches *batches, guint64 epoch, guint32 item)
{
  const DataBatchesOptions *options = &batches->options;
  const guint8 *rgb = data_cache_get_picture (options->cache, item);
  guint size = data_cache_get_size (options->cache);

  if (options->crop_scale <= 0 || options->crop_scale >= 1)
    return rgb;
  DataCrop crop = data_crop_draw (size, options->crop_scale, options->seed, epoch, item);
  data_crop_apply (batches->cropped, rgb, size, &crop);
  return batches->cropped;
}

/* Sample i of a batch: everything random about it is drawn from (seed, epoch, item). */
static void
fill_sample (const DataBatches *batches, DataBatch *batch, guint i, guint32 item)
{
  const DataBatchesOptions *options = &batches->options;
  const DataCaptions *captions = options->captions;
  guint32 first = captions->first[item], n = captions->first[item + 1] - first;
  guint32 words[4], caption, span = 2 * options->shift + 1;
  int shift[2];

  data_random_words (words, options->seed, DATA_RANDOM_CAPTION, batch->epoch, item);
  caption = first + data_random_below (words[0], n);
  data_random_words (words, options->seed, DATA_RANDOM_AUGMENT, batch->epoch, item);
  shift[0] = (int) data_random_below (words[0], span) - (int) options->shift;
  shift[1] = (int) data_random_below (words[1], span) - (int) options->shift;

  fill_image (batch->images + i * batch->row_stride, crop_picture (batches, batch->epoch, item),
              data_cache_get_size (options->cache), batches->table, shift,
              options->flip && (words[2] & 1));
  memcpy (batch->tokens + (gsize) i * captions->context, data_captions_get (captions, caption),
          captions->context * sizeof (gint32));
  batch->ends[i] = captions->ends[caption];
  batch->items[i] = item;
  batch->captions[i] = caption;
}

static void
fill_batch (DataBatches *batches, DataBatch *batch)
{
  guint64 epoch = batch->step / batches->steps_per_epoch;
  gsize first = (gsize) (batch->step % batches->steps_per_epoch) * batch->batch_size;

  if (!batches->ordered || batches->order_epoch != epoch)
    {
      data_random_order (batches->order, batches->n_items, batches->options.seed, epoch);
      batches->order_epoch = epoch;
      batches->ordered = TRUE;
    }
  batch->epoch = epoch;
  for (guint i = 0; i < batch->batch_size; i++)
    fill_sample (batches, batch, i, batches->items[batches->order[first + i]]);
}

static Slot *
find_step (DataBatches *batches, guint64 step)
{
  for (guint i = 0; i <= batches->options.ahead; i++)
    if (batches->slots[i].ready && batches->slots[i].batch.step == step)
      return &batches->slots[i];
  return NULL;
}

/* The slot to fill next, its step set; NULL if all that is wanted is ready. */
static Slot *
choose_slot (DataBatches *batches)
{
  guint ahead = batches->options.ahead;
  guint64 step = batches->next;

  while (step - batches->next < ahead && find_step (batches, step) != NULL)
    step++;
  if (step - batches->next >= ahead)
    return NULL;
  for (guint i = 0; i <= ahead; i++)
    {
      Slot *slot = &batches->slots[i];
      gboolean wanted = slot->ready && slot->batch.step - batches->next < ahead;

      if (slot == batches->held || wanted)
        continue;
      slot->ready = FALSE;
      slot->batch.step = step;
      return slot;
    }
  return NULL;
}

static gpointer
prepare (gpointer data)
{
  DataBatches *batches = data;

  g_mutex_lock (&batches->lock);
  while (!batches->quit)
    {
      Slot *slot = choose_slot (batches);

      if (slot == NULL)
        {
          g_cond_wait (&batches->wanted, &batches->lock);
          continue;
        }
      g_mutex_unlock (&batches->lock);
      fill_batch (batches, &slot->batch);
      g_mutex_lock (&batches->lock);
      slot->ready = TRUE;
      g_cond_signal (&batches->prepared);
    }
  g_mutex_unlock (&batches->lock);
  return NULL;
}

/* Items with a picture and at least one caption. */
static void
choose_items (DataBatches *batches)
{
  const DataBatchesOptions *options = &batches->options;
  gsize n = options->items != NULL ? options->n_items : data_cache_get_count (options->cache);

  batches->items = g_new (guint32, MAX (n, 1));
  for (gsize i = 0; i < n; i++)
    {
      guint32 item = options->items != NULL ? options->items[i] : (guint32) i;

      if (data_cache_get_picture (options->cache, item) != NULL
          && options->captions->first[item + 1] > options->captions->first[item])
        batches->items[batches->n_items++] = item;
    }
}

/* FALSE where the pictures are more than the system gives: their number is the user's. */
static gboolean
slot_init (Slot *slot, const DataBatchesOptions *options)
{
  guint size = options->batch_size;

  slot->batch.batch_size = size;
  slot->batch.row_stride = options->row_stride;
  slot->batch.context = options->captions->context;
  slot->batch.images = g_try_new0 (float, size * options->row_stride);
  slot->batch.tokens = g_new0 (gint32, (gsize) size * options->captions->context);
  slot->batch.ends = g_new0 (gint32, size);
  slot->batch.items = g_new0 (guint32, size);
  slot->batch.captions = g_new0 (guint32, size);
  return slot->batch.images != NULL;
}

static void
slot_clear (Slot *slot)
{
  g_free (slot->batch.images);
  g_free (slot->batch.tokens);
  g_free (slot->batch.ends);
  g_free (slot->batch.items);
  g_free (slot->batch.captions);
}

static gboolean
start (DataBatches *batches, GError **error)
{
  DataBatchesOptions *options = &batches->options;
  const double bytes = (double) options->batch_size * (double) options->row_stride * sizeof (float);

  batches->steps_per_epoch = batches->n_items / options->batch_size;
  batches->order = g_new (guint32, batches->n_items);
  batches->cropped = g_malloc ((gsize) CHANNELS * data_cache_get_size (options->cache)
                               * data_cache_get_size (options->cache));
  fill_table (batches->table);
  batches->slots = g_new0 (Slot, options->ahead + 1);
  for (guint i = 0; i <= options->ahead; i++)
    if (!slot_init (&batches->slots[i], options))
      {
        g_set_error (
            error, DATA_BATCH_ERROR, DATA_BATCH_ERROR_MEMORY,
            "%u batches of %u pictures of %u px, %.1f MiB each, are more than the system's "
            "memory: lower schedule.batch_size",
            options->ahead + 1, options->batch_size, data_cache_get_size (options->cache),
            bytes / 1048576);
        return FALSE;
      }
  batches->thread = g_thread_new ("batches", prepare, batches);
  return TRUE;
}

DataBatches *
data_batches_new (const DataBatchesOptions *options, GError **error)
{
  guint size = data_cache_get_size (options->cache);
  gsize pixels = (gsize) CHANNELS * size * size;
  DataBatches *batches = g_new0 (DataBatches, 1);

  g_assert (options->batch_size >= 1);
  g_assert (options->captions->n_items == data_cache_get_count (options->cache));
  g_assert (options->row_stride == 0 || options->row_stride >= pixels);
  batches->options = *options;
  batches->options.cache = data_cache_ref (options->cache);
  batches->options.shift = MIN (options->shift, size);
  if (options->row_stride == 0)
    batches->options.row_stride = pixels;
  if (options->ahead == 0)
    batches->options.ahead = AHEAD_DEFAULT;
  g_mutex_init (&batches->lock);
  g_cond_init (&batches->wanted);
  g_cond_init (&batches->prepared);

  choose_items (batches);
  batches->options.items = NULL;
  if (batches->n_items < options->batch_size)
    {
      g_set_error (error, DATA_BATCH_ERROR, DATA_BATCH_ERROR_TOO_FEW,
                   "%u usable training pictures are fewer than the batch size %u: lower "
                   "schedule.batch_size or import more pictures",
                   batches->n_items, options->batch_size);
      data_batches_free (batches);
      return NULL;
    }
  if (!start (batches, error))
    {
      data_batches_free (batches);
      return NULL;
    }
  return batches;
}

void
data_batches_free (DataBatches *batches)
{
  if (batches == NULL)
    return;
  if (batches->thread != NULL)
    {
      g_mutex_lock (&batches->lock);
      batches->quit = TRUE;
      g_cond_signal (&batches->wanted);
      g_mutex_unlock (&batches->lock);
      g_thread_join (batches->thread);
    }
  for (guint i = 0; batches->slots != NULL && i <= batches->options.ahead; i++)
    slot_clear (&batches->slots[i]);
  g_free (batches->slots);
  g_free (batches->order);
  g_free (batches->cropped);
  g_free (batches->items);
  data_cache_unref (batches->options.cache);
  g_mutex_clear (&batches->lock);
  g_cond_clear (&batches->wanted);
  g_cond_clear (&batches->prepared);
  g_free (batches);
}

gsize
data_batches_get_n_items (const DataBatches *batches)
{
  return batches->n_items;
}

guint64
data_batches_get_steps_per_epoch (const DataBatches *batches)
{
  return batches->steps_per_epoch;
}

const DataBatch *
data_batches_get (DataBatches *batches, guint64 step)
{
  Slot *slot;

  g_mutex_lock (&batches->lock);
  batches->held = NULL;
  batches->next = step;
  g_cond_signal (&batches->wanted);
  while ((slot = find_step (batches, step)) == NULL)
    g_cond_wait (&batches->prepared, &batches->lock);
  batches->held = slot;
  batches->next = step + 1;
  g_cond_signal (&batches->wanted);
  g_mutex_unlock (&batches->lock);
  return &slot->batch;
}
