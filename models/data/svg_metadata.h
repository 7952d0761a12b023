#pragma once

/* What an SVG says of itself in words: the RDF in its <metadata> element (Dublin Core, Creative
 * Commons). */

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  char *name; /* the element's local name: "title", "subject", "description", "creator", ... */
  GPtrArray *values; /* char *, in the file's order; never blank, blanks around them removed */
} DataSvgField;

typedef struct
{
  GPtrArray *fields; /* DataSvgField *, in the order of first mention */
  char
      *problem; /* NULL, or what was wrong with the XML, one line: the rest was read all the same */
} DataSvgMetadata;

/* Reads up to the end of the first <metadata>, in any encoding iconv knows, without network,
 * external files or expansion of entities.  Broken XML gives what was before the break.  At most 64
 * KiB of text and 64 MiB of file are looked at.  NULL with a DATA_ERROR (a reason without the path)
 * if there is nothing to read: no such file, or no metadata in it.  Any thread.  */
DataSvgMetadata *data_svg_metadata_read (const char *path, GError **error);

void data_svg_metadata_free (DataSvgMetadata *metadata);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DataSvgMetadata, data_svg_metadata_free)

/* The values of a field, borrowed, or NULL when there are none. */
const GPtrArray *data_svg_metadata_get (const DataSvgMetadata *metadata, const char *name);

G_END_DECLS
