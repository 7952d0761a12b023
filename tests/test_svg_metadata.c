/* The words of SVGs as they come: other encodings, broken XML, entities. */
#include "models/data/dataset.h"
#include "models/data/svg_metadata.h"
#include "tests/temporary.h"

#include <string.h>
#include <glib/gstdio.h>

#define RDF_START                                                                                  \
  "<svg xmlns='http://www.w3.org/2000/svg'><metadata>"                                             \
  "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'"                               \
  " xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:cc='http://web.resource.org/cc/'>"           \
  "<cc:Work rdf:about=''>"
#define RDF_END "</cc:Work></rdf:RDF></metadata><path d='M0 0'/></svg>"

static char *folder;

/* Reads an SVG of these bytes; NULL with the reason. */
static DataSvgMetadata *
read_svg (const void *bytes, gssize length, GError **error)
{
  g_autofree char *path = g_build_filename (folder, "test.svg", NULL);
  g_assert_true (g_file_set_contents (path, bytes, length, NULL));
  return data_svg_metadata_read (path, error);
}

/* All values of a field with '|' between. */
static void
assert_field (const DataSvgMetadata *metadata, const char *name, const char *expected)
{
  const GPtrArray *values = data_svg_metadata_get (metadata, name);
  g_autoptr (GString) joined = g_string_new (NULL);
  for (guint i = 0; values != NULL && i < values->len; i++)
    g_string_append_printf (joined, "%s%s", i > 0 ? "|" : "", (char *) values->pdata[i]);
  g_assert_cmpstr (joined->str, ==, expected);
}

static void
test_fields (void)
{
  g_autoptr (DataSvgMetadata) metadata =
      read_svg (RDF_START "<dc:title> Cat &amp; <![CDATA[<dog>]]>\n</dc:title>"
                          "<dc:subject><rdf:Bag><rdf:li>pet</rdf:li><rdf:li> </rdf:li><rdf:li/>"
                          "<rdf:li>house_cat</rdf:li></rdf:Bag></dc:subject>"
                          "<dc:description></dc:description>"
                          "<dc:creator><cc:Agent><dc:title>Ann</dc:title></cc:Agent></dc:creator>"
                          "<cc:license rdf:resource='http://pd/'/>"
                          "<dc:title>Again</dc:title>" RDF_END
                          "<metadata><Work><title>not read</title></Work></metadata>",
                -1, NULL);
  g_assert_nonnull (metadata);
  g_assert_null (metadata->problem);
  assert_field (metadata, "title", "Cat & <dog>|Again");
  assert_field (metadata, "subject", "pet|house_cat");
  assert_field (metadata, "description", "");
  assert_field (metadata, "creator", "Ann");
  assert_field (metadata, "license", "http://pd/");
  assert_field (metadata, "nonsense", "");
}

static void
test_encodings (void)
{
  static const char *const encodings[] = { "ISO-8859-1", "UTF-16", "UTF-16LE", "UTF-16BE",
                                           "UTF-8" };
  for (gsize i = 0; i < G_N_ELEMENTS (encodings); i++)
    {
      const char *declared = g_str_has_prefix (encodings[i], "UTF-16") ? "UTF-16" : encodings[i];
      g_autofree char *text = g_strdup_printf (
          "%s<?xml version='1.0' encoding='%s'?>" RDF_START
          "<dc:title>Caf\303\251</dc:title>" RDF_END,
          g_str_has_prefix (encodings[i], "UTF-16") && strlen (encodings[i]) > 6 ? "\357\273\277"
                                                                                 : "",
          declared);
      gsize length = 0;
      g_autofree char *bytes = g_convert (text, -1, encodings[i], "UTF-8", NULL, &length, NULL);
      g_assert_nonnull (bytes);
      g_autoptr (DataSvgMetadata) metadata = read_svg (bytes, (gssize) length, NULL);
      g_assert_nonnull (metadata);
      g_assert_null (metadata->problem);
      assert_field (metadata, "title", "Caf\303\251");
    }
}

