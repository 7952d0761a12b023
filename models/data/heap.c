#include "models/data/heap.h"

#include <string.h>

void
data_heap_push (GArray *heap, gconstpointer item, DataBefore before)
{
  const gsize size = g_array_get_element_size (heap);
  guint i = heap->len;
  g_array_set_size (heap, heap->len + 1);
  char *items = heap->data;
  for (; i > 0 && before (item, items + (i - 1) / 2 * size); i = (i - 1) / 2)
    memcpy (items + i * size, items + (i - 1) / 2 * size, size);
  memcpy (items + i * size, item, size);
}

void
data_heap_pop (GArray *heap, gpointer item, DataBefore before)
{
  const gsize size = g_array_get_element_size (heap);
  char *items = heap->data;
  const guint n = heap->len - 1;
  const char *last = items + n * size;
  guint i = 0;
  memcpy (item, items, size);
  for (guint child = 1; child < n; child = 2 * i + 1)
    {
      if (child + 1 < n && before (items + (child + 1) * size, items + child * size))
        child++;
      if (!before (items + child * size, last))
        break;
      memcpy (items + i * size, items + child * size, size);
      i = child;
    }
  memmove (items + i * size, last, size);
  g_array_set_size (heap, n);
}
