#include "models/bench/synthetic.h"

#include "models/data/random.h"

#define TEXT_LENGTH 13

enum
{
  PICTURES,
  TEXTS,
};

void
bench_fill_images (float *images, guint batch, gsize pixels, gsize stride)
{
  for (guint b = 0; b < batch; b++)
    for (gsize i = 0; i < pixels; i++)
      {
        guint32 words[4];
        double normal[2];
        data_random_words (words, PICTURES, DATA_RANDOM_INIT, b, (guint32) i);
        data_random_normal (normal, words[0], words[1]);
        images[b * stride + i] = (float) normal[0];
      }
}

void
bench_fill_tokens (gint32 *tokens, guint batch, guint context, guint vocab)
{
  for (guint b = 0; b < batch; b++)
    {
      for (guint t = 0; t < context; t++)
        {
          guint32 words[4];
          data_random_words (words, TEXTS, DATA_RANDOM_INIT, b, t);
          tokens[b * context + t] = (gint32) (1 + data_random_below (words[0], vocab - 2));
        }
      tokens[b * context + MIN (TEXT_LENGTH, context) - 1] = (gint32) vocab - 1;
    }
}
