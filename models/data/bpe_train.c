/* Learning merges from captions.
 *
 * Facts: all distinct words lie in one array of nodes chained to their neighbours, each carrying
 * how often its word occurs. A pair knows its count and where it was seen; a heap holds pairs by
 * count as it was when they were pushed, and one that is out of date when popped is pushed again.
 * A merge touches only the places of its pair, so the whole costs about the length of the corpus
 * and not merges times length. Ties go to the lower ids, so nothing depends on hashing or on the
 * order of the texts.
 */
#include "models/data/bpe_private.h"
#include "models/data/heap.h"

#include "models/data/text.h"

#include <stdlib.h>
#include <string.h>

#define NOWHERE G_MAXUINT32
#define COUNT_MIN 2

typedef struct
{
  guint32 id;
  guint32 previous, next;
  guint64 count; /* of the word */
} Node;

typedef struct
{
  guint32 left, right;
  guint64 count;
  GArray *places; /* of guint32, where it was seen; some may be gone */
} Pair;

typedef struct
{
  guint64 count;
  Pair *pair;
} Ranked;

typedef struct
{
  GHashTable *words;  /* GBytes to its count, a guint64 */
  GArray *nodes;      /* of Node */
  GHashTable *pairs;  /* Pair by its two ids; owns */
  GArray *heap;       /* of Ranked, the commonest first */
  GArray *merges;     /* of BpeMerge */
  GPtrArray *symbols; /* by id; in chunk */
  GHashTable *spelt;  /* the set of symbols: none may be made twice */
  GStringChunk *chunk;
} Trainer;

static guint
pair_hash (gconstpointer key)
{
  const Pair *pair = key;

  return (
      guint) ((((guint64) pair->left << 32 | pair->right) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15))
              >> 32);
}

static gboolean
pair_equal (gconstpointer a, gconstpointer b)
{
  const Pair *one = a, *other = b;

  return one->left == other->left && one->right == other->right;
}

static void
pair_free (gpointer data)
{
  Pair *pair = data;

  g_array_unref (pair->places);
  g_free (pair);
}

static gboolean
ranked_before (gconstpointer left, gconstpointer right)
{
  const Ranked *a = left, *b = right;

  if (a->count != b->count)
    return a->count > b->count;
  if (a->pair->left != b->pair->left)
    return a->pair->left < b->pair->left;
  return a->pair->right < b->pair->right;
}

/* Ranks a pair by its count as it is now. */
static void
rank_pair (GArray *heap, Pair *pair)
{
  const Ranked ranked = { pair->count, pair };

  if (pair->count >= COUNT_MIN)
    data_heap_push (heap, &ranked, ranked_before);
}

static Node *
node_at (Trainer *trainer, guint32 at)
{
  return &g_array_index (trainer->nodes, Node, at);
}

/* The pair that begins at a node, or NULL at a word's end. */
static Pair *
pair_at (Trainer *trainer, guint32 at, gboolean create)
{
  const Node *node = node_at (trainer, at);
  Pair key, *pair;

  if (node->next == NOWHERE)
    return NULL;
  key = (Pair){ .left = node->id, .right = node_at (trainer, node->next)->id };
  pair = g_hash_table_lookup (trainer->pairs, &key);
  if (pair == NULL && create)
    {
      pair = g_memdup2 (&key, sizeof key);
      pair->places = g_array_new (FALSE, FALSE, sizeof (guint32));
      g_hash_table_add (trainer->pairs, pair);
    }
  return pair;
}

static void
forget_pair (Trainer *trainer, guint32 at)
{
  Pair *pair = at == NOWHERE ? NULL : pair_at (trainer, at, FALSE);

  if (pair != NULL)
    pair->count -= MIN (pair->count, node_at (trainer, at)->count);
}

static void
note_pair (Trainer *trainer, GPtrArray *changed, guint32 at)
{
  Pair *pair = at == NOWHERE ? NULL : pair_at (trainer, at, TRUE);

  if (pair == NULL)
    return;
  pair->count += node_at (trainer, at)->count;
  g_array_append_val (pair->places, at);
  if (changed != NULL)
    g_ptr_array_add (changed, pair);
}

