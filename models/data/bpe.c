/* Byte-pair encoding: the vocabulary in memory, encoding and decoding.
 *
 * Facts: CLIP merges the pair of lowest rank wherever it stands in the word, left to right, then
 * looks again. A heap of pairs ordered by (rank, place), emptied a rank at a time, does the same in
 * O(n log n), so a word of a million letters is no trap.
 */
#include "models/data/bpe_private.h"
#include "models/data/heap.h"

#include "models/data/text.h"

#include <string.h>

#define NOWHERE G_MAXUINT32

G_DEFINE_QUARK (data_bpe_error, data_bpe_error)

/* GPT-2's spelling of bytes: printable ones as they are, the others from U+0100 on. */
void
bpe_base_symbols (char **symbols, guint8 id_bytes[BPE_N_BYTES], GStringChunk *chunk)
{
  guint id = 0;

  for (guint pass = 0; pass < 2; pass++)
    for (guint byte = 0, other = 0; byte < BPE_N_BYTES; byte++)
      {
        gboolean printable = (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte != 0xad);
        gunichar c = printable ? byte : 0x100 + other;
        char spelt[6 + sizeof BPE_WORD_END];
        int length;

        other += !printable;
        if (printable != (pass == 0))
          continue;
        length = g_unichar_to_utf8 (c, spelt);
        symbols[id] = g_string_chunk_insert_len (chunk, spelt, length);
        memcpy (spelt + length, BPE_WORD_END, sizeof BPE_WORD_END);
        symbols[id + BPE_N_BYTES] = g_string_chunk_insert (chunk, spelt);
        id_bytes[id++] = (guint8) byte;
      }
  g_assert (id == BPE_N_BYTES);
}

static guint
slot_of (const DataBpe *bpe, guint32 left, guint32 right)
{
  guint64 key = ((guint64) left << 32 | right) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
  guint slot = (guint) (key >> 32) & (bpe->n_slots - 1);

  while (bpe->slots[slot] != 0)
    {
      const BpeMerge *merge = &bpe->merges[bpe->slots[slot] - 1];

      if (merge->left == left && merge->right == right)
        break;
      slot = (slot + 1) & (bpe->n_slots - 1);
    }
  return slot;
}

gint64
bpe_find (const DataBpe *bpe, guint32 left, guint32 right)
{
  return (gint64) bpe->slots[slot_of (bpe, left, right)] - 1;
}

static void
index_merges (DataBpe *bpe)
{
  bpe->n_slots = 64;
  while (bpe->n_slots < 2 * bpe->n_merges)
    bpe->n_slots *= 2;
  bpe->slots = g_new0 (guint32, bpe->n_slots);
  for (guint k = 0; k < bpe->n_merges; k++)
    bpe->slots[slot_of (bpe, bpe->merges[k].left, bpe->merges[k].right)] = k + 1;
}

DataBpe *
bpe_new (const BpeMerge *merges, char *const *spelt, guint n_merges)
{
  DataBpe *bpe = g_new0 (DataBpe, 1);

  bpe->size = BPE_N_BASE + n_merges + BPE_N_SPECIAL;
  bpe->n_merges = n_merges;
  bpe->merges = g_memdup2 (merges, n_merges * sizeof *merges);
  bpe->chunk = g_string_chunk_new (64 * 1024);
  bpe->symbols = g_new0 (char *, bpe->size);
  bpe_base_symbols (bpe->symbols, bpe->id_bytes, bpe->chunk);
  for (guint id = 0; id < BPE_N_BYTES; id++)
    bpe->byte_ids[bpe->id_bytes[id]] = id;

  for (guint k = 0; k < n_merges; k++)
    {
      g_autofree char *symbol =
          spelt ? g_strdup (spelt[k])
                : g_strconcat (bpe->symbols[merges[k].left], bpe->symbols[merges[k].right], NULL);

      bpe->symbols[BPE_N_BASE + k] = g_string_chunk_insert (bpe->chunk, symbol);
    }
  bpe->symbols[bpe->size - 2] = g_string_chunk_insert (bpe->chunk, "<start_of_text>");
  bpe->symbols[bpe->size - 1] = g_string_chunk_insert (bpe->chunk, "<end_of_text>");
  index_merges (bpe);
  return bpe;
}

void
data_bpe_free (DataBpe *bpe)
{
  if (bpe == NULL)
    return;
  g_clear_pointer (&bpe->chunk, g_string_chunk_free);
  g_free (bpe->symbols);
  g_free (bpe->merges);
  g_free (bpe->slots);
  g_free (bpe);
}

