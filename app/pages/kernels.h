/* A window beside the Train page: where the time of a step goes, kernel by kernel, by the newest
 * profile that the run has written. */
#pragma once

#include "app/session/run.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define WB_TYPE_KERNELS (wb_kernels_get_type ())
G_DECLARE_FINAL_TYPE (WbKernels, wb_kernels, WB, KERNELS, AdwWindow)

/* Goes with its parent, which may be NULL. */
WbKernels *wb_kernels_new (GtkWindow *parent);

/* NULL: there is none. */
void wb_kernels_set_run (WbKernels *kernels, WbRun *run);

G_END_DECLS
