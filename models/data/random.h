/* Counter-based random numbers: Philox4x32-10.
 *
 * A number is a function of a key and a counter and of nothing else, so the stream of a run is
 * addressed by (seed, purpose, epoch, item) and a resumed run needs no saved generator.
 * Source: J. Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011.
 *
 * All functions are pure and may be called from any thread.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The purposes numbers are drawn for; each has its own stream under one seed. Values are part of
 * what a seed means: add at the end, never reorder. */
typedef enum
{
  DATA_RANDOM_ORDER = 1,
  DATA_RANDOM_CAPTION = 2,
  DATA_RANDOM_AUGMENT = 3,
  DATA_RANDOM_INIT = 4,
  DATA_RANDOM_SCENE = 5,
  DATA_RANDOM_CROP = 6,
} DataRandomStream;

/* Philox4x32-10 itself: out[4] from counter[4] and key[2]. */
void data_random_philox (guint32 out[4], const guint32 counter[4], const guint32 key[2]);

/* Four words for the place (major, minor) of a seed's stream, e.g. (epoch, item). */
void data_random_words (guint32 out[4], guint64 seed, DataRandomStream stream, guint64 major,
                        guint32 minor);

/* Maps a word to 0..n-1, n > 0, by multiplication; the bias is below n / 2^32. */
guint32 data_random_below (guint32 word, guint32 n);

/* Maps a word to a float in [0, 1), on a grid of 2^-24. */
float data_random_unit (guint32 word);

/* Maps two words to two independent draws from N(0, 1) (Box-Muller, in double). */
void data_random_normal (double out[2], guint32 word0, guint32 word1);

/* Fills order[n] with the permutation of 0..n-1 that belongs to (seed, epoch). */
void data_random_order (guint32 *order, guint32 n, guint64 seed, guint64 epoch);

G_END_DECLS
