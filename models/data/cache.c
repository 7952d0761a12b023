/* Finding, checking and mapping a cache of decoded pictures; cache_build.c makes it.
 *
 * Facts: the identity is a SHA-256 over what the pictures are called, how long their files are and
 * when they were changed, so other pictures in the same folder mean another cache.
 */
#include "models/data/cache_private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>

struct _DataCache
{
  gatomicrefcount ref_count;
  GMappedFile *file;
  char *path;
  const guint8 *flags;
  const guint8 *pixels;
  gsize count;
  gsize picture;
  guint size;
  guint n_failed;
  gboolean built;
};

CacheLayout
cache_layout (gsize count, guint size)
{
  CacheLayout layout = { .picture = (gsize) size * size * 3 };

  layout.pixels = (sizeof (CacheHeader) + count + CACHE_PAGE - 1) / CACHE_PAGE * CACHE_PAGE;
  layout.total = layout.pixels + count * layout.picture;
  return layout;
}

/* FNV-1a. */
static guint64
hash_bytes (guint64 hash, const guint8 *bytes, gsize n)
{
  for (gsize i = 0; i < n; i++)
    hash = (hash ^ bytes[i]) * G_GUINT64_CONSTANT (0x100000001b3);
  return hash;
}

guint64
cache_checksum (const CacheHeader *header, const guint8 *flags)
{
  CacheHeader blank = *header;
  guint64 hash = G_GUINT64_CONSTANT (0xcbf29ce484222325);

  blank.checksum = 0;
  hash = hash_bytes (hash, (const guint8 *) &blank, sizeof blank);
  return hash_bytes (hash, flags, header->count);
}

static void
get_identity (guint8 identity[CACHE_IDENTITY_BYTES], const DataCacheOptions *options)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  gsize length = CACHE_IDENTITY_BYTES;

  for (gsize i = 0; i < options->count; i++)
    {
      const char *name = options->keys != NULL ? options->keys[i] : options->files[i];
      g_autofree char *path = g_canonicalize_filename (options->files[i], options->dir);
      gint64 facts[3] = { -1, 0, 0 };
      GStatBuf status;

      if (g_stat (path, &status) == 0)
        {
          facts[0] = status.st_size;
          facts[1] = status.st_mtim.tv_sec;
          facts[2] = status.st_mtim.tv_nsec;
        }
      g_checksum_update (sum, (const guchar *) name, (gssize) strlen (name) + 1);
      g_checksum_update (sum, (const guchar *) facts, sizeof facts);
    }
  g_checksum_get_digest (sum, identity, &length);
}

/* Whether a mapped file is the cache asked for, whole and undamaged as far as its tables go. */
static gboolean
is_wanted (GMappedFile *file, const DataCacheOptions *options, const guint8 *identity)
{
  CacheLayout layout = cache_layout (options->count, options->size);
  const guint8 *bytes = (const guint8 *) g_mapped_file_get_contents (file);
  CacheHeader header;

  if (g_mapped_file_get_length (file) != layout.total)
    return FALSE;
  memcpy (&header, bytes, sizeof header);
  return memcmp (header.magic, CACHE_MAGIC, sizeof header.magic) == 0
         && header.version == CACHE_VERSION && header.size == options->size
         && header.fit == (guint32) options->fit && header.count == options->count
         && memcmp (header.identity, identity, CACHE_IDENTITY_BYTES) == 0
         && header.checksum == cache_checksum (&header, bytes + sizeof header);
}

static DataCache *
map_cache (const char *path, const DataCacheOptions *options, const guint8 *identity)
{
  GMappedFile *file = g_mapped_file_new (path, FALSE, NULL);
  CacheLayout layout = cache_layout (options->count, options->size);
  const guint8 *bytes;
  DataCache *cache;

  if (file == NULL)
    return NULL;
  if (!is_wanted (file, options, identity))
    {
      g_mapped_file_unref (file);
      return NULL;
    }
  bytes = (const guint8 *) g_mapped_file_get_contents (file);
  cache = g_new0 (DataCache, 1);
  g_atomic_ref_count_init (&cache->ref_count);
  cache->file = file;
  cache->path = g_strdup (path);
  cache->flags = bytes + sizeof (CacheHeader);
  cache->pixels = bytes + layout.pixels;
  cache->count = options->count;
  cache->picture = layout.picture;
  cache->size = options->size;
  for (gsize i = 0; i < cache->count; i++)
    cache->n_failed += cache->flags[i] == 0;
  return cache;
}

