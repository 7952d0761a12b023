/* events.jsonl: one JSON object a line, only ever appended. Each has a "type"; most have a "step",
 * the number of optimiser updates made before it. A resumed run appends {"type":"resume","step":s}
 * and goes on from s, so what stands above that line with a later step did not, in the end, happen.
 */
#pragma once

#include <cjson/cJSON.h>
#include <glib.h>

G_BEGIN_DECLS

/* One event being put together. Names must be given once each. */
typedef struct RunEvent RunEvent;

RunEvent *run_event_new (const char *type);
void run_event_free (RunEvent *event);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RunEvent, run_event_free)
void run_event_add_whole (RunEvent *event, const char *name, gint64 value);

/* Written as %.9g, which any float survives; null when it is not finite. */
void run_event_add_number (RunEvent *event, const char *name, double value);

/* Invalid UTF-8 is replaced; NULL adds nothing. */
void run_event_add_text (RunEvent *event, const char *name, const char *value);

/* A list of objects that are put together like events: `items` (RunEvent, of run_event_item_new)
 * stay the caller's. */
RunEvent *run_event_item_new (void);
void run_event_add_items (RunEvent *event, const char *name, const GPtrArray *items);

/* The writer, of the process that holds the run's lock. */
typedef struct RunEvents RunEvents;

/* Opens events.jsonl at `path`, making it if need be, and cuts what follows its last newline: the
 * half line of a trainer that was killed. */
RunEvents *run_events_open (const char *path, GError **error);
void run_events_free (RunEvents *events);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RunEvents, run_events_free)

/* Appends one line and frees the event. On failure (a full disk) the file ends as before, with a
 * whole line, and a later append may succeed. */
gboolean run_events_append (RunEvents *events, RunEvent *event, GError **error);

/* Puts what was appended on the disk for good; before a checkpoint is committed. */
gboolean run_events_sync (RunEvents *events, GError **error);

/* A reader that can follow a live file. It holds the events that count: those dropped by a resume
 * are gone, as are lines that are not events; a last line without newline waits. One thread. */
typedef struct RunEventReader RunEventReader;

RunEventReader *run_event_reader_new (const char *path);
void run_event_reader_free (RunEventReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RunEventReader, run_event_reader_free)

/* Reads what has been appended since. `changed` (or NULL) gets the index of the first event that is
 * new or has moved; events before it are as they were. An absent file has no events. */
gboolean run_event_reader_poll (RunEventReader *reader, guint *changed, GError **error);

guint run_event_reader_count (const RunEventReader *reader);

/* Valid until the next get or poll; never NULL. */
const cJSON *run_event_reader_get (RunEventReader *reader, guint index);

/* Whole lines that were not events. */
guint run_event_reader_skipped (const RunEventReader *reader);

/* Members of an event; what is absent or of another type gives NULL, -1 and NAN. */
const char *run_event_text (const cJSON *event, const char *name);
gint64 run_event_whole (const cJSON *event, const char *name);
double run_event_number (const cJSON *event, const char *name);

G_END_DECLS
