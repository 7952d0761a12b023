/* Drawing up scenes.  Every choice is a word of the counter-based generator at (index, attempt), so
 * a scene depends on nothing drawn before it.
 *
 * One group:  a large red circle at the top left on white
 *             three small blue stars on black
 * Two groups: two small red rings above an orange square on gray
 *
 * Sizes differ by half again and relations by more than a third of the side, so the words are never
 * a matter of opinion; chance moves shapes and colours a little within them. */

#include "models/data/scene.h"

#include "models/data/random.h"

#include <string.h>

typedef struct
{
  const char *name;
  guint8 rgb[3];
} Colour;

typedef struct
{
  const char *one;
  const char *many;
} Noun;

typedef struct
{
  const char *name; /* with its blank, "" for the size that goes without saying */
  float radius;
} Size;

typedef struct
{
  const char *name;
  float x, y;
} Place;

/* Numbers for one scene, in the order they are asked for. */
typedef struct
{
  guint64 seed;
  guint64 index;
  guint32 next;
  guint32 words[4];
} Chance;

static const Colour colours[] = {
  { "red", { 220, 30, 35 } },     { "green", { 35, 160, 60 } },   { "blue", { 40, 70, 215 } },
  { "yellow", { 240, 215, 40 } }, { "orange", { 245, 135, 25 } }, { "purple", { 130, 45, 165 } },
  { "pink", { 245, 135, 185 } },  { "cyan", { 50, 205, 220 } },   { "brown", { 125, 75, 35 } },
};

static const Colour grounds[] = {
  { "white", { 248, 248, 248 } },
  { "black", { 12, 12, 12 } },
  { "gray", { 150, 150, 150 } },
};

static const Noun nouns[DATA_N_SHAPES] = {
  [DATA_SHAPE_CIRCLE] = { "circle", "circles" },
  [DATA_SHAPE_SQUARE] = { "square", "squares" },
  [DATA_SHAPE_TRIANGLE] = { "triangle", "triangles" },
  [DATA_SHAPE_DIAMOND] = { "diamond", "diamonds" },
  [DATA_SHAPE_STAR] = { "star", "stars" },
  [DATA_SHAPE_RING] = { "ring", "rings" },
  [DATA_SHAPE_CROSS] = { "cross", "crosses" },
  [DATA_SHAPE_HEART] = { "heart", "hearts" },
};

static const Size sizes[] = { { "small ", 0.082f }, { "", 0.125f }, { "large ", 0.19f } };

static const char *const numbers[] = { "no", "one", "two", "three", "four" };

static const Place places[] = {
  { "at the top left", 0.26f, 0.26f },     { "at the top", 0.5f, 0.26f },
  { "at the top right", 0.74f, 0.26f },    { "on the left", 0.26f, 0.5f },
  { "in the centre", 0.5f, 0.5f },         { "on the right", 0.74f, 0.5f },
  { "at the bottom left", 0.26f, 0.74f },  { "at the bottom", 0.5f, 0.74f },
  { "at the bottom right", 0.74f, 0.74f },
};

/* Of the first group to the second. */
static const char *const relations[] = { "above", "below", "left of", "right of" };

const char *
data_shape_to_string (DataShape shape)
{
  g_assert (shape < DATA_N_SHAPES);
  return nouns[shape].one;
}

static guint32
next_word (Chance *chance)
{
  if (chance->next % 4 == 0)
    data_random_words (chance->words, chance->seed, DATA_RANDOM_SCENE, chance->index,
                       chance->next / 4);
  return chance->words[chance->next++ % 4];
}

static guint
choose (Chance *chance, guint n)
{
  return data_random_below (next_word (chance), n);
}

/* Uniform in [-spread, spread). */
static float
wobble (Chance *chance, float spread)
{
  return (2.0f * data_random_unit (next_word (chance)) - 1.0f) * spread;
}

static void
choose_colour (Chance *chance, guint8 rgb[3], const Colour *colour)
{
  for (int i = 0; i < 3; i++)
    {
      int value = (int) colour->rgb[i] + (int) choose (chance, 21) - 10;
      rgb[i] = (guint8) CLAMP (value, 0, 255);
    }
}