/* What comes after the first error is read too. */
static void
test_broken (void)
{
  g_autoptr (DataSvgMetadata) metadata =
      read_svg ("<?xml version='1'?>\n" RDF_START "<dc:title>Salt & pepper</dc:title>"
                "<nobody:description>knows &lt;this&gt; prefix</nobody:description>"
                "<dc:subject><rdf:Bag><rdf:li>spice</rdf:li>",
                -1, NULL);
  g_assert_nonnull (metadata);
  g_assert_true (g_str_has_prefix (metadata->problem, "broken XML, line 1: "));
  g_assert_null (strchr (metadata->problem, '\n'));
  g_assert_true (g_str_has_prefix (data_svg_metadata_get (metadata, "title")->pdata[0], "Salt"));
  assert_field (metadata, "description", "knows <this> prefix");
  assert_field (metadata, "subject", "spice");
}

static void
test_nothing (void)
{
  static const char *const texts[] = {
    "", "no XML at all", "<svg><path/></svg>", "<svg><metadata></metadata></svg>", "\x89PNG\r\n",
  };
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_null (read_svg (texts[i], -1, &error));
      g_assert_error (error, DATA_ERROR, DATA_ERROR_INVALID);
      g_assert_true (g_str_has_prefix (error->message, "no metadata"));
    }

  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (folder, "none.svg", NULL);
  g_assert_null (data_svg_metadata_read (path, &error));
  g_assert_error (error, DATA_ERROR, DATA_ERROR_MISSING);
}

/* Entities of a document's own are never expanded, those outside never fetched. */
static void
test_entities (void)
{
  GString *svg = g_string_new ("<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY a0 'boom '>");
  for (int i = 1; i < 30; i++)
    g_string_append_printf (svg, "<!ENTITY a%d '&a%d;&a%d;&a%d;&a%d;'>", i, i - 1, i - 1, i - 1,
                            i - 1);
  g_string_append (svg, "<!ENTITY file SYSTEM 'file:///etc/passwd'><!ENTITY % pe SYSTEM "
                        "'http://localhost:1/x'>%pe;]>" RDF_START
                        "<dc:title q='&a29;'>before &a29;&file;after</dc:title>"
                        "<dc:description>&a29;</dc:description>" RDF_END);
  g_autoptr (DataSvgMetadata) metadata = read_svg (svg->str, (gssize) svg->len, NULL);
  g_string_free (svg, TRUE);
  g_assert_nonnull (metadata);
  assert_field (metadata, "title", "before after");
  assert_field (metadata, "description", "");
}

/* Text is limited, at a character's border, and so are fields. */
static void
test_limits (void)
{
  g_autoptr (GString) svg = g_string_new (RDF_START "<dc:description>x");
  for (int i = 0; i < 100000; i++)
    g_string_append (svg, "\303\251");
  g_string_append (svg, "</dc:description><dc:title>late</dc:title>");
  for (int i = 0; i < 1000; i++)
    g_string_append_printf (svg, "<f%d>late</f%d>", i, i);
  g_string_append (svg, RDF_END);
  g_autoptr (DataSvgMetadata) metadata = read_svg (svg->str, (gssize) svg->len, NULL);
  const GPtrArray *values = data_svg_metadata_get (metadata, "description");
  g_assert_cmpuint (values->len, ==, 1);
  g_assert_cmpuint (strlen (values->pdata[0]), <=, 64 * 1024 + 2);
  g_assert_true (g_utf8_validate (values->pdata[0], -1, NULL));
  g_assert_cmpuint (metadata->fields->len, <=, 64);
  g_assert_nonnull (metadata->problem);
  assert_field (metadata, "title", "");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  folder = temporary_folder ();
  g_test_add_func ("/svg-metadata/fields", test_fields);
  g_test_add_func ("/svg-metadata/encodings", test_encodings);
  g_test_add_func ("/svg-metadata/broken", test_broken);
  g_test_add_func ("/svg-metadata/nothing", test_nothing);
  g_test_add_func ("/svg-metadata/entities", test_entities);
  g_test_add_func ("/svg-metadata/limits", test_limits);
  int status = g_test_run ();
  temporary_remove (folder);
  g_free (folder);
  return status;
}
