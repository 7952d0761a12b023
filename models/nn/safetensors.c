/* The reader: everything the header says is checked once, when the file is opened. */
#include "models/nn/safetensors.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_HEADER (100u * 1000u * 1000u) /* as the format's own library */
#define PREFIX 8                          /* bytes of the header's length */

struct NnTensorFile
{
  char *path;
  const guint8 *map;
  gsize size;
  gsize data_start;
  cJSON *header;   /* owns the names */
  GArray *tensors; /* NnFileTensor, by position in the file */
  GHashTable *by_name;
};

static const struct
{
  const char *name;
  gsize size;
} dtypes[] = {
  [NN_DTYPE_F32] = { "F32", 4 },   [NN_DTYPE_I32] = { "I32", 4 }, [NN_DTYPE_I64] = { "I64", 8 },
  [NN_DTYPE_F64] = { "F64", 8 },   [NN_DTYPE_F16] = { "F16", 2 }, [NN_DTYPE_BF16] = { "BF16", 2 },
  [NN_DTYPE_I16] = { "I16", 2 },   [NN_DTYPE_I8] = { "I8", 1 },   [NN_DTYPE_U8] = { "U8", 1 },
  [NN_DTYPE_BOOL] = { "BOOL", 1 },
};

G_DEFINE_QUARK (nn_tensor_file_error, nn_tensor_file_error)

gsize
nn_dtype_size (NnDType dtype)
{
  return dtypes[dtype].size;
}

const char *
nn_dtype_name (NnDType dtype)
{
  return dtypes[dtype].name;
}

G_GNUC_PRINTF (3, 4)
static gboolean
bad (const NnTensorFile *file, GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree char *what = g_strdup_vprintf (format, args);
  va_end (args);
  g_autofree char *valid = g_utf8_make_valid (what, -1);
  g_set_error (error, NN_TENSOR_FILE_ERROR, NN_TENSOR_FILE_ERROR_FORMAT,
               "%s is not a whole safetensors file: %s", file->path, valid);
  return FALSE;
}