static void
count_words (Trainer *trainer, const char *utf8)
{
  DataText text;
  DataWordKind kind;
  const gunichar *chars;
  gsize n;

  data_text_init (&text, utf8, -1);
  while ((kind = data_text_next (&text, &chars, &n)) != DATA_WORD_NONE)
    {
      GString *word;
      guint64 *count;
      g_autoptr (GBytes) key = NULL;

      if (kind != DATA_WORD_PLAIN)
        continue;
      word = g_string_sized_new (n);
      for (gsize i = 0; i < n; i++)
        g_string_append_unichar (word, chars[i]);
      key = g_string_free_to_bytes (word);
      count = g_hash_table_lookup (trainer->words, key);
      if (count == NULL)
        {
          count = g_new0 (guint64, 1);
          g_hash_table_insert (trainer->words, g_bytes_ref (key), count);
        }
      ++*count;
    }
  data_text_clear (&text);
}

/* Lays a word's bytes out as nodes; FALSE when places no longer fit 32 bits. */
static gboolean
add_word (Trainer *trainer, GBytes *word, guint64 count, const guint32 byte_ids[BPE_N_BYTES])
{
  gsize n;
  const guchar *bytes = g_bytes_get_data (word, &n);
  guint first = trainer->nodes->len;

  if (n > (G_MAXUINT32 / 64) - first)
    return FALSE;
  for (guint i = 0; i < n; i++)
    {
      gboolean last = i + 1 == n;
      Node node = { .id = byte_ids[bytes[i]] + (last ? BPE_N_BYTES : 0),
                    .previous = i > 0 ? first + i - 1 : NOWHERE,
                    .next = last ? NOWHERE : first + i + 1,
                    .count = count };

      g_array_append_val (trainer->nodes, node);
    }
  return TRUE;
}

static gboolean
lay_out (Trainer *trainer, GError **error)
{
  char *base[BPE_N_BASE];
  guint8 id_bytes[BPE_N_BYTES];
  guint32 byte_ids[BPE_N_BYTES];
  GHashTableIter iter;
  gpointer word, count;

  bpe_base_symbols (base, id_bytes, trainer->chunk);
  for (guint id = 0; id < BPE_N_BYTES; id++)
    byte_ids[id_bytes[id]] = id;
  for (guint id = 0; id < BPE_N_BASE; id++)
    {
      g_ptr_array_add (trainer->symbols, base[id]);
      g_hash_table_add (trainer->spelt, base[id]);
    }

  g_hash_table_iter_init (&iter, trainer->words);
  while (g_hash_table_iter_next (&iter, &word, &count))
    if (!add_word (trainer, word, *(guint64 *) count, byte_ids))
      {
        g_set_error (error, DATA_BPE_ERROR, DATA_BPE_ERROR_TRAIN,
                     "the captions have over %u bytes of distinct words, too many to train a "
                     "tokenizer on",
                     G_MAXUINT32 / 64);
        return FALSE;
      }
  for (guint at = 0; at < trainer->nodes->len; at++)
    note_pair (trainer, NULL, at);
  return TRUE;
}

static int
compare_places (gconstpointer a, gconstpointer b)
{
  guint32 one = *(const guint32 *) a, other = *(const guint32 *) b;

  return (one > other) - (one < other);
}

/* Joins the pair at one place and recounts the pairs around it. */
static void
merge_at (Trainer *trainer, GPtrArray *changed, const BpeMerge *merge, guint32 at)
{
  Node *node = node_at (trainer, at), *eaten;

  if (node->id != merge->left || node->next == NOWHERE)
    return;
  eaten = node_at (trainer, node->next);
  if (eaten->id != merge->right)
    return;
  forget_pair (trainer, node->previous);
  forget_pair (trainer, at);
  forget_pair (trainer, node->next);
  node->id = merge->result;
  node->next = eaten->next;
  eaten->id = NOWHERE;
  if (node->next != NOWHERE)
    node_at (trainer, node->next)->previous = at;
  note_pair (trainer, changed, node->previous);
  note_pair (trainer, changed, at);
}

