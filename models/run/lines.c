#define _GNU_SOURCE /* memrchr */
#include "models/run/lines.h"

#include "models/run/folder.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK 65536

gboolean
run_fail (GError **error, const char *doing, const char *path, int failure)
{
  const char *remedy = "";

  if (failure == ENOSPC || failure == EDQUOT)
    remedy = "; free some space on that disk";
  else if (failure == EACCES || failure == EPERM || failure == EROFS)
    remedy = "; make its folder writable or choose another with --run";
  else if (failure == ENOTDIR || failure == EEXIST)
    remedy = "; choose another folder with --run";
  g_set_error (error, RUN_ERROR, RUN_ERROR_IO, "cannot %s %s: %s%s", doing, path,
               g_strerror (failure), remedy);
  return FALSE;
}

/* Looks backwards, so that a long file costs one chunk. */
gboolean
run_lines_end (int fd, gint64 *end)
{
  struct stat info;
  char chunk[CHUNK];

  if (fstat (fd, &info) < 0)
    return FALSE;
  *end = info.st_size;
  while (*end > 0)
    {
      gint64 start = MAX (0, *end - CHUNK);
      gssize got = pread (fd, chunk, (gsize) (*end - start), start);
      if (got < 0)
        return FALSE;
      const char *newline = memrchr (chunk, '\n', (gsize) got);
      *end = newline ? start + (newline - chunk) + 1 : start;
      if (newline)
        break;
    }
  return TRUE;
}

gboolean
run_lines_cut (int fd, const char *path, gint64 *size, GError **error)
{
  struct stat info;

  if (!run_lines_end (fd, size) || fstat (fd, &info) < 0)
    return run_fail (error, "read", path, errno);
  if (info.st_size != *size && ftruncate (fd, *size) < 0)
    return run_fail (error, "cut the half line at the end of", path, errno);
  return TRUE;
}

gboolean
run_lines_append (int fd, const char *path, gint64 *size, const char *text, gsize length,
                  GError **error)
{
  struct stat info;
  gsize written = 0;

  /* What an earlier failure could not cut off. */
  if (fstat (fd, &info) < 0 || (info.st_size != *size && ftruncate (fd, *size) < 0))
    return run_fail (error, "write", path, errno);
  while (written < length)
    {
      gssize moved = write (fd, text + written, length - written);

      if (moved < 0 && errno == EINTR)
        continue;
      if (moved < 0)
        {
          int failure = errno;

          if (ftruncate (fd, *size) < 0)
            g_debug ("half a line stays at the end of %s", path);
          return run_fail (error, "write", path, failure);
        }
      written += (gsize) moved;
    }
  *size += (gint64) length;
  return TRUE;
}
