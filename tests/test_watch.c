/* What became of a picture's tokens, through several shrinks, against a plain bookkeeping of them. */
#include "models/nn/watch.h"

#include <string.h>

#define PATCHES 40

/* A token as a list of the patches it is made of. */
typedef struct
{
  guint n;
  gint32 patches[PATCHES];
} Token;

static void
shuffle (gint32 *order, guint n, GRand *rand)
{
  for (guint i = 0; i < n; i++)
    order[i] = (gint32) i;
  for (guint i = n; i > 1; i--)
    {
      const guint j = (guint) g_rand_int_range (rand, 0, (gint32) i);
      const gint32 kept = order[i - 1];
      order[i - 1] = order[j];
      order[j] = kept;
    }
}

/* Applies a ranking: the first tokens of it, then one of all the rest's patches. */
static guint
shrink (Token *tokens, guint n, const gint32 *order, guint kept, gboolean fuse)
{
  Token next[PATCHES + 1] = { { 0 } };

  for (guint r = 0; r < n; r++)
    if (r < kept)
      next[r] = tokens[order[r]];
    else
      for (guint i = 0; i < tokens[order[r]].n; i++)
        next[kept].patches[next[kept].n++] = tokens[order[r]].patches[i];
  memcpy (tokens, next, sizeof next);
  return kept + (fuse ? 1 : 0);
}

static void
check_chain (gboolean fuse, GRand *rand)
{
  Token tokens[PATCHES + 1] = { { 0 } };
  gint32 candidates[PATCHES + 1], next[PATCHES + 1], order[PATCHES + 1];
  guint n = PATCHES, seen = 0;

  for (guint i = 0; i < PATCHES; i++)
    {
      candidates[i] = (gint32) i;
      tokens[i] = (Token){ 1, { (gint32) i } };
    }
  while (n > 2)
    {
      const guint kept = (guint) g_rand_int_range (rand, 1, (gint32) n - 1);
      shuffle (order, n, rand);
      nn_watch_map (next, candidates, order, kept, fuse);
      n = shrink (tokens, n, order, kept, fuse);
      memcpy (candidates, next, n * sizeof *next);
      for (guint i = 0; i < n; i++)
        {
          /* A fused token is made of at least two: n shrank by two or more. */
          g_assert_cmpint (candidates[i], ==, tokens[i].n == 1 ? tokens[i].patches[0] : -1);
          seen += candidates[i] == -1;
        }
    }
  g_assert_cmpint (seen > 0, ==, fuse);
}

static void
test_map (gconstpointer fuse)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);

  for (guint i = 0; i < 500; i++)
    check_chain (GPOINTER_TO_INT (fuse), rand);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/watch/map/fused", GINT_TO_POINTER (TRUE), test_map);
  g_test_add_data_func ("/watch/map/dropped", GINT_TO_POINTER (FALSE), test_map);
  return g_test_run ();
}
