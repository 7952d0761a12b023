#include "models/nn/encoder.h"

#include "compute/ops/normalize.h"

#include <string.h>

struct _NnEncoder
{
  NnModel *model;
  guint batch;
  NnSlab weights;
  double keep_rate;
  gboolean image; /* else text */
  NnVision vision;
  NnText text;
  NnWatch watch;
  NnTextInput input;
  GpuBuffer *input_buffer;
  GpuTensor images;
  gint32 *tokens, *ends; /* the host's own: on a card reading mapped memory back crosses the bus */
  GpuBuffer *output_buffer;
  GpuTensor features, normalised;
  GpuArena *arena;
  GpuStream *stream;
};

static void
record (NnEncoder *encoder, GpuStream *stream)
{
  NnContext nn = {
    .stream = stream, .arena = encoder->arena, .model = encoder->model, .weights = encoder->weights
  };
  if (encoder->image)
    {
      GpuTensor patches = nn_vision_patchify (&nn, encoder->images);
      nn_vision_forward (&nn, &encoder->vision, encoder->features, patches);
      nn_give (&nn, patches);
    }
  else
    nn_text_forward (&nn, &encoder->text, encoder->features, &encoder->input);
  GpuTensor inverse = nn_take (&nn, encoder->batch, 1);
  gpu_normalize (stream, encoder->normalised, inverse, encoder->features);
  nn_give (&nn, inverse);
}

/* What encoding `batch` pictures or texts takes of an arena. */
static GpuArena *
arena_of (NnModel *model, gboolean image, guint batch, double keep_rate)
{
  const guint size = (guint) model->config.vision.image_size;
  const guint context = (guint) model->config.text.context_length;
  const GpuTensor features = { .rows = batch, .cols = (guint) model->config.embed_dim };
  g_autoptr (GpuStream) dry = gpu_stream_new (NULL);
  NnEncoder encoder = { .model = model,
                        .batch = batch,
                        .image = image,
                        .images = { .rows = batch, .cols = 3 * size * size },
                        .input = { .tokens = { .rows = 1, .cols = batch * context },
                                   .ends = { .rows = 1, .cols = batch } },
                        .features = features,
                        .normalised = features,
                        .arena = gpu_arena_new (0) };
  nn_vision_init (&encoder.vision, model, batch, keep_rate);
  nn_text_init (&encoder.text, model, batch);
  record (&encoder, dry);
  return encoder.arena;
}

static guint64
largest_tensor (NnModel *model, gboolean image)
{
  g_autoptr (GpuArena) arena = arena_of (model, image, 1, 1);
  return gpu_arena_get_largest (arena);
}

static guint64
input_bytes (const NnModel *model, gboolean image, guint batch)
{
  const guint size = (guint) model->config.vision.image_size;
  const guint context = (guint) model->config.text.context_length;
  if (image)
    return gpu_tensor_footprint (batch, 3 * size * size);
  return gpu_tensor_footprint (1, batch * context) + gpu_tensor_footprint (1, batch);
}

guint64
nn_encoder_forecast (NnModel *model, NnEncoderKind kind, guint batch, double keep_rate)
{
  const gboolean image = kind == NN_ENCODER_IMAGE;
  g_autoptr (GpuArena) arena = arena_of (model, image, batch, keep_rate);
  return input_bytes (model, image, batch)
         + 2 * gpu_tensor_footprint (batch, (guint) model->config.embed_dim)
         + gpu_arena_get_bytes (arena);
}

guint
nn_encoder_fit (NnModel *model, guint batch)
{
  const guint64 limit = gpu_device_get_info (model->device)->max_binding_bytes;
  const guint64 each = MAX (largest_tensor (model, TRUE), largest_tensor (model, FALSE));
  return (guint) CLAMP (limit / each, 1, batch);
}

static gboolean
make_output (NnEncoder *encoder, GError **error)
{
  const guint width = (guint) encoder->model->config.embed_dim;
  guint64 bytes = gpu_tensor_footprint (encoder->batch, width);
  encoder->output_buffer =
      gpu_buffer_new (encoder->model->device, 2 * bytes, GPU_MEMORY_READBACK, error);
  encoder->features = (GpuTensor){ encoder->output_buffer, 0, encoder->batch, width };
  encoder->normalised = (GpuTensor){ encoder->output_buffer, bytes, encoder->batch, width };
  return encoder->output_buffer != NULL;
}

/* Records twice: dry, to learn what memory and which kernels it takes, and for the device. */
static gboolean
plan (NnEncoder *encoder, GError **error)
{
  g_autoptr (GpuStream) dry = gpu_stream_new_rehearsal (encoder->model->device);
  encoder->arena =
      gpu_arena_new (gpu_device_get_info (encoder->model->device)->max_allocation_bytes);
  record (encoder, dry);
  if (!gpu_arena_commit (encoder->arena, encoder->model->device, error)
      || !gpu_stream_prepare (dry, error))
    return FALSE;
  encoder->stream = gpu_stream_new (encoder->model->device);
  record (encoder, encoder->stream);
  return TRUE;
}