/* Shape, colour and size of `count` shapes; returns their words, e.g. "two small red circles". */
static char *
draw_up_group (DataSceneGroup *group, Chance *chance, guint count)
{
  const Colour *colour = &colours[choose (chance, G_N_ELEMENTS (colours))];
  /* Large ones only alone: several would overlap. */
  const Size *size = &sizes[choose (chance, count == 1 ? 3 : 2)];

  group->shape = (DataShape) choose (chance, DATA_N_SHAPES);
  group->count = count;
  group->radius = size->radius * (1.0f + wobble (chance, 0.08f));
  choose_colour (chance, group->rgb, colour);

  const char *first = *size->name != '\0' ? size->name : colour->name;
  const char *article = strchr ("aeiou", *first) != NULL ? "an" : "a";
  return g_strdup_printf ("%s %s%s %s", count == 1 ? article : numbers[count], size->name,
                          colour->name,
                          count == 1 ? nouns[group->shape].one : nouns[group->shape].many);
}

static void
put (DataSceneGroup *group, guint i, float x, float y)
{
  group->x[i] = x;
  group->y[i] = y;
}

/* One group: alone at a place, or several in different cells of a 3 x 3 grid. */
static char *
draw_up_one (DataScene *scene, Chance *chance)
{
  DataSceneGroup *group = &scene->groups[0];
  guint count = choose (chance, 2) == 0 ? 1 : 2 + choose (chance, DATA_SCENE_MAX_COUNT - 1);
  g_autofree char *words = draw_up_group (group, chance, count);
  scene->n_groups = 1;

  if (count == 1)
    {
      const Place *place = &places[choose (chance, G_N_ELEMENTS (places))];
      put (group, 0, place->x + wobble (chance, 0.02f), place->y + wobble (chance, 0.02f));
      return g_strdup_printf ("%s %s", words, place->name);
    }

  guint cells[9] = { 0, 1, 2, 3, 4, 5, 6, 7, 8 };
  for (guint i = 0; i < count; i++)
    {
      guint other = i + choose (chance, 9 - i);
      guint cell = cells[other];
      cells[other] = cells[i];
      put (group, i, 0.18f + 0.32f * (float) (cell % 3), 0.18f + 0.32f * (float) (cell / 3));
    }
  return g_steal_pointer (&words);
}

/* Two groups on either side of the middle, each in a row along it. */
static char *
draw_up_two (DataScene *scene, Chance *chance)
{
  guint relation = choose (chance, G_N_ELEMENTS (relations));
  gboolean vertical = relation < 2;
  char *words[2];
  scene->n_groups = 2;
  for (guint g = 0; g < 2; g++)
    {
      DataSceneGroup *group = &scene->groups[g];
      words[g] = draw_up_group (group, chance, 1 + choose (chance, 3));
      float across = (relation % 2 == g ? 0.27f : 0.73f) + wobble (chance, 0.02f);
      for (guint i = 0; i < group->count; i++)
        {
          float along = ((float) i + 0.5f) / (float) group->count + wobble (chance, 0.01f);
          put (group, i, vertical ? along : across, vertical ? across : along);
        }
    }
  char *phrase = g_strdup_printf ("%s %s %s", words[0], relations[relation], words[1]);
  g_free (words[0]);
  g_free (words[1]);
  return phrase;
}

void
data_scene_draw_up (DataScene *scene, guint64 seed, guint64 index, guint attempt)
{
  /* No scene asks for as many as 256 numbers. */
  Chance chance = { .seed = seed, .index = index, .next = attempt * 256 };
  *scene = (DataScene){ 0 };

  const Colour *ground = &grounds[choose (&chance, G_N_ELEMENTS (grounds))];
  choose_colour (&chance, scene->ground, ground);
  g_autofree char *phrase =
      choose (&chance, 3) == 0 ? draw_up_one (scene, &chance) : draw_up_two (scene, &chance);
  g_snprintf (scene->caption, sizeof scene->caption, "%s on %s", phrase, ground->name);
}