guint
data_bpe_get_size (const DataBpe *bpe)
{
  return bpe->size;
}

gint32
data_bpe_get_start (const DataBpe *bpe)
{
  return (gint32) bpe->size - 2;
}

gint32
data_bpe_get_end (const DataBpe *bpe)
{
  return (gint32) bpe->size - 1;
}

const char *
data_bpe_get_symbol (const DataBpe *bpe, gint32 id)
{
  g_assert (id >= 0 && (guint) id < bpe->size);
  return bpe->symbols[id];
}

gboolean
data_bpe_check_vocab (const DataBpe *bpe, guint model_vocab, GError **error)
{
  if (bpe->size <= model_vocab)
    return TRUE;
  g_set_error (error, DATA_BPE_ERROR, DATA_BPE_ERROR_VOCAB,
               "the tokenizer has %u ids, the model's text_cfg.vocab_size is %u: raise vocab_size "
               "to at least %u, or import the data set with a smaller vocabulary",
               bpe->size, model_vocab, bpe->size);
  return FALSE;
}

/* A symbol of the word in work, chained to its neighbours. */
typedef struct
{
  guint32 id;
  guint32 previous, next;
} Node;

/* A pair that can be merged, as it was found; the nodes may have changed since. */
typedef struct
{
  guint32 rank;
  guint32 at;
} Candidate;

typedef struct
{
  const DataBpe *bpe;
  GString *bytes;  /* of the word */
  GArray *nodes;   /* of Node */
  GArray *heap;    /* of Candidate, the least first */
  GArray *pending; /* of Candidate, found while a rank is worked off */
} Encoder;

static gboolean
candidate_before (gconstpointer left, gconstpointer right)
{
  const Candidate *a = left, *b = right;

  return a->rank < b->rank || (a->rank == b->rank && a->at < b->at);
}

static Node *
node_at (Encoder *encoder, guint32 at)
{
  return &g_array_index (encoder->nodes, Node, at);
}

/* Notes the pair that begins at a node if it has a merge. */
static void
note_pair (Encoder *encoder, GArray *candidates, guint32 at)
{
  const Node *node;
  gint64 rank;

  if (at == NOWHERE || (node = node_at (encoder, at))->next == NOWHERE)
    return;
  rank = bpe_find (encoder->bpe, node->id, node_at (encoder, node->next)->id);
  if (rank >= 0)
    g_array_append_vals (candidates, &(Candidate){ (guint32) rank, at }, 1);
}

static void
merge_at (Encoder *encoder, Candidate candidate)
{
  const BpeMerge *merge = &encoder->bpe->merges[candidate.rank];
  Node *node = node_at (encoder, candidate.at), *eaten;

  if (node->id != merge->left || node->next == NOWHERE)
    return;
  eaten = node_at (encoder, node->next);
  if (eaten->id != merge->right)
    return;
  node->id = merge->result;
  node->next = eaten->next;
  eaten->id = NOWHERE;
  if (node->next != NOWHERE)
    node_at (encoder, node->next)->previous = candidate.at;
  note_pair (encoder, encoder->pending, node->previous);
  note_pair (encoder, encoder->pending, candidate.at);
}

/* Works off the heap a rank at a time; pairs found meanwhile wait, as in CLIP's loop. */
static void
merge_all (Encoder *encoder)
{
  while (encoder->heap->len > 0)
    {
      guint32 rank = g_array_index (encoder->heap, Candidate, 0).rank;

      g_array_set_size (encoder->pending, 0);
      while (encoder->heap->len > 0 && g_array_index (encoder->heap, Candidate, 0).rank == rank)
        {
          Candidate candidate;

          data_heap_pop (encoder->heap, &candidate, candidate_before);
          merge_at (encoder, candidate);
        }
      for (guint i = 0; i < encoder->pending->len; i++)
        data_heap_push (encoder->heap, &g_array_index (encoder->pending, Candidate, i),
                        candidate_before);
    }
}

