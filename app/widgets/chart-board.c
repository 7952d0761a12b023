#include "app/widgets/chart-board.h"

#define WIDE 500       /* px from which the second stands beside the first */
#define CELL 178       /* px a chart of the strip wants, to show its name and any value whole */
#define SMALL_CELL 154 /* what it makes do with where the strip has rows */
#define GAP 6
#define LEAST_WIDTH 340
#define NATURAL_WIDTH 1000
#define WIDE_SHARE 0.6  /* of the first, across */
#define TALL_SHARE 0.56 /* of the first, down */

/* Heights of a row: the first, the second below it, the strip's. */
typedef struct
{
  int first, second, strip;
} Rows;

static const Rows least = { 180, 150, 76 }, natural = { 340, 240, 116 };

struct _WbChartBoard
{
  GtkWidget parent_instance;
};

G_DEFINE_FINAL_TYPE (WbChartBoard, wb_chart_board, GTK_TYPE_WIDGET)

static int
count_strip (GtkWidget *widget)
{
  int n = -2;

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child;
       child = gtk_widget_get_next_sibling (child))
    n++;
  return MAX (n, 0);
}

static int
count_rows (GtkWidget *widget, int width)
{
  const int n = count_strip (widget), most = MAX ((width + GAP) / (SMALL_CELL + GAP), 1);

  return (width + GAP) / (CELL + GAP) >= n ? 1 : MAX ((n + most - 1) / most, 2);
}

static int
add_rows (GtkWidget *widget, int width, const Rows *rows)
{
  const int strip = count_rows (widget, width) * (rows->strip + GAP);

  return width >= WIDE ? rows->first + strip : rows->first + GAP + rows->second + strip;
}

static GtkSizeRequestMode
wb_chart_board_get_request_mode (GtkWidget *widget)
{
  (void) widget;
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
wb_chart_board_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum,
                        int *natural_size, int *minimum_baseline, int *natural_baseline)
{
  *minimum_baseline = *natural_baseline = -1;
  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    {
      *minimum = LEAST_WIDTH;
      *natural_size = NATURAL_WIDTH;
      return;
    }
  const int width = for_size < 0 ? NATURAL_WIDTH : for_size;
  *minimum = add_rows (widget, width, &least);
  *natural_size = add_rows (widget, width, &natural);
}

static void
place (GtkWidget *child, int x, int y, int width, int height)
{
  int least_width, least_height;

  gtk_widget_measure (child, GTK_ORIENTATION_HORIZONTAL, -1, &least_width, NULL, NULL, NULL);
  gtk_widget_measure (child, GTK_ORIENTATION_VERTICAL, -1, &least_height, NULL, NULL, NULL);
  gtk_widget_size_allocate (
      child, &(GtkAllocation){ x, y, MAX (width, least_width), MAX (height, least_height) }, -1);
}

/* Rows are filled evenly, the lower ones first, and each from edge to edge. */
static void
place_strip (GtkWidget *child, int width, int top, int row_height, int rows, int n)
{
  for (int row = 0; row < rows; row++)
    {
      const int columns = n / rows + (rows - row <= n % rows);

      for (int i = 0; i < columns && child; i++, child = gtk_widget_get_next_sibling (child))
        {
          const int from = i * (width + GAP) / columns;
          const int to = (i + 1) * (width + GAP) / columns - GAP;

          place (child, from, top + row * (row_height + GAP), to - from, row_height);
        }
    }
}

static void
wb_chart_board_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  GtkWidget *first = gtk_widget_get_first_child (widget);
  GtkWidget *second = first ? gtk_widget_get_next_sibling (first) : NULL;
  const int rows = count_rows (widget, width);
  const int strip =
      CLAMP ((int) (height * (rows > 1 ? 0.17 : 0.22)), least.strip, natural.strip * 3 / 2);
  const int above = height - rows * (strip + GAP);

  (void) baseline;
  if (!second)
    return;
  if (width >= WIDE)
    {
      const int across = (int) (width * WIDE_SHARE);

      place (first, 0, 0, across, above);
      place (second, across + GAP, 0, width - across - GAP, above);
    }
  else
    {
      const int down = (int) (above * TALL_SHARE);

      place (first, 0, 0, width, down);
      place (second, 0, down + GAP, width, above - down - GAP);
    }
  place_strip (gtk_widget_get_next_sibling (second), width, above + GAP, strip, rows,
               count_strip (widget));
}

static void
wb_chart_board_dispose (GObject *object)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (object))))
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (wb_chart_board_parent_class)->dispose (object);
}

static void
wb_chart_board_class_init (WbChartBoardClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  G_OBJECT_CLASS (class)->dispose = wb_chart_board_dispose;
  widget_class->get_request_mode = wb_chart_board_get_request_mode;
  widget_class->measure = wb_chart_board_measure;
  widget_class->size_allocate = wb_chart_board_size_allocate;
  gtk_widget_class_set_css_name (widget_class, "chartboard");
}

static void
wb_chart_board_init (WbChartBoard *self)
{
  (void) self;
}
