/* What bpe.c, bpe_file.c and bpe_train.c share. */
#pragma once

#include "models/data/bpe.h"

#define BPE_N_BYTES 256
#define BPE_N_BASE (2 * BPE_N_BYTES)
#define BPE_N_SPECIAL 2
#define BPE_VOCAB_MIN (BPE_N_BASE + BPE_N_SPECIAL)
#define BPE_VOCAB_MAX (1 << 20)
#define BPE_WORD_END "</w>"

/* Merge k joins the symbols left and right into RESULT: BPE_N_BASE + k, unless a later merge spells
 * the same symbol, whose id then stands for both. */
typedef struct
{
  guint32 left, right, result;
} BpeMerge;

struct _DataBpe
{
  guint size;
  guint n_merges;
  BpeMerge *merges;
  char **symbols; /* [size], in chunk */
  GStringChunk *chunk;
  guint32 byte_ids[BPE_N_BYTES];
  guint8 id_bytes[BPE_N_BYTES];
  guint32 *slots; /* [n_slots] merge + 1 by hash of (left, right), 0: empty */
  guint n_slots;  /* a power of two */
};

/* A tokenizer with the base symbols and merges[n_merges], which spell spelt[n_merges]. Both are
 * copied. SPELT may be NULL if each merge joins symbols of lower ids. */
DataBpe *bpe_new (const BpeMerge *merges, char *const *spelt, guint n_merges);

/* Fills symbols[BPE_N_BASE] with the base symbols as vocab.json spells them, in CHUNK. */
void bpe_base_symbols (char **symbols, guint8 id_bytes[BPE_N_BYTES], GStringChunk *chunk);

/* The merge of two symbols or -1. */
gint64 bpe_find (const DataBpe *bpe, guint32 left, guint32 right);
