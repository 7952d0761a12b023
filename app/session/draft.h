/* The run that is being put together: a preset, a method, a data set and what is typed into fields.
 *
 * Every change is checked at once, and each field knows what is wrong with it. Main thread only;
 * only loading and saving touch a disk, and they do not wait for it.
 */
#pragma once

#include "app/session/method.h"

#include <gio/gio.h>

G_BEGIN_DECLS

#define WB_TYPE_DRAFT (wb_draft_get_type ())
G_DECLARE_FINAL_TYPE (WbDraft, wb_draft, WB, DRAFT, GObject)

/* Signal "changed": any of what follows. */

/* The preset demo, ECLIPSE, no data set. */
WbDraft *wb_draft_new (void);

const char *wb_draft_get_preset (WbDraft *draft);

/* One of nn_config_preset_names(); what was typed stays. FALSE: there is none of that name. */
gboolean wb_draft_set_preset (WbDraft *draft, const char *preset);

WbMethod wb_draft_get_method (WbDraft *draft);
void wb_draft_set_method (WbDraft *draft, WbMethod method);

/* What a field shall be, as typed; "" or NULL: what the preset says. */
void wb_draft_set (WbDraft *draft, const char *path, const char *text);

/* What was typed, or else the preset's value (g_free); NULL: there is no such field. */
char *wb_draft_dup_text (WbDraft *draft, const char *path);

/* What is wrong with a field, e.g. "is 3: must be ..."; NULL: nothing. Borrowed until "changed". */
const char *wb_draft_get_problem (WbDraft *draft, const char *path);

/* The first problem with its field, for those that no field shows; NULL: none. Borrowed. */
const char *wb_draft_get_first_problem (WbDraft *draft);

/* What somebody else found out, e.g. that the data set has fewer pictures than a batch; path and
 * problem NULL: nothing. It holds until the next change. */
void wb_draft_set_outer_problem (WbDraft *draft, const char *path, const char *problem);

/* Nothing is wrong and the run can be launched. */
gboolean wb_draft_is_valid (WbDraft *draft);

/* NULL when a field is wrong, a missing data set apart. Borrowed until "changed". */
const NnConfig *wb_draft_get_config (WbDraft *draft);

/* The last choice, from and to `path`; NULL: $XDG_CONFIG_HOME/penumbra/new-run. A file that is not
 * there or not one of ours changes nothing. */
void wb_draft_load (WbDraft *draft, const char *path);
void wb_draft_save (WbDraft *draft, const char *path);

G_END_DECLS
