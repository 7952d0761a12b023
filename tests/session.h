/* What tests of the session share: run folders made by hand, and waiting for the main loop. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Makes root/id with the config of preset nano and a schedule of 100 steps (g_free). */
char *session_make_run (const char *root, const char *id);

/* Appends text to a file of a folder, made if need be. */
void session_append (const char *folder, const char *name, const char *text);

/* Replaces a file of a folder by another file. */
void session_replace (const char *folder, const char *name, const char *text);

/* Appends step events from..to with the losses 1/step. */
void session_append_steps (const char *run, int from, int to);

/* Runs the main loop until `done` says so; fails the test after 20 s. */
void session_wait (gboolean (*done) (gpointer data), gpointer data);

/* Runs the main loop for a while, for what must not happen. */
void session_idle (guint ms);

G_END_DECLS