/* Where a cache may lie: the data set's folder, then the user's. */
static char *
cache_path (const DataCacheOptions *options, const guint8 *identity, gboolean users)
{
  const char *fit = options->fit == DATA_FIT_PAD ? "pad" : "crop";
  g_autofree char *name = NULL;

  if (!users)
    {
      name = g_strdup_printf ("cache-%u-%s.rgb", options->size, fit);
      return g_build_filename (options->dir, name, NULL);
    }
  name = g_strdup_printf ("%02x%02x%02x%02x%02x%02x%02x%02x-%u-%s.rgb", identity[0], identity[1],
                          identity[2], identity[3], identity[4], identity[5], identity[6],
                          identity[7], options->size, fit);
  return g_build_filename (g_get_user_cache_dir (), "penumbra", name, NULL);
}

static gboolean
is_not_writable (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED)
         || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_READ_ONLY);
}

static gboolean
build_somewhere (const DataCacheOptions *options, char *const paths[2], const guint8 *identity,
                 GError **error)
{
  g_autofree char *folder = g_path_get_dirname (paths[1]);
  g_autoptr (GError) local = NULL;

  if (cache_build (options, paths[0], identity, &local))
    return TRUE;
  if (!is_not_writable (local) || g_mkdir_with_parents (folder, 0700) != 0)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  return cache_build (options, paths[1], identity, error);
}

DataCache *
data_cache_open (const DataCacheOptions *options, GError **error)
{
  guint8 identity[CACHE_IDENTITY_BYTES];
  char *paths[2];
  DataCache *cache = NULL;

  g_assert (options->size >= 1 && options->size <= DATA_RESIZE_SIZE_MAX);
  g_assert (g_path_is_absolute (options->dir));
  if (options->count == 0 || options->count > G_MAXUINT32)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                   "data set '%s' has %" G_GSIZE_FORMAT " pictures: nothing to cache", options->dir,
                   options->count);
      return NULL;
    }
  get_identity (identity, options);
  for (guint i = 0; i < 2; i++)
    paths[i] = cache_path (options, identity, i == 1);
  for (guint i = 0; i < 2 && cache == NULL; i++)
    cache = map_cache (paths[i], options, identity);

  if (cache == NULL && build_somewhere (options, paths, identity, error))
    {
      for (guint i = 0; i < 2 && cache == NULL; i++)
        cache = map_cache (paths[i], options, identity);
      if (cache != NULL)
        cache->built = TRUE;
      else
        g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
                     "cache '%s' changed while it was made: try again", paths[0]);
    }
  g_free (paths[0]);
  g_free (paths[1]);
  return cache;
}

DataCache *
data_cache_ref (DataCache *cache)
{
  g_atomic_ref_count_inc (&cache->ref_count);
  return cache;
}

void
data_cache_unref (DataCache *cache)
{
  if (cache == NULL || !g_atomic_ref_count_dec (&cache->ref_count))
    return;
  g_mapped_file_unref (cache->file);
  g_free (cache->path);
  g_free (cache);
}

gsize
data_cache_get_count (const DataCache *cache)
{
  return cache->count;
}

guint
data_cache_get_size (const DataCache *cache)
{
  return cache->size;
}

gsize
data_cache_get_n_failed (const DataCache *cache)
{
  return cache->n_failed;
}

const char *
data_cache_get_path (const DataCache *cache)
{
  return cache->path;
}

gboolean
data_cache_was_built (const DataCache *cache)
{
  return cache->built;
}

const guint8 *
data_cache_get_picture (const DataCache *cache, gsize item)
{
  g_assert (item < cache->count);
  return cache->flags[item] != 0 ? cache->pixels + item * cache->picture : NULL;
}

void
data_cache_let_go (const DataCache *cache)
{
  madvise (g_mapped_file_get_contents (cache->file), g_mapped_file_get_length (cache->file),
           MADV_DONTNEED);
}
