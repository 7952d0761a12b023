#include "models/run/lock.h"

#include "models/run/folder.h"
#include "models/run/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#define PATIENCE (G_USEC_PER_SEC)
#define PAUSE (G_USEC_PER_SEC / 50)

static void
set_locked (GError **error, const char *path, int fd)
{
  g_autofree char *run = g_path_get_dirname (path);
  char owner[32] = "";
  gssize got = pread (fd, owner, sizeof owner - 1, 0);

  owner[MAX (got, 0)] = '\0';
  gint64 pid = g_ascii_strtoll (owner, NULL, 10);
  g_autofree char *who =
      pid > 0 ? g_strdup_printf (" (process %" G_GINT64_FORMAT ")", pid) : g_strdup ("");
  g_set_error (error, RUN_ERROR, RUN_ERROR_LOCKED,
               "%s is being trained by another process%s: stop it first, or choose another folder "
               "with --run",
               run, who);
}

int
run_lock_take (const char *path, GError **error)
{
  gint64 until = g_get_monotonic_time () + PATIENCE;
  int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);

  if (fd < 0)
    {
      run_fail (error, "make the lock", path, errno);
      return -1;
    }
  /* Watchers hold a shared lock for an instant when they look, which must not turn a trainer away.
   */
  while (flock (fd, LOCK_EX | LOCK_NB) < 0)
    {
      int failure = errno;

      if (failure == EINTR || (failure == EWOULDBLOCK && g_get_monotonic_time () < until))
        {
          g_usleep (PAUSE);
          continue;
        }
      if (failure == EWOULDBLOCK)
        set_locked (error, path, fd);
      else
        run_fail (error, "lock", path, failure);
      close (fd);
      return -1;
    }
  /* Only a courtesy: a disk too full for it will be noticed by what matters. */
  if (ftruncate (fd, 0) < 0 || dprintf (fd, "%d\n", (int) getpid ()) < 0)
    g_debug ("%s does not name its holder", path);
  return fd;
}

gboolean
run_lock_is_held (const char *path)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC);

  if (fd < 0)
    return FALSE;
  gboolean held = flock (fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
  close (fd);
  return held;
}
