/* The held-out pictures of a checkpoint's data set, and what its image encoders make of them.
 *
 * Encoding has a device, which is let go when it is done: a CPU driver's compiled kernels and the
 * encoders' memory are many times what the features take, and these stay on the host.
 * Everything blocks and belongs to one thread.
 */
#pragma once

#include "app/session/answer.h"
#include "app/session/searcher.h"
#include "models/data/pairs.h"
#include "models/eval/checkpoint.h"
#include "models/nn/model.h"

G_BEGIN_DECLS

typedef struct _WbGallery WbGallery;

WbGallery *wb_gallery_new (void);
void wb_gallery_free (WbGallery *gallery);

/* Another checkpoint: its features are to be made. Its data set is read unless it is the same. */
gboolean wb_gallery_open (WbGallery *gallery, const char *checkpoint, const WbSearchWatch *watch,
                          GError **error);

/* Forgets features, model and data. */
void wb_gallery_close (WbGallery *gallery);

gboolean wb_gallery_has_teacher (const WbGallery *gallery);

/* Encodes the next batch of those that are left for the student (NN_SLAB_WEIGHTS) or the teacher.
 * Tells the stage; G_IO_ERROR_CANCELLED between two batches. */
gboolean wb_gallery_encode (WbGallery *gallery, NnSlab which, const WbSearchWatch *watch,
                            GError **error);
gboolean wb_gallery_is_encoded (const WbGallery *gallery, NnSlab which);

/* The checkpoint and the device it is on; both are opened if they have been let go. Borrowed until
 * the gallery rests. */
EvalCheckpoint *wb_gallery_get_model (WbGallery *gallery, GpuDevice **device,
                                      const WbSearchWatch *watch, GError **error);

/* Lets the device go. */
void wb_gallery_rest (WbGallery *gallery);

guint wb_gallery_get_count (const WbGallery *gallery);
guint wb_gallery_get_width (const WbGallery *gallery);

/* [count][width], each of length one; borrowed until another checkpoint is opened. */
const float *wb_gallery_get_features (const WbGallery *gallery, NnSlab which);

/* The picture of a row, with everything but a score. */
WbHit wb_gallery_dup_hit (const WbGallery *gallery, guint row);

/* Ids of a text for the model's text encoder [context] (g_free). */
gint32 *wb_gallery_tokenize (const WbGallery *gallery, const char *text);

G_END_DECLS
