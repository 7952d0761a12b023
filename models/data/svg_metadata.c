/* The words of an SVG, read with libxml2's streaming reader.
 *
 *   metadata > RDF > Work > title | description | ... > text
 *                         > subject > Bag > li > text
 *                         > creator | publisher | ... > Agent > title > text
 *                         > license (rdf:resource="...")
 *
 * Each element directly in Work is a field, each run of text below it a value.  Namespaces are not
 * looked at: in files that went through many hands their declarations are what breaks first.
 * Entities stay unexpanded (XML_PARSE_NOENT is off), so none can grow; libxml2 itself limits what
 * attributes do. */

#include "models/data/svg_metadata.h"

#include "models/data/dataset.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <libxml/xmlreader.h>

#define MAX_FILE_BYTES (64 * 1024 * 1024)
#define MAX_TEXT_BYTES (64 * 1024)
#define MAX_NODES (4 * 1024 * 1024)
#define MAX_FIELDS 64

/* Where the reader is; depths are -1 while outside. */
typedef struct
{
  DataSvgMetadata *metadata;
  GString *text;
  DataSvgField *field;
  gsize text_bytes;
  int metadata_depth;
  int work_depth;
  gboolean seen_work;
} Walk;

typedef struct
{
  int fd;
  gsize n_bytes;
} Input;

static int
read_input (void *input_pointer, char *buffer, int size)
{
  Input *input = input_pointer;
  gssize n = 0;
  if (input->n_bytes < MAX_FILE_BYTES)
    do
      n = read (input->fd, buffer, (gsize) size);
    while (n < 0 && errno == EINTR);
  if (n > 0)
    input->n_bytes += (gsize) n;
  return (int) n;
}

/* Keeps the first fatal error: the others are its consequences, and the rest are matters of taste.
 */
static void
on_xml_error (void *metadata_pointer, xmlErrorPtr xml_error)
{
  DataSvgMetadata *metadata = metadata_pointer;
  if (metadata->problem != NULL || xml_error->level < XML_ERR_FATAL)
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
      field->name = g_strdup (name);
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
start_element (Walk *walk, xmlTextReaderPtr reader, const char *name, int depth)
{
  if (walk->metadata_depth < 0)
    {
      if (strcmp (name, "metadata") == 0)
        walk->metadata_depth = depth;
      return;
    }
  if (walk->work_depth < 0)
    {
      if (strcmp (name, "Work") == 0)
        {
          walk->work_depth = depth;
          walk->seen_work = TRUE;
        }
      return;
    }

  end_text (walk);
  if (depth == walk->work_depth + 1)
    walk->field = get_field (walk->metadata, name);
  if (walk->field == NULL)
    return;
  xmlChar *resource = xmlTextReaderGetAttribute (reader, BAD_CAST "rdf:resource");
  if (resource != NULL)
    add_value (walk, (const char *) resource);
  xmlFree (resource);
}

/* FALSE at the end of <metadata>. */
static gboolean
end_element (Walk *walk, int depth)
{
  end_text (walk);
  if (depth == walk->work_depth + 1)
    walk->field = NULL;
  if (depth == walk->work_depth)
    walk->work_depth = -1;
  return depth != walk->metadata_depth;
}

/* FALSE when there is nothing more to look for. */
static gboolean
visit_node (Walk *walk, xmlTextReaderPtr reader)
{
  const int depth = xmlTextReaderDepth (reader);
  const char *name = (const char *) xmlTextReaderConstLocalName (reader);
  const char *value;

  switch (xmlTextReaderNodeType (reader))
    {
    case XML_READER_TYPE_ELEMENT:
      /* A prefix nobody declared stays part of the local name. */
      if (name != NULL && strrchr (name, ':') != NULL)
        name = strrchr (name, ':') + 1;
      start_element (walk, reader, name != NULL ? name : "", depth);
      return !xmlTextReaderIsEmptyElement (reader) || end_element (walk, depth);
    case XML_READER_TYPE_END_ELEMENT:
      return end_element (walk, depth);
    case XML_READER_TYPE_TEXT:
    case XML_READER_TYPE_CDATA:
    case XML_READER_TYPE_SIGNIFICANT_WHITESPACE:
      value = (const char *) xmlTextReaderConstValue (reader);
      if (walk->field != NULL && value != NULL && walk->text->len <= MAX_TEXT_BYTES)
        g_string_append_len (walk->text, value, strnlen (value, MAX_TEXT_BYTES + 1));
      return TRUE;
    default:
      return TRUE;
    }
}

static void
walk_svg (Walk *walk, Input *input)
{
  const int options = XML_PARSE_RECOVER | XML_PARSE_NONET;
  xmlTextReaderPtr reader = xmlReaderForIO (read_input, NULL, input, NULL, NULL, options);
  if (reader == NULL)
    return;
  xmlTextReaderSetStructuredErrorHandler (reader, on_xml_error, walk->metadata);
  for (int n = 0; n < MAX_NODES && xmlTextReaderRead (reader) == 1; n++)
    if (!visit_node (walk, reader))
      break;
  end_text (walk);
  xmlFreeTextReader (reader);
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
  Input input = { .fd = open_regular_file (path, error) };
  if (input.fd < 0)
    return NULL;

  g_autoptr (DataSvgMetadata) metadata = g_new0 (DataSvgMetadata, 1);
  metadata->fields = g_ptr_array_new_with_free_func (free_field);
  g_autoptr (GString) text = g_string_new (NULL);
  Walk walk = { .metadata = metadata, .text = text, .metadata_depth = -1, .work_depth = -1 };
  walk_svg (&walk, &input);
  close (input.fd);

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
