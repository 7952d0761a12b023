/* A kernel: its code, what it binds, and nothing that runs.
 *
 * Kernels are const tables beside their dispatchers in compute/ops. Pipelines are made on first use
 * under (kernel, specialisation constants) and live with the device.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define GPU_MAX_BINDINGS 8
#define GPU_MAX_SPEC 8
#define GPU_MAX_PUSH 128

typedef struct
{
  const guint32 *code;
  gsize bytes;
} GpuSpirv;

typedef struct
{
  const char *name;
  GpuSpirv texel;   /* the same shader, built to read texel buffers */
  GpuSpirv storage; /* ... and storage buffers */
  /* One letter a binding, in order: r reads floats as vec4 (texel or storage, by the device's
   * choice), s reads through a storage buffer, w writes every element it touches without reading,
   * u updates. */
  const char *bindings;
  guint push_bytes;
  guint n_spec; /* specialisation constants 0 .. n_spec - 1; constant 0 is local_size_x */
} GpuKernel;

/* The two builds of shaders/<name>.comp, from <name>.spv.h. */
#define GPU_KERNEL_CODE(shader)                                                                    \
  .name = #shader, .texel = { shader##_texel, sizeof shader##_texel },                             \
  .storage = { shader##_storage, sizeof shader##_storage }

G_END_DECLS
