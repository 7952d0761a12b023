/* Making a cache: two threads decode, the calling thread tells how far they are.
 *
 * Facts: space is reserved before the first picture is decoded, so a full disk is known at once.
 * The file is made under another name, locked, and renamed when whole; what a killed process left
 * behind is not locked and is removed by the next. Pictures that fail are tried once more at the
 * end, alone, because libvips keeps one error text for all threads.
 */
#include "models/data/cache_private.h"

#include "models/data/picture.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define N_THREADS 2
#define SUFFIX ".XXXXXX" /* of the file while it is made */
#define PROGRESS_INTERVAL (100 * G_TIME_SPAN_MILLISECOND)

typedef struct
{
  const DataCacheOptions *options;
  const char *path;
  char *temporary; /* NULL once renamed */
  int fd;
  CacheLayout layout;
  guint8 *flags; /* [count], each written by one thread */

  GMutex lock; /* guards what follows */
  GCond changed;
  gsize next, done;
  guint running;
  gboolean stop;
  GError *error; /* the first of writing */
} Builder;

static void
set_errno (GError **error, const Builder *builder, int code)
{
  g_set_error (error, G_IO_ERROR, (gint) g_io_error_from_errno (code),
               "cannot write the picture cache '%s' (%" G_GSIZE_FORMAT " MB): %s%s", builder->path,
               (builder->layout.total >> 20) + 1, g_strerror (code),
               code == ENOSPC || code == EDQUOT ? "; free some space on that disk" : "");
}

static gboolean
write_at (Builder *builder, const void *data, gsize n, gsize offset, GError **error)
{
  const guint8 *bytes = data;

  while (n > 0)
    {
      gssize written = pwrite (builder->fd, bytes, n, (off_t) offset);

      if (written < 0 && errno == EINTR)
        continue;
      if (written <= 0)
        {
          set_errno (error, builder, written < 0 ? errno : EIO);
          return FALSE;
        }
      bytes += written;
      offset += (gsize) written;
      n -= (gsize) written;
    }
  return TRUE;
}

/* Decodes one item and writes it; one that cannot be decoded becomes white. */
static gboolean
build_item (Builder *builder, guint8 *rgb, gsize item, GError **reason, GError **error)
{
  const DataCacheOptions *options = builder->options;
  g_autofree char *path = g_canonicalize_filename (options->files[item], options->dir);

  builder->flags[item] = data_picture_load (rgb, path, options->size, options->fit, reason);
  if (!builder->flags[item])
    memset (rgb, 255, builder->layout.picture);
  return write_at (builder, rgb, builder->layout.picture,
                   builder->layout.pixels + item * builder->layout.picture, error);
}

static gboolean
take_item (Builder *builder, gsize *item)
{
  gboolean more;

  g_mutex_lock (&builder->lock);
  more = !builder->stop && builder->next < builder->options->count;
  if (more)
    *item = builder->next++;
  g_mutex_unlock (&builder->lock);
  return more;
}

static gpointer
work (gpointer data)
{
  Builder *builder = data;
  g_autofree guint8 *rgb = g_malloc (builder->layout.picture);
  gsize item;

  while (take_item (builder, &item))
    {
      GError *error = NULL;

      build_item (builder, rgb, item, NULL, &error);
      g_mutex_lock (&builder->lock);
      builder->done++;
      if (error != NULL)
        builder->stop = TRUE;
      if (error != NULL && builder->error == NULL)
        builder->error = g_steal_pointer (&error);
      g_mutex_unlock (&builder->lock);
      g_clear_error (&error);
    }
  data_picture_thread_done ();
  g_mutex_lock (&builder->lock);
  builder->running--;
  g_cond_signal (&builder->changed);
  g_mutex_unlock (&builder->lock);
  return NULL;
}

/* Waits for the threads, telling of progress and asking for a cancel without holding the lock. */
static void
watch (Builder *builder)
{
  const DataCacheOptions *options = builder->options;
  gboolean over = FALSE;

  while (!over)
    {
      gint64 until = g_get_monotonic_time () + PROGRESS_INTERVAL;
      gsize done;

      g_mutex_lock (&builder->lock);
      while (builder->running > 0 && g_cond_wait_until (&builder->changed, &builder->lock, until))
        ;
      over = builder->running == 0;
      done = builder->done;
      g_mutex_unlock (&builder->lock);
      if (options->progress != NULL)
        options->progress (done, options->count, options->data);
      if (g_cancellable_is_cancelled (options->cancellable))
        {
          g_mutex_lock (&builder->lock);
          builder->stop = TRUE;
          g_mutex_unlock (&builder->lock);
        }
    }
}

static gboolean
decode_all (Builder *builder, GError **error)
{
  GThread *threads[N_THREADS];

  builder->running = N_THREADS;
  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("decode", work, builder);
  watch (builder);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  if (g_cancellable_set_error_if_cancelled (builder->options->cancellable, error))
    return FALSE;
  if (builder->error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&builder->error));
      return FALSE;
    }
  return TRUE;
}

