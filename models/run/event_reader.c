/* Following events.jsonl. Events are kept as text, a fifth of the memory of parsed JSON: a long run
 * has hundreds of thousands. */
#include "models/run/events.h"

#include "models/run/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK 65536
#define MAX_LINE (1024 * 1024)
#define TAIL 96

typedef struct
{
  char *line;
  gint64 step; /* -1: none */
} Entry;

struct RunEventReader
{
  char *path;
  GArray *entries;
  cJSON *current;
  gint64 read;     /* bytes of whole lines taken; half a line may yet be cut, so it is read again */
  char tail[TAIL]; /* the last of them, by which another file in the same place is told */
  guint skipped;
};

static void
entry_clear (gpointer data)
{
  g_free (((Entry *) data)->line);
}

RunEventReader *
run_event_reader_new (const char *path)
{
  RunEventReader *reader = g_new0 (RunEventReader, 1);

  reader->path = g_strdup (path);
  reader->entries = g_array_new (FALSE, FALSE, sizeof (Entry));
  g_array_set_clear_func (reader->entries, entry_clear);
  return reader;
}

void
run_event_reader_free (RunEventReader *reader)
{
  if (reader == NULL)
    return;
  cJSON_Delete (reader->current);
  g_array_unref (reader->entries);
  g_free (reader->path);
  g_free (reader);
}

/* Drops events of later steps. Returns the index of the first that went. */
static guint
rewind_to (RunEventReader *reader, gint64 step)
{
  guint first = reader->entries->len;
  guint kept = 0;

  for (guint i = 0; i < reader->entries->len; i++)
    {
      Entry *entry = &g_array_index (reader->entries, Entry, i);

      if (entry->step > step)
        {
          first = MIN (first, i);
          g_clear_pointer (&entry->line, g_free);
          continue;
        }
      Entry moved = *entry;
      entry->line = NULL;
      g_array_index (reader->entries, Entry, kept++) = moved;
    }
  g_array_set_size (reader->entries, kept);
  return first;
}

static void
take_line (RunEventReader *reader, const char *text, gsize length, guint *changed)
{
  /* cJSON reads over zeros, which a machine that lost power may leave in a file. */
  cJSON *event = memchr (text, '\0', length) ? NULL : cJSON_ParseWithLength (text, length);
  const char *type = cJSON_IsObject (event) ? run_event_text (event, "type") : NULL;
  Entry entry = { NULL, -1 };

  if (type == NULL)
    {
      reader->skipped++;
      cJSON_Delete (event);
      return;
    }
  entry.step = run_event_whole (event, "step");
  if (strcmp (type, "resume") == 0 && entry.step >= 0)
    {
      guint first = rewind_to (reader, entry.step);
      *changed = MIN (*changed, first);
    }
  entry.line = g_strndup (text, length);
  g_array_append_val (reader->entries, entry);
  cJSON_Delete (event);
}

/* Takes the whole lines of a piece; returns their bytes. */
static gsize
take_lines (RunEventReader *reader, const char *text, gsize length, guint *changed)
{
  const char *start = text;
  const char *newline;

  while ((newline = memchr (start, '\n', length - (gsize) (start - text))))
    {
      take_line (reader, start, (gsize) (newline - start), changed);
      start = newline + 1;
    }
  return (gsize) (start - text);
}

static gboolean
read_on (RunEventReader *reader, int fd, guint *changed)
{
  g_autoptr (GByteArray) pending = g_byte_array_new ();
  g_autofree guint8 *chunk = g_malloc (CHUNK);
  gint64 at = reader->read;
  gboolean too_long = FALSE;
  gssize got;

  while ((got = pread (fd, chunk, CHUNK, at)) > 0)
    {
      const guint8 *from = chunk;
      gsize length = (gsize) got;
      const guint8 *newline = too_long ? memchr (chunk, '\n', length) : NULL;

      at += got;
      if (too_long && !newline)
        continue;
      if (too_long)
        {
          reader->skipped++;
          too_long = FALSE;
          length -= (gsize) (newline + 1 - from);
          from = newline + 1;
          reader->read = at - (gint64) length;
        }
      g_byte_array_append (pending, from, (guint) length);
      gsize taken = take_lines (reader, (const char *) pending->data, pending->len, changed);
      g_byte_array_remove_range (pending, 0, (guint) taken);
      reader->read += (gint64) taken;
      too_long = pending->len > MAX_LINE;
      if (too_long)
        g_byte_array_set_size (pending, 0);
    }
  return got == 0;
}

/* Whole lines are only ever appended to, so what has been read must still be there. */
static gboolean
is_another_file (const RunEventReader *reader, int fd, gint64 size)
{
  const gsize length = (gsize) MIN (reader->read, TAIL);
  char tail[TAIL];

  return size < reader->read
         || pread (fd, tail, length, reader->read - (gint64) length) != (gssize) length
         || memcmp (tail, reader->tail, length) != 0;
}

static gboolean
remember_tail (RunEventReader *reader, int fd)
{
  const gsize length = (gsize) MIN (reader->read, TAIL);

  return pread (fd, reader->tail, length, reader->read - (gint64) length) == (gssize) length;
}

gboolean
run_event_reader_poll (RunEventReader *reader, guint *changed, GError **error)
{
  guint first = reader->entries->len;
  struct stat info;
  int fd = open (reader->path, O_RDONLY | O_CLOEXEC);

  g_clear_pointer (&reader->current, cJSON_Delete);
  if (changed)
    *changed = first;
  if (fd < 0)
    return errno == ENOENT ? TRUE : run_fail (error, "read", reader->path, errno);
  gboolean ok = fstat (fd, &info) == 0;
  if (ok && is_another_file (reader, fd, info.st_size))
    {
      g_array_set_size (reader->entries, 0);
      reader->read = 0;
      first = 0;
    }
  if (ok && info.st_size > reader->read)
    ok = read_on (reader, fd, &first) && remember_tail (reader, fd);
  if (!ok)
    run_fail (error, "read", reader->path, errno);
  close (fd);
  if (changed)
    *changed = first;
  return ok;
}

guint
run_event_reader_count (const RunEventReader *reader)
{
  return reader->entries->len;
}

const cJSON *
run_event_reader_get (RunEventReader *reader, guint index)
{
  g_assert (index < reader->entries->len);
  cJSON_Delete (reader->current);
  reader->current = cJSON_Parse (g_array_index (reader->entries, Entry, index).line);
  g_assert (reader->current != NULL);
  return reader->current;
}

guint
run_event_reader_skipped (const RunEventReader *reader)
{
  return reader->skipped;
}
