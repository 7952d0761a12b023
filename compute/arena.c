/* First fit over blocks. Offsets depend on the sequence of calls alone, so that the run after
 * commit places every tensor exactly where the dry run did. */
#include "compute/arena.h"

/* A dry tensor has no buffer: its block is kept above this bit of the offset. A plan may well ask
 * for more than any device has, to be refused with its size. */
#define DRY_SHIFT 52

typedef struct
{
  guint64 begin, end;
} Range;

typedef struct
{
  GArray *holes;  /* of Range, ascending, never touching */
  guint64 extent; /* highest end ever taken */
  GpuBuffer *buffer;
} Block;

struct _GpuArena
{
  guint64 block_bytes;
  guint64 largest;
  GArray *blocks;
  gboolean committed;
};

static void
block_clear (gpointer data)
{
  Block *block = data;
  g_array_unref (block->holes);
  gpu_buffer_unref (block->buffer);
}

GpuArena *
gpu_arena_new (guint64 block_bytes)
{
  GpuArena *arena = g_new0 (GpuArena, 1);
  arena->block_bytes = block_bytes ? MIN (block_bytes, 1ull << DRY_SHIFT) : 1ull << 30;
  arena->blocks = g_array_new (FALSE, TRUE, sizeof (Block));
  g_array_set_clear_func (arena->blocks, block_clear);
  return arena;
}

void
gpu_arena_free (GpuArena *arena)
{
  if (!arena)
    return;
  g_array_unref (arena->blocks);
  g_free (arena);
}

static Block *
add_block (GpuArena *arena, guint64 bytes)
{
  Block block = { .holes = g_array_new (FALSE, FALSE, sizeof (Range)) };
  Range all = { 0, MAX (arena->block_bytes, bytes) };
  g_assert (arena->blocks->len < 1u << (64 - DRY_SHIFT));
  g_array_append_val (block.holes, all);
  g_array_append_val (arena->blocks, block);
  return &g_array_index (arena->blocks, Block, arena->blocks->len - 1);
}

static gboolean
take_from (Block *block, guint64 bytes, guint64 *offset)
{
  for (guint i = 0; i < block->holes->len; i++)
    {
      Range *hole = &g_array_index (block->holes, Range, i);
      if (hole->end - hole->begin < bytes)
        continue;
      *offset = hole->begin;
      hole->begin += bytes;
      if (hole->begin == hole->end)
        g_array_remove_index (block->holes, i);
      block->extent = MAX (block->extent, *offset + bytes);
      return TRUE;
    }
  return FALSE;
}

GpuTensor
gpu_arena_take (GpuArena *arena, guint rows, guint cols)
{
  guint64 bytes = gpu_tensor_footprint (rows, cols), offset = 0;
  guint i = 0;
  g_assert (rows > 0 && cols > 0);
  arena->largest = MAX (arena->largest, bytes);
  while (i < arena->blocks->len
         && !take_from (&g_array_index (arena->blocks, Block, i), bytes, &offset))
    i++;
  if (i == arena->blocks->len)
    {
      g_assert (!arena->committed); /* the run after commit asks for what the dry run did */
      take_from (add_block (arena, bytes), bytes, &offset);
    }

  Block *block = &g_array_index (arena->blocks, Block, i);
  return (GpuTensor){ .buffer = block->buffer,
                      .offset = arena->committed ? offset : offset | (guint64) i << DRY_SHIFT,
                      .rows = rows,
                      .cols = cols };
}

static Block *
find_block (GpuArena *arena, GpuTensor tensor)
{
  if (!arena->committed)
    return &g_array_index (arena->blocks, Block, tensor.offset >> DRY_SHIFT);
  for (guint i = 0; i < arena->blocks->len; i++)
    if (g_array_index (arena->blocks, Block, i).buffer == tensor.buffer)
      return &g_array_index (arena->blocks, Block, i);
  g_assert_not_reached ();
}

void
gpu_arena_give (GpuArena *arena, GpuTensor tensor)
{
  GArray *holes = find_block (arena, tensor)->holes;
  guint64 begin = tensor.offset & ((1ull << DRY_SHIFT) - 1);
  Range freed = { begin, begin + gpu_tensor_footprint (tensor.rows, tensor.cols) };
  guint i = 0;
  while (i < holes->len && g_array_index (holes, Range, i).begin < freed.begin)
    i++;
  if (i < holes->len && g_array_index (holes, Range, i).begin == freed.end)
    {
      freed.end = g_array_index (holes, Range, i).end;
      g_array_remove_index (holes, i);
    }
  if (i > 0 && g_array_index (holes, Range, i - 1).end == freed.begin)
    g_array_index (holes, Range, i - 1).end = freed.end;
  else
    g_array_insert_val (holes, i, freed);
}

gboolean
gpu_arena_commit (GpuArena *arena, GpuDevice *device, GError **error)
{
  g_assert (!arena->committed);
  for (guint i = 0; i < arena->blocks->len; i++)
    {
      Block *block = &g_array_index (arena->blocks, Block, i);
      block->buffer = gpu_buffer_new (device, block->extent, GPU_MEMORY_DEVICE, error);
      if (!block->buffer)
        return FALSE;
      Range all = { 0, block->extent };
      g_array_set_size (block->holes, 0);
      g_array_append_val (block->holes, all);
    }
  arena->committed = TRUE;
  return TRUE;
}

guint64
gpu_arena_get_largest (const GpuArena *arena)
{
  return arena->largest;
}

guint64
gpu_arena_get_bytes (const GpuArena *arena)
{
  guint64 bytes = 0;
  for (guint i = 0; i < arena->blocks->len; i++)
    bytes += g_array_index (arena->blocks, Block, i).extent;
  return bytes;
}
