#include "app/session/snapshot.h"

#include "models/data/picture.h"
#include "models/run/events.h"

#include <string.h>

#define MAX_PROBES 1024
#define MAX_DOCUMENT (16 * 1024 * 1024)
#define PICTURE_SIZE 256
#define MAX_BYTES (32 * 1024 * 1024) /* of all pictures: with many of them each is smaller */

static void
probes_clear (gpointer data)
{
  WbProbes *probes = data;

  for (guint i = 0; i < probes->n; i++)
    {
      g_free (probes->ids[i]);
      g_free (probes->captions[i]);
      g_free (probes->pictures[i]);
    }
  g_free (probes->ids);
  g_free (probes->captions);
  g_free (probes->pictures);
}

WbProbes *
wb_probes_ref (WbProbes *probes)
{
  return g_atomic_rc_box_acquire (probes);
}

void
wb_probes_unref (WbProbes *probes)
{
  if (probes)
    g_atomic_rc_box_release_full (probes, probes_clear);
}

static char *
dup_member (const cJSON *object, const char *name)
{
  const char *text = run_event_text (object, name);

  return g_utf8_make_valid (text ? text : "", -1);
}

/* A name without folders: probes.json may come from anywhere. */
static guint8 *
read_picture (const char *folder, const char *name, guint size)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree guint8 *rgb = g_malloc ((gsize) size * size * 3);

  if (*name == '\0' || strchr (name, G_DIR_SEPARATOR)
      || !data_picture_load (rgb, path, size, DATA_FIT_PAD, NULL))
    return NULL;
  return g_steal_pointer (&rgb);
}

static WbProbes *
probes_new (guint n)
{
  WbProbes *probes = g_atomic_rc_box_new0 (WbProbes);

  probes->n = n;
  probes->size = PICTURE_SIZE;
  while ((gsize) probes->size * probes->size * 3 * n > MAX_BYTES)
    probes->size /= 2;
  probes->ids = g_new0 (char *, n);
  probes->captions = g_new0 (char *, n);
  probes->pictures = g_new0 (guint8 *, n);
  return probes;
}

static WbProbes *
parse (const cJSON *list, const char *folder)
{
  WbProbes *probes = probes_new ((guint) MIN (cJSON_GetArraySize (list), MAX_PROBES));
  guint i = 0;
  const cJSON *probe;

  cJSON_ArrayForEach (probe, list)
  {
    if (i == probes->n)
      break;
    g_autofree char *picture = dup_member (probe, "picture");
    probes->ids[i] = dup_member (probe, "id");
    probes->captions[i] = dup_member (probe, "caption");
    probes->pictures[i++] = read_picture (folder, picture, probes->size);
  }
  return probes;
}

WbProbes *
wb_probes_read (const char *run, GError **error)
{
  g_autofree char *folder = g_build_filename (run, "probes", NULL);
  g_autofree char *path = g_build_filename (folder, "probes.json", NULL);
  g_autofree char *text = NULL;
  gsize length;

  if (!g_file_get_contents (path, &text, &length, error))
    return NULL;
  cJSON *list = length <= MAX_DOCUMENT ? cJSON_ParseWithLength (text, length) : NULL;
  WbProbes *probes = cJSON_IsArray (list) ? parse (list, folder) : NULL;
  if (!probes)
    g_set_error (error, WB_SNAPSHOT_ERROR, WB_SNAPSHOT_ERROR_FORMAT, "%s is not a list of probes",
                 path);
  cJSON_Delete (list);
  data_picture_thread_done ();
  return probes;
}
