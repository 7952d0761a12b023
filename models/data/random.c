/* Philox4x32-10 and what is made of its words. */
#include "models/data/random.h"

#include <math.h>

#define ROUNDS 10
#define MULTIPLIER_0 0xd2511f53u
#define MULTIPLIER_1 0xcd9e8d57u
#define WEYL_0 0x9e3779b9u
#define WEYL_1 0xbb67ae85u

void
data_random_philox (guint32 out[4], const guint32 counter[4], const guint32 key[2])
{
  guint32 c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
  guint32 k0 = key[0], k1 = key[1];

  for (guint round = 0; round < ROUNDS; round++)
    {
      guint64 product0 = (guint64) MULTIPLIER_0 * c0;
      guint64 product1 = (guint64) MULTIPLIER_1 * c2;

      c0 = (guint32) (product1 >> 32) ^ c1 ^ k0;
      c1 = (guint32) product1;
      c2 = (guint32) (product0 >> 32) ^ c3 ^ k1;
      c3 = (guint32) product0;
      k0 += WEYL_0;
      k1 += WEYL_1;
    }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

void
data_random_words (guint32 out[4], guint64 seed, DataRandomStream stream, guint64 major,
                   guint32 minor)
{
  const guint32 key[2] = { (guint32) seed, (guint32) (seed >> 32) };
  const guint32 counter[4] = { minor, (guint32) major, (guint32) (major >> 32), stream };

  data_random_philox (out, counter, key);
}

guint32
data_random_below (guint32 word, guint32 n)
{
  return (guint32) ((guint64) word * n >> 32);
}

float
data_random_unit (guint32 word)
{
  return (float) (word >> 8) * 0x1p-24f;
}

void
data_random_normal (double out[2], guint32 word0, guint32 word1)
{
  /* The half keeps the logarithm's argument above 0. */
  double radius = sqrt (-2.0 * log (((double) word0 + 0.5) * 0x1p-32));
  double angle = 2.0 * G_PI * (double) word1 * 0x1p-32;

  out[0] = radius * cos (angle);
  out[1] = radius * sin (angle);
}

/* Fisher and Yates, four draws a block. */
void
data_random_order (guint32 *order, guint32 n, guint64 seed, guint64 epoch)
{
  guint32 words[4];

  for (guint32 i = 0; i < n; i++)
    order[i] = i;
  for (guint32 i = n, drawn = 0; i > 1; i--, drawn++)
    {
      guint32 j, swapped;

      if (drawn % 4 == 0)
        data_random_words (words, seed, DATA_RANDOM_ORDER, epoch, drawn / 4);
      j = data_random_below (words[drawn % 4], i);
      swapped = order[j];
      order[j] = order[i - 1];
      order[i - 1] = swapped;
    }
}
