#include "models/nn/model.h"

#include <string.h>

G_DEFINE_QUARK (nn_model_error, nn_model_error)

static gboolean
has_slab (const NnConfig *config, NnUse use, NnSlab slab)
{
  if (slab == NN_SLAB_WEIGHTS)
    return TRUE;
  if (slab == NN_SLAB_TEACHER)
    return config->distill.teacher != NN_TEACHER_NONE;
  return use == NN_USE_TRAINING;
}

/* Kernels count the elements of a block in 32 bits. */
static guint64
block_limit (GpuDevice *device)
{
  const guint64 countable = (guint64) G_MAXUINT32 / GPU_TENSOR_ALIGN * GPU_TENSOR_ALIGN * 4;
  return device ? MIN (gpu_device_get_info (device)->max_allocation_bytes, countable) : 0;
}

static gboolean
make_slab (NnModel *model, NnSlab slab, GError **error)
{
  const NnParams *params = model->params;
  model->slabs[slab] = g_ptr_array_new_with_free_func ((GDestroyNotify) gpu_buffer_unref);
  for (guint block = 0; block < params->n_blocks; block++)
    {
      guint64 bytes = nn_params_block_bytes (params, block, slab == NN_SLAB_TEACHER);
      if (bytes == 0)
        break; /* the teacher ends where texts begin */
      GpuBuffer *buffer = gpu_buffer_new (model->device, bytes, GPU_MEMORY_DEVICE, error);
      if (!buffer)
        return FALSE;
      g_ptr_array_add (model->slabs[slab], buffer);
    }
  return TRUE;
}

NnModel *
nn_model_new (GpuDevice *device, const NnConfig *config, NnUse use, GError **error)
{
  g_autoptr (NnModel) model = g_new0 (NnModel, 1);
  model->config = *config;
  model->params = nn_params_new (config, block_limit (device));
  if (!device)
    return g_steal_pointer (&model);

  model->device = gpu_device_ref (device);
  for (NnSlab slab = 0; slab < NN_N_SLABS; slab++)
    if (has_slab (config, use, slab) && !make_slab (model, slab, error))
      return NULL;
  return g_steal_pointer (&model);
}

void
nn_model_free (NnModel *model)
{
  if (!model)
    return;
  for (NnSlab slab = 0; slab < NN_N_SLABS; slab++)
    g_clear_pointer (&model->slabs[slab], g_ptr_array_unref);
  nn_params_free (model->params);
  gpu_device_unref (model->device);
  g_free (model);
}

gboolean
nn_model_has_teacher (const NnModel *model)
{
  return model->config.distill.teacher != NN_TEACHER_NONE;
}

/* The parameters that a slab holds: the teacher has the image encoder's alone. */
static gboolean
holds (NnSlab slab, const NnParam *param)
{
  return slab != NN_SLAB_TEACHER || param->visual;
}

static float *
new_values (const NnParam *param)
{
  return g_new (float, (gsize) param->rows * param->cols);
}

gboolean
nn_model_init (NnModel *model, guint64 seed, GError **error)
{
  for (guint i = 0; i < model->params->table->len; i++)
    {
      const NnParam *param = nn_params_get (model->params, i);
      g_autofree float *values = new_values (param);
      nn_param_fill (param, i, seed, values);
      if (!gpu_tensor_upload (nn_params_tensor (model->params, i, model->slabs[NN_SLAB_WEIGHTS]),
                              values, error))
        return FALSE;
    }
  return nn_model_copy_to_teacher (model, error);
}

gboolean
nn_model_copy_to_teacher (NnModel *model, GError **error)
{
  if (!model->slabs[NN_SLAB_TEACHER])
    return TRUE;
  g_autoptr (GpuStream) stream = gpu_stream_new (model->device);
  for (guint i = 0; i < model->params->spans->len; i++)
    {
      const NnSpan *span = &g_array_index (model->params->spans, NnSpan, i);
      if (span->region <= NN_REGION_VISUAL)
        gpu_stream_copy (stream, nn_params_span (span, model->slabs[NN_SLAB_TEACHER]),
                         nn_params_span (span, model->slabs[NN_SLAB_WEIGHTS]));
    }
  return gpu_stream_run (stream, error);
}

gboolean
nn_model_load (NnModel *model, NnSlab slab, const NnTensorFile *file, const char *prefix,
               GError **error)
{
  for (guint i = 0; i < model->params->table->len; i++)
    {
      const NnParam *param = nn_params_get (model->params, i);
      if (!holds (slab, param))
        continue;
      g_autofree char *name = g_strconcat (prefix, param->name, NULL);
      g_autofree float *values = new_values (param);
      if (!nn_tensor_file_expect (file, name, param->rank, param->shape, error)
          || !nn_tensor_file_read_f32 (file, name, values, (gsize) param->rows * param->cols, error)
          || !gpu_tensor_upload (nn_params_tensor (model->params, i, model->slabs[slab]), values,
                                 error))
        return FALSE;
    }
  return TRUE;
}

void
nn_model_declare (const NnModel *model, NnSlab slab, NnTensorWriter *writer, const char *prefix)
{
  for (guint i = 0; i < model->params->table->len; i++)
    {
      const NnParam *param = nn_params_get (model->params, i);
      g_autofree char *name = g_strconcat (prefix, param->name, NULL);
      if (holds (slab, param))
        nn_tensor_writer_add (writer, name, NN_DTYPE_F32, param->rank, param->shape, NULL);
    }
}

gboolean
nn_model_write (const NnModel *model, NnSlab slab, NnTensorWriter *writer, GError **error)
{
  for (guint i = 0; i < model->params->table->len; i++)
    {
      const NnParam *param = nn_params_get (model->params, i);
      if (!holds (slab, param))
        continue;
      g_autofree float *values = new_values (param);
      if (!nn_model_download (model, slab, i, values, error)
          || !nn_tensor_writer_write (writer, values, (gsize) param->rows * param->cols * 4, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
nn_model_download (const NnModel *model, NnSlab slab, guint index, float *values, GError **error)
{
  return gpu_tensor_download (nn_params_tensor (model->params, index, model->slabs[slab]), values,
                              error);
}