static gboolean
map_file (NnTensorFile *file, GError **error)
{
  struct stat info = { 0 };
  /* O_NONBLOCK: opening a named pipe must not wait for a writer. */
  int fd = open (file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  int failure = fd < 0 || fstat (fd, &info) < 0 ? errno : 0;

  if (failure == 0 && S_ISREG (info.st_mode) && info.st_size > 0)
    {
      file->size = (gsize) info.st_size;
      void *map = mmap (NULL, file->size, PROT_READ, MAP_PRIVATE, fd, 0);
      failure = map == MAP_FAILED ? errno : 0;
      file->map = map == MAP_FAILED ? NULL : map;
    }
  if (fd >= 0)
    close (fd);
  if (failure)
    {
      g_set_error (error, NN_TENSOR_FILE_ERROR, NN_TENSOR_FILE_ERROR_IO, "cannot read %s: %s",
                   file->path, g_strerror (failure));
      return FALSE;
    }
  if (file->map == NULL)
    return bad (file, error, S_ISREG (info.st_mode) ? "it is empty" : "it is not a file");
  return TRUE;
}

static gboolean
parse_header (NnTensorFile *file, GError **error)
{
  guint64 length;
  const char *json = (const char *) file->map + PREFIX;

  if (file->size < PREFIX)
    return bad (file, error, "it has %" G_GSIZE_FORMAT " bytes", file->size);
  memcpy (&length, file->map, PREFIX);
  length = GUINT64_FROM_LE (length);
  if (length > MAX_HEADER || length > file->size - PREFIX)
    return bad (file, error,
                "its header would have %" G_GUINT64_FORMAT " of %" G_GSIZE_FORMAT " bytes", length,
                file->size);
  file->data_start = PREFIX + (gsize) length;
  if (length == 0 || json[0] != '{' || !g_utf8_validate_len (json, length, NULL))
    return bad (file, error, "its header is not a JSON object in UTF-8");

  const char *end = NULL;
  file->header = cJSON_ParseWithLengthOpts (json, length, &end, FALSE);
  if (!cJSON_IsObject (file->header))
    return bad (file, error, "its header is not JSON");
  for (; end < json + length; end++)
    if (!g_ascii_isspace (*end))
      return bad (file, error, "something follows the header's JSON");
  return TRUE;
}

/* A whole number of JSON that a gint64 and a double both hold exactly. */
static gboolean
get_whole (const cJSON *item, gint64 *out)
{
  double value = cJSON_IsNumber (item) ? item->valuedouble : -1;

  if (!(value >= 0 && value <= 9007199254740992.0 && value == floor (value)))
    return FALSE;
  *out = (gint64) value;
  return TRUE;
}

static gboolean
parse_dtype (const cJSON *item, NnDType *out)
{
  for (gsize i = 0; cJSON_IsString (item) && i < G_N_ELEMENTS (dtypes); i++)
    if (strcmp (dtypes[i].name, item->valuestring) == 0)
      {
        *out = (NnDType) i;
        return TRUE;
      }
  return FALSE;
}

static gboolean
parse_shape (const cJSON *list, NnFileTensor *tensor)
{
  const cJSON *item;

  if (!cJSON_IsArray (list))
    return FALSE;
  tensor->elements = 1;
  cJSON_ArrayForEach (item, list)
  {
    if (tensor->rank == NN_TENSOR_MAX_RANK || !get_whole (item, &tensor->shape[tensor->rank]))
      return FALSE;
    gsize length = (gsize) tensor->shape[tensor->rank++];
    if (!g_size_checked_mul (&tensor->elements, tensor->elements, length))
      return FALSE;
  }
  return g_size_checked_mul (&tensor->bytes, tensor->elements, nn_dtype_size (tensor->dtype));
}

/* The one member of that name, or NULL when there is none or several. */
static const cJSON *
only_member (const cJSON *object, const char *name)
{
  const cJSON *found = NULL;
  const cJSON *item;

  cJSON_ArrayForEach (item, object)
  {
    if (strcmp (item->string, name) != 0)
      continue;
    if (found)
      return NULL;
    found = item;
  }
  return found;
}

static gboolean
parse_tensor (NnTensorFile *file, const cJSON *entry, GError **error)
{
  NnFileTensor tensor = { .name = entry->string };
  const cJSON *range = only_member (entry, "data_offsets");
  gsize room = file->size - file->data_start;
  gint64 begin, end;

  if (!cJSON_IsObject (entry) || *tensor.name == '\0')
    return bad (file, error, "entry '%s' does not describe a tensor", tensor.name);
  if (g_hash_table_contains (file->by_name, tensor.name))
    return bad (file, error, "tensor '%s' is there twice", tensor.name);
  if (!parse_dtype (only_member (entry, "dtype"), &tensor.dtype))
    return bad (file, error, "tensor '%s' has no type that we read", tensor.name);
  if (!parse_shape (only_member (entry, "shape"), &tensor))
    return bad (file, error, "tensor '%s' has no shape that we read", tensor.name);
  if (!cJSON_IsArray (range) || cJSON_GetArraySize (range) != 2
      || !get_whole (cJSON_GetArrayItem (range, 0), &begin)
      || !get_whole (cJSON_GetArrayItem (range, 1), &end) || begin > end)
    return bad (file, error, "tensor '%s' has no byte range", tensor.name);
  if ((guint64) end > room)
    return bad (file, error,
                "tensor '%s' ends at byte %" G_GINT64_FORMAT " of %" G_GSIZE_FORMAT
                ", the file is cut short",
                tensor.name, end, room);
  if ((guint64) (end - begin) != tensor.bytes)
    return bad (file, error,
                "tensor '%s' has %" G_GINT64_FORMAT " bytes for a shape of %" G_GSIZE_FORMAT,
                tensor.name, end - begin, tensor.bytes);
  tensor.data = file->map + file->data_start + begin;
  g_hash_table_add (file->by_name, (gpointer) tensor.name);
  g_array_append_val (file->tensors, tensor);
  return TRUE;
}

static int
compare_position (gconstpointer a, gconstpointer b)
{
  const NnFileTensor *left = a, *right = b;

  if (left->data != right->data)
    return (const guint8 *) left->data < (const guint8 *) right->data ? -1 : 1;
  /* Empty tensors stand before the one that begins at the same byte. */
  if ((left->bytes == 0) != (right->bytes == 0))
    return left->bytes == 0 ? -1 : 1;
  return strcmp (left->name, right->name);
}

/* The ranges must tile the data: no gap, no overlap, nothing behind the last. */
static gboolean
check_cover (NnTensorFile *file, GError **error)
{
  const guint8 *at = file->map + file->data_start;

  g_array_sort (file->tensors, compare_position);
  for (guint i = 0; i < file->tensors->len; i++)
    {
      const NnFileTensor *tensor = nn_tensor_file_get (file, i);

      if ((const guint8 *) tensor->data != at)
        return bad (file, error, "tensor '%s' %s", tensor->name,
                    (const guint8 *) tensor->data < at ? "overlaps another" : "follows a gap");
      at += tensor->bytes;
    }
  if (at != file->map + file->size)
    return bad (file, error, "%" G_GSIZE_FORMAT " bytes belong to no tensor",
                (gsize) (file->map + file->size - at));
  return TRUE;
}

static gboolean
parse_tensors (NnTensorFile *file, GError **error)
{
  gboolean has_metadata = FALSE;
  const cJSON *entry, *item;

  cJSON_ArrayForEach (entry, file->header)
  {
    if (strcmp (entry->string, "__metadata__") != 0)
      {
        if (!parse_tensor (file, entry, error))
          return FALSE;
        continue;
      }
    if (has_metadata || !cJSON_IsObject (entry))
      return bad (file, error, "its __metadata__ is not one object");
    has_metadata = TRUE;
    cJSON_ArrayForEach (item, entry) if (!cJSON_IsString (item)) return bad (
        file, error, "its __metadata__ has '%s', which is not a text", item->string);
  }
  if (!check_cover (file, error))
    return FALSE;
  g_hash_table_remove_all (file->by_name);
  for (guint i = 0; i < file->tensors->len; i++)
    {
      NnFileTensor *tensor = &g_array_index (file->tensors, NnFileTensor, i);

      g_hash_table_insert (file->by_name, (gpointer) tensor->name, tensor);
    }
  return TRUE;
}

NnTensorFile *
nn_tensor_file_open (const char *path, GError **error)
{
  g_autoptr (NnTensorFile) file = g_new0 (NnTensorFile, 1);

  file->path = g_strdup (path);
  file->tensors = g_array_new (FALSE, TRUE, sizeof (NnFileTensor));
  file->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  if (!map_file (file, error) || !parse_header (file, error) || !parse_tensors (file, error))
    return NULL;
  return g_steal_pointer (&file);
}

void
nn_tensor_file_free (NnTensorFile *file)
{
  if (file == NULL)
    return;
  if (file->map)
    munmap ((void *) file->map, file->size);
  g_hash_table_unref (file->by_name);
  g_array_unref (file->tensors);
  cJSON_Delete (file->header);
  g_free (file->path);
  g_free (file);
}

const char *
nn_tensor_file_path (const NnTensorFile *file)
{
  return file->path;
}

guint
nn_tensor_file_count (const NnTensorFile *file)
{
  return file->tensors->len;
}

const NnFileTensor *
nn_tensor_file_get (const NnTensorFile *file, guint index)
{
  g_assert (index < file->tensors->len);
  return &g_array_index (file->tensors, NnFileTensor, index);
}

const NnFileTensor *
nn_tensor_file_find (const NnTensorFile *file, const char *name)
{
  return g_hash_table_lookup (file->by_name, name);
}

const char *
nn_tensor_file_metadata (const NnTensorFile *file, const char *key)
{
  const cJSON *metadata = cJSON_GetObjectItemCaseSensitive (file->header, "__metadata__");

  return cJSON_GetStringValue (cJSON_GetObjectItemCaseSensitive (metadata, key));
}

static char *
describe_shape (int rank, const gint64 *shape)
{
  GString *text = g_string_new ("[");

  for (int i = 0; i < rank; i++)
    g_string_append_printf (text, "%s%" G_GINT64_FORMAT, i ? "," : "", shape[i]);
  g_string_append_c (text, ']');
  return g_string_free (text, FALSE);
}

const NnFileTensor *
nn_tensor_file_expect (const NnTensorFile *file, const char *name, int rank, const gint64 *shape,
                       GError **error)
{
  const NnFileTensor *tensor = nn_tensor_file_find (file, name);

  if (tensor == NULL)
    {
      g_set_error (error, NN_TENSOR_FILE_ERROR, NN_TENSOR_FILE_ERROR_MISSING,
                   "%s has no tensor '%s'", file->path, name);
      return NULL;
    }
  if (rank < 0
      || (tensor->rank == rank
          && (rank == 0 || memcmp (tensor->shape, shape, sizeof *shape * (gsize) rank) == 0)))
    return tensor;
  g_autofree char *found = describe_shape (tensor->rank, tensor->shape);
  g_autofree char *wanted = describe_shape (rank, shape);
  g_set_error (error, NN_TENSOR_FILE_ERROR, NN_TENSOR_FILE_ERROR_MISMATCH,
               "%s has '%s' of shape %s, the config asks for %s", file->path, name, found, wanted);
  return NULL;
}

static const NnFileTensor *
expect_elements (const NnTensorFile *file, const char *name, gsize elements, gboolean floating,
                 GError **error)
{
  const NnFileTensor *tensor = nn_tensor_file_expect (file, name, -1, NULL, error);

  if (tensor == NULL)
    return NULL;
  gboolean is_floating = tensor->dtype == NN_DTYPE_F32 || tensor->dtype == NN_DTYPE_F64
                         || tensor->dtype == NN_DTYPE_F16 || tensor->dtype == NN_DTYPE_BF16;
  if (tensor->elements == elements && is_floating == floating)
    return tensor;
  g_autofree char *found = describe_shape (tensor->rank, tensor->shape);
  g_set_error (error, NN_TENSOR_FILE_ERROR, NN_TENSOR_FILE_ERROR_MISMATCH,
               "%s has '%s' as %s %s, wanted are %" G_GSIZE_FORMAT " %s numbers", file->path, name,
               nn_dtype_name (tensor->dtype), found, elements, floating ? "floating" : "whole");
  return NULL;
}

static float
half_to_float (guint16 half)
{
  int exponent = half >> 10 & 31;
  float fraction = (float) (half & 1023) / 1024.0f;
  float value = exponent == 31  ? (half & 1023 ? NAN : INFINITY)
                : exponent == 0 ? ldexpf (fraction, -14)
                                : ldexpf (1 + fraction, exponent - 15);

  return half & 0x8000 ? -value : value;
}

static float
load_float (const guint8 *from, NnDType dtype)
{
  guint16 half;
  guint32 word;
  double wide;
  float value;

  switch (dtype)
    {
    case NN_DTYPE_F64:
      memcpy (&wide, from, sizeof wide);
      return (float) wide;
    case NN_DTYPE_F16:
      memcpy (&half, from, sizeof half);
      return half_to_float (half);
    case NN_DTYPE_BF16:
      memcpy (&half, from, sizeof half);
      word = (guint32) half << 16;
      memcpy (&value, &word, sizeof value);
      return value;
    default:
      memcpy (&value, from, sizeof value);
      return value;
    }
}

static gint64
load_whole (const guint8 *from, NnDType dtype)
{
  gint16 narrow;
  gint32 word;
  gint64 wide;

  switch (dtype)
    {
    case NN_DTYPE_I64:
      memcpy (&wide, from, sizeof wide);
      return wide;
    case NN_DTYPE_I16:
      memcpy (&narrow, from, sizeof narrow);
      return narrow;
    case NN_DTYPE_I8:
      return (gint8) *from;
    case NN_DTYPE_U8:
    case NN_DTYPE_BOOL:
      return *from;
    default:
      memcpy (&word, from, sizeof word);
      return word;
    }
}

gboolean
nn_tensor_file_read_f32 (const NnTensorFile *file, const char *name, float *out, gsize elements,
                         GError **error)
{
  const NnFileTensor *tensor = expect_elements (file, name, elements, TRUE, error);

  if (tensor == NULL)
    return FALSE;
  if (elements > 0 && tensor->dtype == NN_DTYPE_F32)
    memcpy (out, tensor->data, tensor->bytes);
  else
    for (gsize i = 0; i < elements; i++)
      out[i] = load_float ((const guint8 *) tensor->data + i * nn_dtype_size (tensor->dtype),
                           tensor->dtype);
  return TRUE;
}

gboolean
nn_tensor_file_read_i32 (const NnTensorFile *file, const char *name, gint32 *out, gsize elements,
                         GError **error)
{
  const NnFileTensor *tensor = expect_elements (file, name, elements, FALSE, error);

  for (gsize i = 0; tensor && i < elements; i++)
    {
      gint64 value = load_whole ((const guint8 *) tensor->data + i * nn_dtype_size (tensor->dtype),
                                 tensor->dtype);

      if (value < G_MININT32 || value > G_MAXINT32)
        {
          g_set_error (error, NN_TENSOR_FILE_ERROR, NN_TENSOR_FILE_ERROR_MISMATCH,
                       "%s has %" G_GINT64_FORMAT " in '%s', which does not fit 32 bits",
                       file->path, value, name);
          return FALSE;
        }
      out[i] = (gint32) value;
    }
  return tensor != NULL;
}
