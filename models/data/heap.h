/* A binary heap in a GArray: the item that comes before all others is popped first. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef gboolean (*DataBefore) (gconstpointer a, gconstpointer b);

/* Copies one element of the array's size in, and the first one out of a heap that is not empty. */
void data_heap_push (GArray *heap, gconstpointer item, DataBefore before);
void data_heap_pop (GArray *heap, gpointer item, DataBefore before);

G_END_DECLS