/* Tries the failed ones again for their reasons. None at all is an error of the whole. */
static gboolean
report_failed (Builder *builder, guint32 *n_failed, GError **error)
{
  const DataCacheOptions *options = builder->options;
  g_autofree guint8 *rgb = g_malloc (builder->layout.picture);
  g_autofree char *last = NULL;

  for (gsize item = 0; item < options->count; item++)
    {
      g_autoptr (GError) reason = NULL;

      if (builder->flags[item])
        continue;
      if (g_cancellable_set_error_if_cancelled (options->cancellable, error)
          || !build_item (builder, rgb, item, &reason, error))
        return FALSE;
      if (reason == NULL)
        continue;
      ++*n_failed;
      if (options->report != NULL)
        options->report (item, reason->message, options->data);
      g_free (last);
      last = g_strdup (reason->message);
    }
  if (*n_failed < options->count)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
               "none of the %" G_GSIZE_FORMAT
               " pictures of data set '%s' can be decoded; the last: "
               "%s",
               options->count, options->dir, last);
  return FALSE;
}

static gboolean
write_tables (Builder *builder, const guint8 *identity, guint32 n_failed, GError **error)
{
  CacheHeader header = { .version = CACHE_VERSION,
                         .size = builder->options->size,
                         .fit = builder->options->fit,
                         .n_failed = n_failed,
                         .count = builder->options->count };

  memcpy (header.magic, CACHE_MAGIC, sizeof header.magic);
  memcpy (header.identity, identity, CACHE_IDENTITY_BYTES);
  header.checksum = cache_checksum (&header, builder->flags);
  return write_at (builder, builder->flags, builder->options->count, sizeof header, error)
         && write_at (builder, &header, sizeof header, 0, error);
}

/* Removes what a killed builder left beside PATH. */
static void
remove_orphans (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path), *base = g_path_get_basename (path);
  g_autofree char *prefix = g_strconcat (base, ".", NULL);
  const gsize length = strlen (base) + strlen (SUFFIX);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *orphan = g_build_filename (folder, name, NULL);
      int fd;

      if (!g_str_has_prefix (name, prefix) || strlen (name) != length)
        continue;
      fd = g_open (orphan, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
      if (fd < 0)
        continue;
      if (flock (fd, LOCK_EX | LOCK_NB) == 0)
        g_unlink (orphan);
      close (fd);
    }
}

/* Makes and locks the file. Another builder may see it before it is locked, and remove it as an
 * orphan: then a new one is made. */
static gboolean
make_temporary (Builder *builder)
{
  do
    {
      if (builder->fd >= 0)
        close (builder->fd);
      g_free (builder->temporary);
      builder->temporary = g_strconcat (builder->path, SUFFIX, NULL);
      builder->fd = g_mkstemp_full (builder->temporary, O_RDWR | O_CLOEXEC, 0644);
      if (builder->fd < 0)
        {
          g_clear_pointer (&builder->temporary, g_free);
          return FALSE;
        }
      while (flock (builder->fd, LOCK_EX) != 0 && errno == EINTR)
        ;
    }
  while (g_access (builder->temporary, F_OK) != 0 && errno == ENOENT);
  return TRUE;
}

static gboolean
create_file (Builder *builder, GError **error)
{
  int failure;

  if (!make_temporary (builder))
    {
      set_errno (error, builder, errno);
      return FALSE;
    }
  do
    failure = posix_fallocate (builder->fd, 0, (off_t) builder->layout.total);
  while (failure == EINTR);
  if (failure == EOPNOTSUPP || failure == EINVAL)
    failure = ftruncate (builder->fd, (off_t) builder->layout.total) == 0 ? 0 : errno;
  if (failure != 0)
    set_errno (error, builder, failure);
  return failure == 0;
}

static gboolean
finish_file (Builder *builder, GError **error)
{
  if (fsync (builder->fd) != 0 || g_rename (builder->temporary, builder->path) != 0)
    {
      set_errno (error, builder, errno);
      return FALSE;
    }
  g_clear_pointer (&builder->temporary, g_free);
  return TRUE;
}

static void
builder_clear (Builder *builder)
{
  if (builder->temporary != NULL)
    g_unlink (builder->temporary);
  if (builder->fd >= 0)
    close (builder->fd);
  g_free (builder->temporary);
  g_free (builder->flags);
  g_clear_error (&builder->error);
  g_mutex_clear (&builder->lock);
  g_cond_clear (&builder->changed);
}

gboolean
cache_build (const DataCacheOptions *options, const char *path,
             const guint8 identity[CACHE_IDENTITY_BYTES], GError **error)
{
  Builder builder = {
    .options = options,
    .path = path,
    .fd = -1,
    .layout = cache_layout (options->count, options->size),
    .flags = g_new0 (guint8, options->count),
  };
  guint32 n_failed = 0;
  gboolean ok;

  g_mutex_init (&builder.lock);
  g_cond_init (&builder.changed);
  remove_orphans (path);
  ok = create_file (&builder, error) && decode_all (&builder, error)
       && report_failed (&builder, &n_failed, error)
       && write_tables (&builder, identity, n_failed, error) && finish_file (&builder, error);
  builder_clear (&builder);
  return ok;
}
