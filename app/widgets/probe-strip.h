/* The probe pictures in a row, one of them selected: by pointer, or by arrow keys, Home and End. */
#pragma once

#include "app/session/snapshot.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define WB_TYPE_PROBE_STRIP (wb_probe_strip_get_type ())
G_DECLARE_FINAL_TYPE (WbProbeStrip, wb_probe_strip, WB, PROBE_STRIP, GtkWidget)

/* Property: selected, uint, the number of the probe; GTK_INVALID_LIST_POSITION: there are none */

GtkWidget *wb_probe_strip_new (void);

/* Held on to; NULL: none. Selects the first. */
void wb_probe_strip_set_probes (WbProbeStrip *strip, WbProbes *probes);

WbProbes *wb_probe_strip_get_probes (WbProbeStrip *strip);

guint wb_probe_strip_get_selected (WbProbeStrip *strip);

/* Beyond the last: the first. */
void wb_probe_strip_set_selected (WbProbeStrip *strip, guint selected);

/* A probe as a texture, without a copy; a grey one if it could not be read. */
GdkTexture *wb_probe_texture_new (WbProbes *probes, guint probe);

G_END_DECLS
