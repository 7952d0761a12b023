/* Cleaning captions and splitting them into words, as open_clip does before byte-pair encoding.
 *
 * Texts are handled as arrays of code points. All functions are pure and thread-safe.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A text over this length is cut; a caption is some hundred bytes. */
#define DATA_TEXT_MAX_BYTES (16 << 20)

/* What a word of a text is. */
typedef enum
{
  DATA_WORD_NONE,  /* the text is over */
  DATA_WORD_PLAIN, /* letters, one number, or other signs */
  DATA_WORD_START, /* the text spells <start_of_text> */
  DATA_WORD_END,   /* the text spells <end_of_text> */
} DataWordKind;

typedef struct
{
  gunichar *chars; /* [length] */
  gsize length;
  gsize at; /* where data_text_next goes on */
} DataText;

/* Python's html.unescape twice, white space collapsed to single blanks and stripped, lower case.
 * LENGTH bytes, -1: to the NUL; what is not UTF-8 becomes U+FFFD. */
void data_text_init (DataText *text, const char *utf8, gssize length);
void data_text_clear (DataText *text);

/* The next match of CLIP's pattern (case-insensitive): special words, the English contractions
 * 's 't 're 've 'm 'll 'd, runs of letters, single numbers, runs of anything else but white space.
 * chars[n] is borrowed from TEXT. */
DataWordKind data_text_next (DataText *text, const gunichar **chars, gsize *n);

/* The steps of data_text_init, on arrays of gunichar, for tests. */
void data_text_unescape (GArray *chars);
void data_text_collapse (GArray *chars);
void data_text_lower (GArray *chars);

G_END_DECLS
