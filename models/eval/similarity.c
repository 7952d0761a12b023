#include "models/eval/similarity.h"

#include "compute/ops/gemm.h"

struct _EvalSimilarity
{
  GpuBuffer *input, *output;
  GpuTensor rows, cols, products;
  GpuStream *stream;
};

EvalSimilarity *
eval_similarity_new (GpuDevice *device, guint rows, guint cols, guint width, GError **error)
{
  const guint64 rows_bytes = gpu_tensor_footprint (rows, width);
  g_autoptr (EvalSimilarity) similarity = g_new0 (EvalSimilarity, 1);

  g_assert (rows > 0 && cols > 0 && width > 0);
  similarity->input = gpu_buffer_new (device, rows_bytes + gpu_tensor_footprint (cols, width),
                                      GPU_MEMORY_UPLOAD, error);
  if (!similarity->input)
    return NULL;
  similarity->output =
      gpu_buffer_new (device, gpu_tensor_footprint (rows, cols), GPU_MEMORY_READBACK, error);
  if (!similarity->output)
    return NULL;
  similarity->rows = (GpuTensor){ similarity->input, 0, rows, width };
  similarity->cols = (GpuTensor){ similarity->input, rows_bytes, cols, width };
  similarity->products = (GpuTensor){ similarity->output, 0, rows, cols };
  similarity->stream = gpu_stream_new (device);
  gpu_gemm (similarity->stream, GPU_NT, similarity->products, similarity->rows, similarity->cols,
            NULL);
  return g_steal_pointer (&similarity);
}

void
eval_similarity_free (EvalSimilarity *similarity)
{
  if (!similarity)
    return;
  gpu_stream_free (similarity->stream);
  gpu_buffer_unref (similarity->input);
  gpu_buffer_unref (similarity->output);
  g_free (similarity);
}

static gboolean
set (GpuTensor tensor, const float *features, guint n, GError **error)
{
  g_assert (n <= tensor.rows);
  tensor.rows = n;
  return n == 0 || gpu_tensor_upload (tensor, features, error);
}

gboolean
eval_similarity_set_rows (EvalSimilarity *similarity, const float *features, guint n,
                          GError **error)
{
  return set (similarity->rows, features, n, error);
}

gboolean
eval_similarity_set_cols (EvalSimilarity *similarity, const float *features, guint n,
                          GError **error)
{
  return set (similarity->cols, features, n, error);
}

const float *
eval_similarity_run (EvalSimilarity *similarity, gsize *stride, GError **error)
{
  *stride = gpu_tensor_stride (similarity->products);
  if (!gpu_stream_run (similarity->stream, error))
    return NULL;
  return gpu_tensor_map (similarity->products);
}
