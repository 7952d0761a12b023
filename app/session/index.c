#include "app/session/index.h"

#include <glib/gstdio.h>
#include <math.h>
#include <sqlite3.h>
#include <string.h>

#define VERSION 1 /* of the schema; another one is replaced */
#define PATIENCE_MS 2000

struct _WbIndex
{
  sqlite3 *db;
  char *path;
  gboolean fresh; /* without a table, until it is first written to */
};

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS runs ("
    " root TEXT, id TEXT, name TEXT, method TEXT, data TEXT, reason TEXT, state INTEGER,"
    " step INTEGER, total INTEGER, recall REAL, keep_rate REAL, created INTEGER, colour INTEGER,"
    " events_size INTEGER, events_time INTEGER, config_time INTEGER, spark BLOB, words TEXT,"
    " PRIMARY KEY (root, id)) WITHOUT ROWID;"
    "PRAGMA user_version = " G_STRINGIFY (VERSION);

G_DEFINE_QUARK (wb_index_error, wb_index_error)

char *
wb_index_default_path (void)
{
  return g_build_filename (g_get_user_cache_dir (), "penumbra", "runs.sqlite", NULL);
}

static gboolean
fail (GError **error, const WbIndex *index, const char *doing)
{
  g_set_error (error, WB_INDEX_ERROR, WB_INDEX_ERROR_DISK,
               "cannot %s the index of runs %s: %s; it can be deleted, the runs are not in it",
               doing, index->path, index->db ? sqlite3_errmsg (index->db) : "no memory");
  return FALSE;
}

void
wb_index_free (WbIndex *index)
{
  if (index == NULL)
    return;
  sqlite3_close (index->db);
  g_free (index->path);
  g_free (index);
}

/* The schema's version in the file, 0 for a new one, -1 for a file that is no index. */
static int
read_version (WbIndex *index)
{
  sqlite3_stmt *statement = NULL;
  int version = -1;

  if (sqlite3_prepare_v2 (index->db, "PRAGMA user_version", -1, &statement, NULL) == SQLITE_OK
      && sqlite3_step (statement) == SQLITE_ROW)
    version = sqlite3_column_int (statement, 0);
  sqlite3_finalize (statement);
  return version;
}

static gboolean
connect_to (WbIndex *index)
{
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;

  if (sqlite3_open_v2 (index->path, &index->db, flags, NULL) != SQLITE_OK)
    return FALSE;
  sqlite3_busy_timeout (index->db, PATIENCE_MS);
  return TRUE;
}

static gboolean
is_damaged (const WbIndex *index)
{
  const int code = index->db ? sqlite3_errcode (index->db) : SQLITE_OK;

  return code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
}

static gboolean
replace (WbIndex *index)
{
  g_autofree char *journal = g_strconcat (index->path, "-journal", NULL);

  g_clear_pointer (&index->db, sqlite3_close);
  g_remove (index->path);
  g_remove (journal);
  return connect_to (index);
}

WbIndex *
wb_index_open (const char *path, gboolean *fresh, GError **error)
{
  g_autoptr (WbIndex) index = g_new0 (WbIndex, 1);
  g_autofree char *folder = g_path_get_dirname (path);

  index->path = g_strdup (path);
  g_mkdir_with_parents (folder, 0700);
  gboolean ok = connect_to (index);
  int version = ok ? read_version (index) : -1;
  if ((version < 0 && is_damaged (index)) || (version > 0 && version != VERSION))
    {
      ok = replace (index);
      version = ok ? read_version (index) : -1;
    }
  *fresh = index->fresh = version == 0;
  if (version < 0)
    {
      fail (error, index, "open");
      return NULL;
    }
  return g_steal_pointer (&index);
}

static char *
dup_text (sqlite3_stmt *statement, int column)
{
  const char *text = (const char *) sqlite3_column_text (statement, column);

  return text ? g_utf8_make_valid (text, -1) : NULL;
}

static double
get_number (sqlite3_stmt *statement, int column)
{
  return sqlite3_column_type (statement, column) == SQLITE_NULL
             ? NAN
             : sqlite3_column_double (statement, column);
}

static void
read_spark (WbSummary *summary, sqlite3_stmt *statement, int column)
{
  const void *blob = sqlite3_column_blob (statement, column);
  const gsize bytes = MIN ((gsize) sqlite3_column_bytes (statement, column), sizeof summary->spark);

  summary->n_spark = (guint) (bytes / sizeof *summary->spark);
  if (blob)
    memcpy (summary->spark, blob, summary->n_spark * sizeof *summary->spark);
}

static WbSummary *
read_summary (sqlite3_stmt *statement)
{
  WbSummary *summary = g_new0 (WbSummary, 1);
  const gint64 colour = sqlite3_column_int64 (statement, 10);

  summary->id = dup_text (statement, 0);
  summary->name = dup_text (statement, 1);
  summary->method = dup_text (statement, 2);
  summary->data = dup_text (statement, 3);
  summary->reason = dup_text (statement, 4);
  summary->state = (WbRunState) CLAMP (sqlite3_column_int (statement, 5), 0, WB_RUN_KILLED);
  summary->step = MAX (0, sqlite3_column_int64 (statement, 6));
  summary->total = MAX (0, sqlite3_column_int64 (statement, 7));
  summary->recall = get_number (statement, 8);
  summary->keep_rate = get_number (statement, 9);
  summary->colour = colour >= 0 && colour < WB_N_COLOURS ? (guint) colour : WB_NO_COLOUR;
  summary->created = MAX (0, sqlite3_column_int64 (statement, 11));
  summary->stamp.events_size = sqlite3_column_int64 (statement, 12);
  summary->stamp.events_time = sqlite3_column_int64 (statement, 13);
  summary->stamp.config_time = sqlite3_column_int64 (statement, 14);
  read_spark (summary, statement, 15);
  return summary;
}

GPtrArray *
wb_index_load (WbIndex *index, const char *root, GError **error)
{
  static const char query[] =
      "SELECT id, name, method, data, reason, state, step, total, recall, keep_rate, colour,"
      " created, events_size, events_time, config_time, spark FROM runs WHERE root = ?";
  g_autoptr (GPtrArray) summaries =
      g_ptr_array_new_with_free_func ((GDestroyNotify) wb_summary_free);
  sqlite3_stmt *statement = NULL;

  if (index->fresh)
    return g_steal_pointer (&summaries);
  int code = sqlite3_prepare_v2 (index->db, query, -1, &statement, NULL);
  if (code == SQLITE_OK)
    code = sqlite3_bind_text (statement, 1, root, -1, SQLITE_STATIC);
  while (code == SQLITE_OK || code == SQLITE_ROW)
    {
      code = sqlite3_step (statement);
      if (code == SQLITE_ROW && sqlite3_column_text (statement, 0))
        g_ptr_array_add (summaries, read_summary (statement));
    }
  sqlite3_finalize (statement);
  if (code != SQLITE_DONE)
    {
      fail (error, index, "read");
      return NULL;
    }
  return g_steal_pointer (&summaries);
}

/* What search looks through. */
static char *
gather_words (const WbSummary *summary)
{
  g_autofree char *words = g_strdup_printf (
      "%s %s %s %s %s k%.3g %s", summary->id, summary->name, summary->method ? summary->method : "",
      summary->data ? summary->data : "", wb_run_state_name (summary->state), summary->keep_rate,
      summary->reason ? summary->reason : "");
  g_autofree char *valid = g_utf8_make_valid (words, -1);

  return g_utf8_casefold (valid, -1);
}

static void
bind_texts (sqlite3_stmt *statement, const char *root, const WbSummary *summary, const char *words)
{
  const char *const texts[] = { root,          summary->id,     summary->name, summary->method,
                                summary->data, summary->reason, words };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    sqlite3_bind_text (statement, (int) i + 1, texts[i], -1, SQLITE_STATIC);
}

static void
bind_numbers (sqlite3_stmt *statement, const WbSummary *summary)
{
  const gint64 colour = summary->colour == WB_NO_COLOUR ? -1 : (gint64) summary->colour;
  const gint64 wholes[] = { (gint64) summary->state,
                            summary->step,
                            summary->total,
                            summary->created,
                            colour,
                            summary->stamp.events_size,
                            summary->stamp.events_time,
                            summary->stamp.config_time };

  for (guint i = 0; i < G_N_ELEMENTS (wholes); i++)
    sqlite3_bind_int64 (statement, (int) i + 8, wholes[i]);
  /* NAN becomes NULL. */
  sqlite3_bind_double (statement, 16, summary->recall);
  sqlite3_bind_double (statement, 17, summary->keep_rate);
  sqlite3_bind_blob (statement, 18, summary->spark,
                     (int) (summary->n_spark * sizeof *summary->spark), SQLITE_STATIC);
}

static gboolean
write_summary (sqlite3_stmt *statement, const char *root, const WbSummary *summary)
{
  g_autofree char *words = gather_words (summary);

  bind_texts (statement, root, summary, words);
  bind_numbers (statement, summary);
  const gboolean ok = sqlite3_step (statement) == SQLITE_DONE;
  return sqlite3_reset (statement) == SQLITE_OK && ok;
}

static gboolean
write_all (WbIndex *index, const char *root, WbSummary *const *summaries, guint n)
{
  static const char query[] =
      "INSERT OR REPLACE INTO runs (root, id, name, method, data, reason, words, state, step,"
      " total, created, colour, events_size, events_time, config_time, recall, keep_rate, spark)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
  sqlite3_stmt *statement = NULL;
  gboolean ok = sqlite3_prepare_v2 (index->db, query, -1, &statement, NULL) == SQLITE_OK;

  for (guint i = 0; i < n && ok; i++)
    ok = write_summary (statement, root, summaries[i]);
  sqlite3_finalize (statement);
  return ok;
}

static gboolean
remove_all (WbIndex *index, const char *root, const char *const *ids)
{
  sqlite3_stmt *statement = NULL;
  gboolean ok = sqlite3_prepare_v2 (index->db, "DELETE FROM runs WHERE root = ? AND id = ?", -1,
                                    &statement, NULL)
                == SQLITE_OK;

  for (; ok && ids && *ids; ids++)
    {
      sqlite3_bind_text (statement, 1, root, -1, SQLITE_STATIC);
      sqlite3_bind_text (statement, 2, *ids, -1, SQLITE_STATIC);
      ok = sqlite3_step (statement) == SQLITE_DONE;
      sqlite3_reset (statement);
    }
  sqlite3_finalize (statement);
  return ok;
}

gboolean
wb_index_save (WbIndex *index, const char *root, WbSummary *const *summaries, guint n,
               const char *const *removed, GError **error)
{
  if (sqlite3_exec (index->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK
      && (!index->fresh || sqlite3_exec (index->db, schema, NULL, NULL, NULL) == SQLITE_OK)
      && write_all (index, root, summaries, n) && remove_all (index, root, removed)
      && sqlite3_exec (index->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK)
    {
      index->fresh = FALSE;
      return TRUE;
    }
  fail (error, index, "write");
  if (!sqlite3_get_autocommit (index->db))
    sqlite3_exec (index->db, "ROLLBACK", NULL, NULL, NULL);
  return FALSE;
}

/* A condition for each word. */
static char *
build_find (char **words)
{
  GString *query = g_string_new ("SELECT id FROM runs WHERE root = ?");

  for (; *words; words++)
    if (**words)
      g_string_append (query, " AND instr (words, ?) > 0");
  return g_string_free (query, FALSE);
}

GPtrArray *
wb_index_find (WbIndex *index, const char *root, const char *query, GError **error)
{
  g_autofree char *valid = g_utf8_make_valid (query, -1);
  g_autofree char *folded = g_utf8_casefold (valid, -1);
  g_auto (GStrv) words = g_strsplit_set (folded, " \t\n", 64);
  g_autofree char *text = build_find (words);
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);
  sqlite3_stmt *statement = NULL;
  int parameter = 1;

  if (index->fresh)
    return g_steal_pointer (&ids);
  int code = sqlite3_prepare_v2 (index->db, text, -1, &statement, NULL);
  sqlite3_bind_text (statement, parameter++, root, -1, SQLITE_STATIC);
  for (char **word = words; *word; word++)
    if (**word)
      sqlite3_bind_text (statement, parameter++, *word, -1, SQLITE_STATIC);
  while (code == SQLITE_OK || code == SQLITE_ROW)
    if ((code = sqlite3_step (statement)) == SQLITE_ROW)
      g_ptr_array_add (ids, dup_text (statement, 0));
  sqlite3_finalize (statement);
  if (code != SQLITE_DONE)
    {
      fail (error, index, "search");
      return NULL;
    }
  return g_steal_pointer (&ids);
}
