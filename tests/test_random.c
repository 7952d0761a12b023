/* Philox against the known answers of Random123, and what is made of its words. */
#include "models/data/random.h"

#include <math.h>
#include <string.h>

/* philox4x32-10 of kat_vectors in Random123. */
static void
test_known_answers (void)
{
  static const struct
  {
    guint32 counter[4], key[2], out[4];
  } cases[] = {
    { { 0, 0, 0, 0 }, { 0, 0 }, { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
    { { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff },
      { 0xffffffff, 0xffffffff },
      { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
    { { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 },
      { 0xa4093822, 0x299f31d0 },
      { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      guint32 out[4];

      data_random_philox (out, cases[i].counter, cases[i].key);
      g_assert_cmpmem (out, sizeof out, cases[i].out, sizeof out);
    }
}

static void
test_ranges (void)
{
  double sum = 0, squares = 0;

  g_assert_cmpuint (data_random_below (0, 7), ==, 0);
  g_assert_cmpuint (data_random_below (0xffffffff, 7), ==, 6);
  g_assert_cmpuint (data_random_below (0xffffffff, 0xffffffff), ==, 0xfffffffe);
  g_assert_true (data_random_unit (0) == 0.0f);
  g_assert_true (data_random_unit (0xffffffff) < 1.0f);
  for (guint32 i = 0; i < 20000; i++)
    {
      guint32 words[4];
      double normal[2];

      data_random_words (words, 5, DATA_RANDOM_INIT, 0, i);
      data_random_normal (normal, words[0], words[1]);
      sum += normal[0] + normal[1];
      squares += normal[0] * normal[0] + normal[1] * normal[1];
    }
  g_assert_cmpfloat_with_epsilon (sum / 40000, 0.0, 0.02);
  g_assert_cmpfloat_with_epsilon (squares / 40000, 1.0, 0.03);
}

static void
test_order (void)
{
  guint32 order[1001], again[1001];
  gboolean seen[1001] = { FALSE };

  data_random_order (order, 1001, 3, 9);
  data_random_order (again, 1001, 3, 9);
  g_assert_cmpmem (order, sizeof order, again, sizeof again);
  for (guint i = 0; i < 1001; i++)
    {
      g_assert_false (seen[order[i]]);
      seen[order[i]] = TRUE;
    }
  data_random_order (again, 1001, 3, 10);
  g_assert_true (memcmp (order, again, sizeof order) != 0);
  data_random_order (again, 1001, 4, 9);
  g_assert_true (memcmp (order, again, sizeof order) != 0);
  data_random_order (order, 0, 3, 9);
  data_random_order (order, 1, 3, 9);
  g_assert_cmpuint (order[0], ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/random/known-answers", test_known_answers);
  g_test_add_func ("/random/ranges", test_ranges);
  g_test_add_func ("/random/order", test_order);
  return g_test_run ();
}
