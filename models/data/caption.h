#pragma once

/* Captions made of scattered words, as they come with pictures of the web: each word once. */

#include <glib.h>

G_BEGIN_DECLS

typedef struct _DataCaption DataCaption;

DataCaption *data_caption_new (void);
void data_caption_free (DataCaption *caption);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DataCaption, data_caption_free)

/* Appends the words of a text that are not in the caption yet, whatever their case.  A word is a
 * run of letters, digits and marks, with apostrophes inside; everything else, "_" and "/" too,
 * parts words.  Not UTF-8: replaced.  */
void data_caption_add (DataCaption *caption, const char *text);

/* The words with one blank between them, spelt as first met; "" when there are none.  Borrowed. */
const char *data_caption_get (const DataCaption *caption);

G_END_DECLS
