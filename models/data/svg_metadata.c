/* The words of an SVG, read with libxml2's push parser.
 *
 *   metadata > RDF > Work > title | description | ... > text
 *                         > subject > Bag > li > text
 *                         > creator | publisher | ... > Agent > title > text
 *                         > license (rdf:resource="...")
 *
 * Each element directly in Work is a field, each run of text below it a value.  Namespaces are not
 * looked at: in files that went through many hands their declarations are what breaks first.
 * Nothing is built (SAX), so memory does not grow with the file, and with no handler for it no
 * entity is ever declared or expanded. */

#include "models/data/svg_metadata.h"

#include "models/data/dataset.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#define MAX_FILE_BYTES (64 * 1024 * 1024)
#define MAX_TEXT_BYTES (64 * 1024)
#define MAX_FIELDS 64
#define BLOCK_BYTES (16 * 1024)

/* Where the parser is; depths are -1 while outside. */
typedef struct
{
  DataSvgMetadata *metadata;
  xmlParserCtxtPtr parser;
  GString *text;
  DataSvgField *field;
  gsize text_bytes;
  int depth; /* of the element the parser is in: 0 the root, -1 none */
  int metadata_depth;
  int work_depth;
  gboolean seen_work;
  gboolean done;
} Walk;

/* Keeps the first fatal error: the others are its consequences, and the rest are matters of taste.
 * Entities are unknown by design. */
static void
on_xml_error (void *walk_pointer, xmlErrorPtr xml_error)
{
  DataSvgMetadata *metadata = ((Walk *) walk_pointer)->metadata;
  if (metadata->problem != NULL || xml_error->level < XML_ERR_FATAL
      || xml_error->code == XML_ERR_UNDECLARED_ENTITY)
    return;
  g_autofree char *message =
      g_utf8_make_valid (xml_error->message != NULL ? xml_error->message : "broken XML", -1);
  g_strdelimit (g_strstrip (message), "\n\r", ' ');
  metadata->problem = g_strdup_printf ("broken XML, line %d: %s", xml_error->line, message);
}

static void
free_field (gpointer field_pointer)
{
  DataSvgField *field = field_pointer;
  g_ptr_array_unref (field->values);
  g_free (field->name);
  g_free (field);
}

static DataSvgField *
find_field (const DataSvgMetadata *metadata, const char *name)
{
  for (guint i = 0; i < metadata->fields->len; i++)
    {
      DataSvgField *field = g_ptr_array_index (metadata->fields, i);
      if (strcmp (field->name, name) == 0)
        return field;
    }
  return NULL;
}

/* NULL for more fields than any vocabulary of metadata has. */
static DataSvgField *
get_field (DataSvgMetadata *metadata, const char *name)
{
  DataSvgField *field = find_field (metadata, name);
  if (field == NULL && metadata->fields->len < MAX_FIELDS)
    {
      field = g_new0 (DataSvgField, 1);
      field->name = g_utf8_make_valid (name, -1);
      field->values = g_ptr_array_new_with_free_func (g_free);
      g_ptr_array_add (metadata->fields, field);
    }
  return field;
}

static void
add_value (Walk *walk, const char *text)
{
  g_autofree char *value = g_utf8_make_valid (text, -1);
  g_strstrip (value);
  gsize left = MAX_TEXT_BYTES - walk->text_bytes;
  if (strlen (value) > left)
    {
      value[left] = '\0';
      g_autofree char *valid = g_utf8_make_valid (value, -1);
      g_free (g_steal_pointer (&value));
      value = g_steal_pointer (&valid);
      if (walk->metadata->problem == NULL)
        walk->metadata->problem = g_strdup ("more than 64 KiB of metadata, the rest left out");
    }
  if (*value == '\0')
    return;
  walk->text_bytes = MIN (walk->text_bytes + strlen (value), MAX_TEXT_BYTES);
  g_ptr_array_add (walk->field->values, g_steal_pointer (&value));
}

static void
end_text (Walk *walk)
{
  if (walk->field != NULL && walk->text->len > 0)
    add_value (walk, walk->text->str);
  g_string_truncate (walk->text, 0);
}

static void
add_resource (Walk *walk, int n_attributes, const xmlChar **attributes)
{
  /* Five pointers each: name, prefix, namespace, start and end of the value. */
  for (int i = 0; i < n_attributes; i++, attributes += 5)
    if (strcmp ((const char *) attributes[0], "resource") == 0)
      {
        g_autofree char *value =
            g_strndup ((const char *) attributes[3], (gsize) (attributes[4] - attributes[3]));
        add_value (walk, value);
      }
}

