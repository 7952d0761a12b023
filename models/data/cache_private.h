/* The layout of a cache file, shared by cache.c, which reads it, and cache_build.c.
 *
 * Header, count flags (1: decoded), zeros up to a page, pixels [count][S][S][3]. In the byte order
 * of the machine: a file of the other order has another version and is made anew.
 */
#pragma once

#include "models/data/cache.h"

#define CACHE_MAGIC "PNBCACHE"
#define CACHE_VERSION 1u
#define CACHE_PAGE 4096
#define CACHE_IDENTITY_BYTES 32

typedef struct
{
  char magic[8];
  guint32 version;
  guint32 size;
  guint32 fit;
  guint32 n_failed;
  guint64 count;
  guint64 checksum; /* of the header, this field 0, and the flags */
  guint8 identity[CACHE_IDENTITY_BYTES];
} CacheHeader;

/* Where pixels begin, the bytes of a picture, of the file. */
typedef struct
{
  gsize pixels;
  gsize picture;
  gsize total;
} CacheLayout;

CacheLayout cache_layout (gsize count, guint size);
guint64 cache_checksum (const CacheHeader *header, const guint8 *flags);

/* Decodes all pictures into a file at PATH. */
gboolean cache_build (const DataCacheOptions *options, const char *path,
                      const guint8 identity[CACHE_IDENTITY_BYTES], GError **error);