NnEncoder *
nn_encoder_new_image (NnModel *model, const NnEncoderOptions *options, GError **error)
{
  const guint size = (guint) model->config.vision.image_size;
  g_autoptr (NnEncoder) encoder = g_new0 (NnEncoder, 1);
  encoder->model = model;
  encoder->batch = options->batch;
  encoder->weights = options->weights;
  encoder->image = TRUE;
  encoder->keep_rate = options->keep_rate;
  if (encoder->keep_rate == 0)
    encoder->keep_rate =
        options->weights == NN_SLAB_TEACHER ? 1 : model->config.expedition.keep_rate;
  nn_vision_init (&encoder->vision, model, encoder->batch, encoder->keep_rate);
  if (options->watch
      && !nn_watch_init (&encoder->watch, &encoder->vision, model, encoder->batch, error))
    return NULL;

  encoder->input_buffer = gpu_buffer_new (model->device, input_bytes (model, TRUE, encoder->batch),
                                          GPU_MEMORY_UPLOAD, error);
  encoder->images = (GpuTensor){ encoder->input_buffer, 0, encoder->batch, 3 * size * size };
  if (!encoder->input_buffer || !make_output (encoder, error) || !plan (encoder, error))
    return NULL;
  return g_steal_pointer (&encoder);
}

NnEncoder *
nn_encoder_new_text (NnModel *model, guint batch, GError **error)
{
  const guint context = (guint) model->config.text.context_length;
  const guint64 tokens = gpu_tensor_footprint (1, batch * context);
  g_autoptr (NnEncoder) encoder = g_new0 (NnEncoder, 1);
  encoder->model = model;
  encoder->batch = batch;
  encoder->weights = NN_SLAB_WEIGHTS;
  nn_text_init (&encoder->text, model, batch);

  encoder->tokens = g_new0 (gint32, (gsize) batch * context);
  encoder->ends = g_new0 (gint32, batch);
  encoder->input_buffer =
      gpu_buffer_new (model->device, input_bytes (model, FALSE, batch), GPU_MEMORY_UPLOAD, error);
  encoder->input.tokens = (GpuTensor){ encoder->input_buffer, 0, 1, batch * context };
  encoder->input.ends = (GpuTensor){ encoder->input_buffer, tokens, 1, batch };
  if (!encoder->input_buffer || !make_output (encoder, error) || !plan (encoder, error))
    return NULL;
  return g_steal_pointer (&encoder);
}

void
nn_encoder_free (NnEncoder *encoder)
{
  if (!encoder)
    return;
  gpu_stream_free (encoder->stream);
  gpu_arena_free (encoder->arena);
  nn_watch_clear (&encoder->watch);
  gpu_buffer_unref (encoder->input_buffer);
  gpu_buffer_unref (encoder->output_buffer);
  g_free (encoder->tokens);
  g_free (encoder->ends);
  g_free (encoder);
}

guint
nn_encoder_get_batch (const NnEncoder *encoder)
{
  return encoder->batch;
}

guint
nn_encoder_get_width (const NnEncoder *encoder)
{
  return (guint) encoder->model->config.embed_dim;
}

gsize
nn_encoder_get_input (const NnEncoder *encoder)
{
  const NnConfig *config = &encoder->model->config;
  const gsize size = (gsize) config->vision.image_size;
  return encoder->image ? 3 * size * size : (gsize) config->text.context_length;
}

double
nn_encoder_get_keep_rate (const NnEncoder *encoder)
{
  return encoder->keep_rate;
}

float *
nn_encoder_images (NnEncoder *encoder, gsize *row_stride)
{
  g_assert (encoder->image);
  *row_stride = gpu_tensor_stride (encoder->images);
  return gpu_tensor_map (encoder->images);
}

gint32 *
nn_encoder_tokens (NnEncoder *encoder)
{
  g_assert (!encoder->image);
  return encoder->tokens;
}

static gboolean
read_rows (GpuTensor tensor, float *values, guint n, GError **error)
{
  tensor.rows = n;
  return !values || n == 0 || gpu_tensor_download (tensor, values, error);
}

static void
write_texts (NnEncoder *encoder)
{
  const guint context = (guint) encoder->model->config.text.context_length;
  nn_text_find_ends (encoder->ends, encoder->tokens, encoder->batch, context);
  memcpy (gpu_tensor_map (encoder->input.tokens), encoder->tokens,
          (gsize) encoder->batch * context * sizeof *encoder->tokens);
  memcpy (gpu_tensor_map (encoder->input.ends), encoder->ends,
          encoder->batch * sizeof *encoder->ends);
}

gboolean
nn_encoder_run (NnEncoder *encoder, float *features, float *normalised, guint n, GError **error)
{
  g_assert (n <= encoder->batch);
  if (!encoder->image)
    write_texts (encoder);
  return gpu_stream_run (encoder->stream, error)
         && read_rows (encoder->features, features, n, error)
         && read_rows (encoder->normalised, normalised, n, error);
}

const NnWatch *
nn_encoder_get_watch (const NnEncoder *encoder)
{
  return &encoder->watch;
}