static void
encode_word (Encoder *encoder, GArray *ids, const gunichar *chars, gsize n)
{
  g_string_truncate (encoder->bytes, 0);
  for (gsize i = 0; i < n; i++)
    g_string_append_unichar (encoder->bytes, chars[i]);

  g_array_set_size (encoder->nodes, 0);
  g_array_set_size (encoder->heap, 0);
  g_array_set_size (encoder->pending, 0);
  for (guint i = 0; i < encoder->bytes->len; i++)
    {
      gboolean last = i + 1 == encoder->bytes->len;
      guint32 id = encoder->bpe->byte_ids[(guchar) encoder->bytes->str[i]];
      Node node = { id + (last ? BPE_N_BYTES : 0), i > 0 ? i - 1 : NOWHERE,
                    last ? NOWHERE : i + 1 };

      g_array_append_val (encoder->nodes, node);
    }
  for (guint i = 0; i < encoder->nodes->len; i++)
    note_pair (encoder, encoder->pending, i);
  for (guint i = 0; i < encoder->pending->len; i++)
    data_heap_push (encoder->heap, &g_array_index (encoder->pending, Candidate, i),
                    candidate_before);
  merge_all (encoder);

  for (guint32 at = 0; at != NOWHERE && n > 0; at = node_at (encoder, at)->next)
    g_array_append_vals (ids, &node_at (encoder, at)->id, 1);
}

/* Appends the ids of a text, stopping soon after LIMIT of them. */
static void
encode_text (const DataBpe *bpe, GArray *ids, const char *utf8, gssize length, gsize limit)
{
  Encoder encoder = {
    .bpe = bpe,
    .bytes = g_string_new (NULL),
    .nodes = g_array_new (FALSE, FALSE, sizeof (Node)),
    .heap = g_array_new (FALSE, FALSE, sizeof (Candidate)),
    .pending = g_array_new (FALSE, FALSE, sizeof (Candidate)),
  };
  gint32 special[] = {
    [DATA_WORD_START] = data_bpe_get_start (bpe), [DATA_WORD_END] = data_bpe_get_end (bpe)
  };
  DataText text;
  DataWordKind kind;
  const gunichar *chars;
  gsize n;

  data_text_init (&text, utf8, length);
  while (ids->len < limit && (kind = data_text_next (&text, &chars, &n)) != DATA_WORD_NONE)
    {
      if (kind == DATA_WORD_PLAIN)
        encode_word (&encoder, ids, chars, n);
      else
        g_array_append_val (ids, special[kind]);
    }
  data_text_clear (&text);
  g_string_free (encoder.bytes, TRUE);
  g_array_unref (encoder.nodes);
  g_array_unref (encoder.heap);
  g_array_unref (encoder.pending);
}

GArray *
data_bpe_encode_all (const DataBpe *bpe, const char *text, gssize length)
{
  GArray *ids = g_array_new (FALSE, FALSE, sizeof (gint32));

  encode_text (bpe, ids, text, length, G_MAXSIZE);
  return ids;
}

guint
data_bpe_encode (const DataBpe *bpe, gint32 *ids, const char *text, gssize length, guint context)
{
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (gint32));
  gint32 start = data_bpe_get_start (bpe), end = data_bpe_get_end (bpe);
  guint at = 0;

  g_assert (context >= 1);
  g_array_append_val (all, start);
  encode_text (bpe, all, text, length, context);
  g_array_append_val (all, end);

  memset (ids, 0, context * sizeof *ids);
  memcpy (ids, all->data, MIN (all->len, context) * sizeof *ids);
  if (all->len > context)
    ids[context - 1] = end;
  while (ids[at] != end)
    at++;
  return at;
}

/* Appends the bytes a symbol spells; the end of a word becomes a blank. */
static void
append_symbol (const DataBpe *bpe, GString *out, guint32 id)
{
  GArray *stack;

  if (id < BPE_N_BASE)
    {
      g_string_append_c (out, (char) bpe->id_bytes[id % BPE_N_BYTES]);
      if (id >= BPE_N_BYTES)
        g_string_append_c (out, ' ');
      return;
    }

  stack = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_array_append_val (stack, id);
  while (stack->len > 0)
    {
      guint32 top = g_array_index (stack, guint32, stack->len - 1);

      g_array_set_size (stack, stack->len - 1);
      if (top < BPE_N_BASE)
        append_symbol (bpe, out, top);
      else
        {
          const BpeMerge *merge = &bpe->merges[top - BPE_N_BASE];

          g_array_append_val (stack, merge->right);
          g_array_append_val (stack, merge->left);
        }
    }
  g_array_unref (stack);
}

char *
data_bpe_decode (const DataBpe *bpe, const gint32 *ids, gsize n)
{
  g_autoptr (GString) out = g_string_new (NULL);

  for (gsize i = 0; i < n && ids[i] != data_bpe_get_end (bpe); i++)
    if (ids[i] >= 0 && ids[i] < data_bpe_get_start (bpe))
      append_symbol (bpe, out, (guint32) ids[i]);
  if (out->len > 0 && out->str[out->len - 1] == ' ')
    g_string_truncate (out, out->len - 1);
  return g_utf8_make_valid (out->str, (gssize) out->len);
}