static void
merge_pair (Trainer *trainer, Pair *pair)
{
  g_autoptr (GPtrArray) changed = g_ptr_array_new ();
  g_autofree char *joined = g_strconcat (g_ptr_array_index (trainer->symbols, pair->left),
                                         g_ptr_array_index (trainer->symbols, pair->right), NULL);
  BpeMerge merge = { pair->left, pair->right, trainer->symbols->len };
  GArray *places = pair->places;
  char *symbol;

  if (g_hash_table_contains (trainer->spelt, joined))
    return;
  symbol = g_string_chunk_insert (trainer->chunk, joined);
  g_ptr_array_add (trainer->symbols, symbol);
  g_hash_table_add (trainer->spelt, symbol);
  g_array_append_val (trainer->merges, merge);

  pair->places = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_array_sort (places, compare_places);
  for (guint i = 0; i < places->len; i++)
    merge_at (trainer, changed, &merge, g_array_index (places, guint32, i));
  g_array_unref (places);

  for (guint i = 0; i < changed->len; i++)
    if (i == 0 || changed->pdata[i] != changed->pdata[i - 1])
      rank_pair (trainer->heap, changed->pdata[i]);
}

static void
learn (Trainer *trainer, guint n_merges)
{
  GHashTableIter iter;
  gpointer pair;

  g_hash_table_iter_init (&iter, trainer->pairs);
  while (g_hash_table_iter_next (&iter, &pair, NULL))
    rank_pair (trainer->heap, pair);

  while (trainer->heap->len > 0 && trainer->merges->len < n_merges)
    {
      Ranked top;
      data_heap_pop (trainer->heap, &top, ranked_before);

      if (top.count == top.pair->count)
        merge_pair (trainer, top.pair);
      else if (top.count > top.pair->count)
        rank_pair (trainer->heap, top.pair);
    }
}

static void
trainer_init (Trainer *trainer)
{
  trainer->words =
      g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, g_free);
  trainer->nodes = g_array_new (FALSE, FALSE, sizeof (Node));
  trainer->pairs = g_hash_table_new_full (pair_hash, pair_equal, pair_free, NULL);
  trainer->heap = g_array_new (FALSE, FALSE, sizeof (Ranked));
  trainer->merges = g_array_new (FALSE, FALSE, sizeof (BpeMerge));
  trainer->symbols = g_ptr_array_new ();
  trainer->spelt = g_hash_table_new (g_str_hash, g_str_equal);
  trainer->chunk = g_string_chunk_new (64 * 1024);
}

static void
trainer_clear (Trainer *trainer)
{
  g_hash_table_unref (trainer->words);
  g_array_unref (trainer->nodes);
  g_hash_table_unref (trainer->pairs);
  g_array_unref (trainer->heap);
  g_array_unref (trainer->merges);
  g_ptr_array_unref (trainer->symbols);
  g_hash_table_unref (trainer->spelt);
  g_string_chunk_free (trainer->chunk);
}

DataBpe *
data_bpe_train (const char *const *texts, gsize n_texts, guint vocab_size, GError **error)
{
  Trainer trainer;
  DataBpe *bpe = NULL;

  if (vocab_size < BPE_VOCAB_MIN || vocab_size > BPE_VOCAB_MAX)
    {
      g_set_error (error, DATA_BPE_ERROR, DATA_BPE_ERROR_TRAIN,
                   "vocabulary size %u is not between %d and %d", vocab_size, BPE_VOCAB_MIN,
                   BPE_VOCAB_MAX);
      return NULL;
    }
  trainer_init (&trainer);
  for (gsize i = 0; i < n_texts; i++)
    count_words (&trainer, texts[i]);
  if (lay_out (&trainer, error))
    {
      learn (&trainer, vocab_size - BPE_VOCAB_MIN);
      bpe = bpe_new ((const BpeMerge *) (const void *) trainer.merges->data, NULL,
                     trainer.merges->len);
    }
  trainer_clear (&trainer);
  return bpe;
}
