#pragma once

/* The pictures of a folder tree in which one picture may have many names: links, and copies of a
 * file. */

#include "models/data/dataset_writer.h"

G_BEGIN_DECLS

typedef struct
{
  char *name;    /* below the root, in the file system's encoding, e.g. "food/fruit/apple.png" */
  gboolean link; /* a symbolic link */
} DataPictureName;

/* One content. */
typedef struct
{
  char *sha256;     /* of the file, in hex */
  char *path;       /* absolute, no link in it */
  GPtrArray *names; /* DataPictureName *, by byte value; at least one */
} DataTreePicture;

void data_tree_picture_free (gpointer picture);

/* Every content below `root` whose name ends in `suffix`, in any case of letters, in the order of
 * their first names: DataTreePicture *, the array owns them.  Names that lead to no whole file, or
 * that do not end so, are reported to `writer` as skipped.  Folders that are links are not entered.
 * NULL with an error only if the root cannot be read or the report not written.  */
GPtrArray *data_picture_tree_read (DataSetWriter *writer, const char *root, const char *suffix,
                                   const DataImportOptions *options, GError **error);

G_END_DECLS
