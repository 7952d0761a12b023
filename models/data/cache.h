/* The cache of decoded pictures: RGB8 [count][S][S][3] in a memory-mapped file per picture size.
 *
 * It lives in the data set's folder as cache-<size>-<fit>.rgb, or, where that cannot be written,
 * in $XDG_CACHE_HOME/penumbra. It is made on demand, on two threads, under another name and then
 * renamed; a file of other pictures, another version or the wrong length is made anew. A picture
 * that cannot be decoded is reported and marked, and is no failure of the whole.
 *
 * A DataCache is immutable once open and may be read from any thread.
 */
#pragma once

#include <gio/gio.h>

#include "models/data/resize.h"

G_BEGIN_DECLS

typedef struct _DataCache DataCache;

/* Called on the thread that called data_cache_open, a few times a second while it builds. */
typedef void (*DataCacheProgress) (gsize done, gsize total, gpointer data);

/* Called on the same thread, once for each picture that could not be decoded. */
typedef void (*DataCacheReport) (gsize item, const char *reason, gpointer data);

typedef struct
{
  const char *dir;          /* the data set's folder, an absolute path */
  const char *const *files; /* [count] picture files, absolute or relative to dir */
  const char *const *keys;  /* [count] names of the contents, e.g. item ids; NULL: the file names.
                             * With each file's length and modification time they say whether a
                             * cache is that of these pictures */
  gsize count;
  guint size; /* side of the cached pictures, pixels */
  DataFit fit;
  DataCacheProgress progress; /* may be NULL */
  DataCacheReport report;     /* may be NULL */
  gpointer data;              /* for both */
  GCancellable *cancellable;  /* may be NULL */
} DataCacheOptions;

/* Opens the cache, building it first if there is none that fits. Errors: G_IO_ERROR, naming the
 * file, also when not one picture can be decoded; G_IO_ERROR_CANCELLED. None leaves a file. */
DataCache *data_cache_open (const DataCacheOptions *options, GError **error);

DataCache *data_cache_ref (DataCache *cache);
void data_cache_unref (DataCache *cache);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DataCache, data_cache_unref)

gsize data_cache_get_count (const DataCache *cache);
guint data_cache_get_size (const DataCache *cache);

/* How many pictures could not be decoded. */
gsize data_cache_get_n_failed (const DataCache *cache);

/* The file in use; borrowed. */
const char *data_cache_get_path (const DataCache *cache);

/* TRUE if data_cache_open had to build it. */
gboolean data_cache_was_built (const DataCache *cache);

/* The S * S * 3 bytes of an item, borrowed; NULL if it could not be decoded. */
const guint8 *data_cache_get_picture (const DataCache *cache, gsize item);

/* Takes the file out of the process's memory until it is read again: reading some pictures maps many
 * of their neighbours, which count as ours. Pictures may go on being read meanwhile. */
void data_cache_let_go (const DataCache *cache);

G_END_DECLS
