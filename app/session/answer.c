#include "app/session/answer.h"

static void
hit_clear (gpointer data)
{
  WbHit *hit = data;

  g_free (hit->id);
  g_free (hit->path);
  g_free (hit->caption);
}

static void
answer_clear (gpointer data)
{
  WbAnswer *answer = data;

  g_free (answer->query);
  g_free (answer->run);
  g_clear_pointer (&answer->student, g_array_unref);
  g_clear_pointer (&answer->teacher, g_array_unref);
}

static GArray *
hits_new (void)
{
  GArray *hits = g_array_new (FALSE, FALSE, sizeof (WbHit));

  g_array_set_clear_func (hits, hit_clear);
  return hits;
}

WbAnswer *
wb_answer_new (const char *query)
{
  WbAnswer *answer = g_atomic_rc_box_new0 (WbAnswer);

  answer->query = g_strdup (query);
  answer->student = hits_new ();
  answer->teacher = hits_new ();
  return answer;
}

WbAnswer *
wb_answer_ref (WbAnswer *answer)
{
  return g_atomic_rc_box_acquire (answer);
}

void
wb_answer_unref (WbAnswer *answer)
{
  if (answer)
    g_atomic_rc_box_release_full (answer, answer_clear);
}