static void
on_start (void *walk_pointer, const xmlChar *local_name, const xmlChar *prefix, const xmlChar *uri,
          int n_namespaces, const xmlChar **namespaces, int n_attributes, int n_defaulted,
          const xmlChar **attributes)
{
  Walk *walk = walk_pointer;
  const char *name = (const char *) local_name;
  const int depth = ++walk->depth;
  (void) prefix, (void) uri, (void) n_namespaces, (void) namespaces, (void) n_defaulted;

  if (walk->done)
    return;
  if (walk->metadata_depth < 0)
    {
      if (strcmp (name, "metadata") == 0)
        walk->metadata_depth = depth;
      return;
    }
  if (walk->work_depth < 0)
    {
      if (strcmp (name, "Work") == 0)
        walk->work_depth = depth;
      walk->seen_work |= walk->work_depth >= 0;
      return;
    }

  end_text (walk);
  if (depth == walk->work_depth + 1)
    walk->field = get_field (walk->metadata, name);
  if (walk->field != NULL)
    add_resource (walk, n_attributes, attributes);
}

static void
on_end (void *walk_pointer, const xmlChar *local_name, const xmlChar *prefix, const xmlChar *uri)
{
  Walk *walk = walk_pointer;
  const int depth = walk->depth--;
  (void) local_name, (void) prefix, (void) uri;

  if (walk->done)
    return;
  end_text (walk);
  if (depth == walk->work_depth + 1)
    walk->field = NULL;
  if (depth == walk->work_depth)
    walk->work_depth = -1;
  if (depth == walk->metadata_depth)
    {
      walk->done = TRUE;
      xmlStopParser (walk->parser);
    }
}

static void
on_text (void *walk_pointer, const xmlChar *text, int length)
{
  Walk *walk = walk_pointer;
  /* After an error the parser would leave out "&amp;" and its like without a word. */
  walk->parser->wellFormed = 1;
  if (walk->field != NULL && !walk->done && walk->text->len <= MAX_TEXT_BYTES)
    g_string_append_len (walk->text, (const char *) text, MIN (length, MAX_TEXT_BYTES + 1));
}

static gssize
read_block (int fd, char block[BLOCK_BYTES])
{
  gssize n;
  do
    n = read (fd, block, BLOCK_BYTES);
  while (n < 0 && errno == EINTR);
  return n;
}

static void
walk_svg (Walk *walk, int fd)
{
  xmlSAXHandler handler = {
    .initialized = XML_SAX2_MAGIC,
    .startElementNs = on_start,
    .endElementNs = on_end,
    .characters = on_text,
    .ignorableWhitespace = on_text,
    .cdataBlock = on_text,
    .serror = on_xml_error,
  };
  char block[BLOCK_BYTES];
  gssize n = read_block (fd, block);
  /* The first bytes tell the encoding. */
  xmlParserCtxtPtr parser =
      xmlCreatePushParserCtxt (&handler, walk, block, (int) CLAMP (n, 0, 4), NULL);
  walk->parser = parser;
  xmlCtxtUseOptions (parser, XML_PARSE_RECOVER | XML_PARSE_NONET);
  if (n > 4)
    xmlParseChunk (parser, block + 4, (int) n - 4, 0);
  for (gsize total = 0; n > 0 && !walk->done && total < MAX_FILE_BYTES; total += (gsize) n)
    {
      n = read_block (fd, block);
      if (n > 0)
        xmlParseChunk (parser, block, (int) n, 0);
    }
  if (!walk->done)
    xmlParseChunk (parser, block, 0, 1);
  end_text (walk);
  xmlFreeDoc (parser->myDoc);
  xmlFreeParserCtxt (parser);
}

static int
open_regular_file (const char *path, GError **error)
{
  struct stat status;
  /* O_NONBLOCK: opening a named pipe must not wait for a writer. */
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    g_set_error (error, DATA_ERROR, DATA_ERROR_MISSING, "%s", g_strerror (errno));
  else if (fstat (fd, &status) != 0 || !S_ISREG (status.st_mode))
    {
      g_set_error (error, DATA_ERROR, DATA_ERROR_INVALID, "not a regular file");
      close (fd);
      fd = -1;
    }
  return fd;
}

DataSvgMetadata *
data_svg_metadata_read (const char *path, GError **error)
{
  int fd = open_regular_file (path, error);
  if (fd < 0)
    return NULL;

  g_autoptr (DataSvgMetadata) metadata = g_new0 (DataSvgMetadata, 1);
  metadata->fields = g_ptr_array_new_with_free_func (free_field);
  g_autoptr (GString) text = g_string_new (NULL);
  Walk walk = {
    .metadata = metadata,
    .text = text,
    .depth = -1,
    .metadata_depth = -1,
    .work_depth = -1,
  };
  walk_svg (&walk, fd);
  close (fd);

  if (!walk.seen_work)
    {
      g_set_error (error, DATA_ERROR, DATA_ERROR_INVALID, "no metadata%s%s",
                   metadata->problem != NULL ? ": " : "",
                   metadata->problem != NULL ? metadata->problem : "");
      return NULL;
    }
  return g_steal_pointer (&metadata);
}

void
data_svg_metadata_free (DataSvgMetadata *metadata)
{
  if (metadata == NULL)
    return;
  g_clear_pointer (&metadata->fields, g_ptr_array_unref);
  g_free (metadata->problem);
  g_free (metadata);
}

const GPtrArray *
data_svg_metadata_get (const DataSvgMetadata *metadata, const char *name)
{
  const DataSvgField *field = find_field (metadata, name);
  return field != NULL && field->values->len > 0 ? field->values : NULL;
}
