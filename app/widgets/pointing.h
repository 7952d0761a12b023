/* A picture made of places that are pointed at, with the pointer or by keyboard; the parent of
 * matrices and tokens. A click takes the focus, the first key only shows where one is, and Escape
 * leaves. A place is two numbers, which mean what the kind of picture says. Main thread.
 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define WB_TYPE_POINTING (wb_pointing_get_type ())
G_DECLARE_DERIVABLE_TYPE (WbPointing, wb_pointing, WB, POINTING, GtkWidget)

typedef struct
{
  guint a, b;
} WbPlace;

struct _WbPointingClass
{
  GtkWidgetClass parent_class;

  int least_width, least_height; /* px; it would like twice that */
  gboolean keeps;                /* the place stays pointed at when pointer or focus leave */

  /* The place under a position; FALSE: none. */
  gboolean (*hit) (WbPointing *pointing, double x, double y, WbPlace *place);

  /* Moves a place by what the key was bound to, as far as there are places; FALSE: there are none. */
  gboolean (*move) (WbPointing *pointing, WbPlace *place, int right, int down, int on);

  /* Another place is pointed at, or none; it is drawn anew in any case. */
  void (*pointed) (WbPointing *pointing);
};

/* Binds a key and its like on the keypad to a move. */
void wb_pointing_class_bind (WbPointingClass *class, guint key, guint keypad, int right, int down,
                             int on);

/* The arrow keys, by one. */
void wb_pointing_class_bind_arrows (WbPointingClass *class);

/* The place pointed at or, FALSE, the last one that was. */
gboolean wb_pointing_get (WbPointing *pointing, WbPlace *place);
void wb_pointing_set (WbPointing *pointing, WbPlace place);
void wb_pointing_leave (WbPointing *pointing);

G_END_DECLS
