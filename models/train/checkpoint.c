#include "models/train/checkpoint.h"

static const struct
{
  NnSlab slab;
  const char *prefix;
} parts[] = {
  { NN_SLAB_WEIGHTS, "" },
  { NN_SLAB_TEACHER, "teacher." },
  { NN_SLAB_MOMENT1, "optimizer.moment1." },
  { NN_SLAB_MOMENT2, "optimizer.moment2." },
};

static gboolean
has_part (const NnModel *model, guint part)
{
  return model->slabs[parts[part].slab] != NULL;
}

gboolean
train_checkpoint_save (const char *path, const NnModel *model, const TrainProgress *progress,
                       GError **error)
{
  g_autoptr (NnTensorWriter) writer = nn_tensor_writer_new ();
  g_autofree char *config = nn_config_to_json (&model->config);
  g_autofree char *step = g_strdup_printf ("%" G_GINT64_FORMAT, progress->step);
  char wall[G_ASCII_DTOSTR_BUF_SIZE];
  nn_tensor_writer_add_metadata (writer, "format", "penumbra");
  nn_tensor_writer_add_metadata (writer, "config", config);
  nn_tensor_writer_add_metadata (writer, "step", step);
  nn_tensor_writer_add_metadata (writer, "wall",
                                 g_ascii_formatd (wall, sizeof wall, "%.3f", progress->wall));
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    if (has_part (model, i))
      nn_model_declare (model, parts[i].slab, writer, parts[i].prefix);

  if (!nn_tensor_writer_begin (writer, path, error))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    if (has_part (model, i) && !nn_model_write (model, parts[i].slab, writer, error))
      return FALSE;
  return nn_tensor_writer_commit (writer, error);
}

gboolean
train_checkpoint_load (const char *path, NnModel *model, TrainProgress *progress, GError **error)
{
  g_autoptr (NnTensorFile) file = nn_tensor_file_open (path, error);
  if (!file)
    return FALSE;
  const char *step = nn_tensor_file_metadata (file, "step");
  const char *wall = nn_tensor_file_metadata (file, "wall");
  gint64 number = -1;
  if (!step || !g_ascii_string_to_signed (step, 10, 0, G_MAXINT64, &number, NULL))
    {
      g_set_error (error, NN_MODEL_ERROR, NN_MODEL_ERROR_CHECKPOINT,
                   "%s has no step in its metadata: it is not a checkpoint to resume from", path);
      return FALSE;
    }
  *progress = (TrainProgress){ .step = number, .wall = wall ? g_ascii_strtod (wall, NULL) : 0 };
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    if (has_part (model, i) && !nn_model_load (model, parts[i].slab, file, parts[i].prefix, error))
      return FALSE;
  return TRUE;
}
