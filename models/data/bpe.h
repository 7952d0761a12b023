/* Byte-level byte-pair encoding in CLIP's manner.
 *
 * Ids are ordered as CLIP's: 256 byte symbols, the same 256 with "</w>", one id a merge, then the
 * start of text (V-2) and the end of text (V-1). Text is cleaned as open_clip does it, its ftfy
 * repair left out: html.unescape twice, white space collapsed, lower case (see text.h).
 *
 * A DataBpe is immutable once made and may be used from any thread.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define DATA_BPE_CONTEXT_DEFAULT 77

typedef struct _DataBpe DataBpe;

#define DATA_BPE_ERROR (data_bpe_error_quark ())
GQuark data_bpe_error_quark (void);

typedef enum
{
  DATA_BPE_ERROR_FORMAT, /* a vocabulary file is not what it should be */
  DATA_BPE_ERROR_VOCAB,  /* tokenizer and model do not go together */
  DATA_BPE_ERROR_TRAIN,  /* the asked vocabulary size cannot be trained */
} DataBpeError;

/* Reads a vocabulary. PATH is a folder with merges.txt and vocab.json (a data set, or one of
 * Hugging Face's CLIP folders), a merges.txt, or OpenAI's bpe_simple_vocab_16e6.txt, gzipped or
 * not, of which the first 48,894 merges count. Errors: GFileError, or DATA_BPE_ERROR_FORMAT naming
 * file and line. */
DataBpe *data_bpe_new_from_path (const char *path, GError **error);

/* Learns merges from TEXTS[n] until the vocabulary has VOCAB_SIZE ids (at least 514) or no pair of
 * symbols occurs twice; then the vocabulary is smaller. The commonest pair comes first, among
 * equals the one of the lower ids, so the result depends on the texts alone and not on their
 * order. Errors: DATA_BPE_ERROR_TRAIN for a vocab_size out of range. */
DataBpe *data_bpe_train (const char *const *texts, gsize n_texts, guint vocab_size, GError **error);

void data_bpe_free (DataBpe *bpe);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DataBpe, data_bpe_free)

/* Writes vocab.json and merges.txt into the folder DIR, each atomically. */
gboolean data_bpe_save (const DataBpe *bpe, const char *dir, GError **error);

/* V, the number of ids; start of text is V-2 and end of text V-1. */
guint data_bpe_get_size (const DataBpe *bpe);
gint32 data_bpe_get_start (const DataBpe *bpe);
gint32 data_bpe_get_end (const DataBpe *bpe);

/* Encodes TEXT (LENGTH bytes, -1: to its NUL) into ids[context], context >= 1: start, text, end,
 * then zeros; a longer text is cut and its last id set to end. Bytes that are not UTF-8 count as
 * U+FFFD. Returns the position of the largest id, the first end of text: where the text tower
 * reads its features. */
guint data_bpe_encode (const DataBpe *bpe, gint32 *ids, const char *text, gssize length,
                       guint context);

/* The ids of TEXT alone, without start, end or limit: a GArray of gint32, owned by the caller. */
GArray *data_bpe_encode_all (const DataBpe *bpe, const char *text, gssize length);

/* The text of ids[n], words separated by one space; start, end and ids out of range are left out,
 * and so is everything after the first end. Always valid UTF-8; free with g_free. */
char *data_bpe_decode (const DataBpe *bpe, const gint32 *ids, gsize n);

/* The symbol of an id as vocab.json spells it, e.g. "cat</w>"; borrowed. */
const char *data_bpe_get_symbol (const DataBpe *bpe, gint32 id);

/* FALSE with DATA_BPE_ERROR_VOCAB if the tokenizer has more ids than the model's embedding has rows
 * (MODEL_VOCAB, text_cfg.vocab_size). A smaller tokenizer is fine. */
gboolean data_bpe_check_vocab (const DataBpe *bpe, guint model_vocab, GError **error);

G_END_DECLS
