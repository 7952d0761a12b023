/* A PNG is a signature and chunks of length, type, data and checksum, the last of type IEND;
 * walking from length to length costs a few reads where decoding costs seconds. */

#include "models/data/picture_file.h"

#include "models/data/dataset.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const guint8 png_signature[8] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };

/* Files in other formats pass. */
static gboolean
check_png_is_whole (int fd, gint64 size, GError **error)
{
  guint8 head[8];
  if (pread (fd, head, sizeof head, 0) != sizeof head || memcmp (head, png_signature, 8) != 0)
    return TRUE;

  for (gint64 offset = 8; pread (fd, head, sizeof head, (off_t) offset) == sizeof head;)
    {
      guint32 length = (guint32) head[0] << 24 | (guint32) head[1] << 16 | (guint32) head[2] << 8
                       | (guint32) head[3];
      offset += 12 + (gint64) length;
      if (length > G_MAXINT32 || offset > size)
        break;
      if (memcmp (head + 4, "IEND", 4) == 0)
        return TRUE;
    }
  g_set_error (error, DATA_ERROR, DATA_ERROR_INVALID, "cut short: the PNG has no end");
  return FALSE;
}

static gboolean
check_open_file (int fd, GError **error)
{
  struct stat status;
  if (fstat (fd, &status) != 0)
    g_set_error (error, DATA_ERROR, DATA_ERROR_MISSING, "%s", g_strerror (errno));
  else if (!S_ISREG (status.st_mode))
    g_set_error (error, DATA_ERROR, DATA_ERROR_INVALID, "not a regular file");
  else if (status.st_size == 0)
    g_set_error (error, DATA_ERROR, DATA_ERROR_INVALID, "the file is empty");
  else
    return check_png_is_whole (fd, status.st_size, error);
  return FALSE;
}

gboolean
data_picture_file_check (const char *path, GError **error)
{
  /* O_NONBLOCK: opening a named pipe must not wait for a writer. */
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    {
      g_set_error (error, DATA_ERROR, DATA_ERROR_MISSING, "%s", g_strerror (errno));
      return FALSE;
    }
  gboolean good = check_open_file (fd, error);
  close (fd);
  return good;
}
