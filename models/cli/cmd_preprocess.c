/* penumbra-cli preprocess: a picture as the image encoder sees it, before normalisation. */
#include "models/cli/commands.h"
#include "models/cli/report.h"
#include "models/data/picture.h"

static int
preprocess (const char *path, const char *out, guint size)
{
  g_autofree guint8 *rgb = g_malloc ((gsize) size * size * 3);
  GError *error = NULL;

  if (data_picture_load (rgb, path, size, DATA_FIT_CROP, &error)
      && data_picture_save_png (out, rgb, size, size, &error))
    return CLI_OK;
  return cli_report_error (error);
}

int
cli_preprocess (int argc, char **argv)
{
  g_autofree char *out = NULL;
  int size = 0, status = CLI_OK;
  const GOptionEntry entries[] = {
    { "size", 0, 0, G_OPTION_ARG_INT, &size, "side of the result in pixels", "S" },
    { "out", 0, 0, G_OPTION_ARG_FILENAME, &out, "the PNG to write", "PNG" },
    { NULL },
  };

  if (!cli_parse_options (&argc, &argv, entries, "IMAGE --size S --out PNG",
                          "Resizes the shortest side (bicubic) and crops the centre.", &status))
    return status;
  if (argc != 2)
    return cli_report_usage ("expected one picture, got %d", argc - 1);
  if (size < 1 || size > DATA_RESIZE_SIZE_MAX)
    return cli_report_usage ("--size is %d, must be between 1 and %d", size, DATA_RESIZE_SIZE_MAX);
  if (out == NULL)
    return cli_report_usage ("no place for the result: pass --out PNG");
  return preprocess (argv[1], out, (guint) size);
}
