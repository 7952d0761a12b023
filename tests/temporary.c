#define _GNU_SOURCE /* nftw */
#include "tests/temporary.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/mount.h>

char *
temporary_folder (void)
{
  GError *error = NULL;
  char *folder = g_dir_make_tmp ("penumbra-test-XXXXXX", &error);

  g_assert_no_error (error);
  return folder;
}

static int
remove_one (const char *path, const struct stat *info, int kind, struct FTW *where)
{
  (void) info;
  (void) kind;
  (void) where;
  return remove (path);
}

void
temporary_remove (const char *folder)
{
  g_assert_cmpint (nftw (folder, remove_one, 16, FTW_DEPTH | FTW_PHYS), ==, 0);
}

gboolean
temporary_mount (const char *folder, gsize bytes)
{
  g_autofree char *options = g_strdup_printf ("size=%" G_GSIZE_FORMAT, bytes);

  unsigned long flags = MS_NOSUID | MS_NODEV | (bytes == 0 ? MS_RDONLY : 0);

  if (mount ("tmpfs", folder, "tmpfs", flags, options) == 0)
    return TRUE;
  g_assert_true (errno == EPERM || errno == EACCES);
  g_test_fail_printf ("a small disk can be mounted by root only: unshare --map-root-user --mount");
  return FALSE;
}

void
temporary_unmount (const char *folder)
{
  g_assert_cmpint (umount2 (folder, MNT_DETACH), ==, 0);
}
