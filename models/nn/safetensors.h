/* Reading and writing safetensors files: an 8-byte little-endian header length, a JSON header of
 * names, types, shapes and byte ranges, then the bytes of the tensors without gaps.
 *
 * Files come from anywhere, so the reader believes nothing: nn_tensor_file_open checks the whole
 * header against the size of the file, after which reading cannot leave the file. The writer writes
 * path.tmp, syncs it, renames it over path and syncs the folder: a reader sees the old file or the
 * new one, and a failure leaves the old one as it was.
 *
 * A reader may be shared between threads; a writer belongs to one. Errors are of the domain
 * NN_TENSOR_FILE_ERROR and name the file.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define NN_TENSOR_MAX_RANK 8

#define NN_TENSOR_FILE_ERROR (nn_tensor_file_error_quark ())
GQuark nn_tensor_file_error_quark (void);

typedef enum
{
  NN_TENSOR_FILE_ERROR_IO,       /* cannot be opened, read or written */
  NN_TENSOR_FILE_ERROR_FORMAT,   /* not a whole and consistent safetensors file */
  NN_TENSOR_FILE_ERROR_MISSING,  /* a tensor that was asked for is not there */
  NN_TENSOR_FILE_ERROR_MISMATCH, /* it is there with another shape or type */
} NnTensorFileError;

typedef enum
{
  NN_DTYPE_F32,
  NN_DTYPE_I32,
  NN_DTYPE_I64,
  NN_DTYPE_F64,
  NN_DTYPE_F16,
  NN_DTYPE_BF16,
  NN_DTYPE_I16,
  NN_DTYPE_I8,
  NN_DTYPE_U8,
  NN_DTYPE_BOOL,
} NnDType;

/* Bytes of one element. */
gsize nn_dtype_size (NnDType dtype);
const char *nn_dtype_name (NnDType dtype);

typedef struct
{
  const char *name;
  NnDType dtype;
  int rank; /* 0: a scalar, of one element */
  gint64 shape[NN_TENSOR_MAX_RANK];
  gsize elements;
  gsize bytes;
  const void *data; /* in the mapped file; not aligned in every file, so copy or use _read_ */
} NnFileTensor;

typedef struct NnTensorFile NnTensorFile;

/* Maps and checks a file. Its memory lives until nn_tensor_file_free. */
NnTensorFile *nn_tensor_file_open (const char *path, GError **error);
void nn_tensor_file_free (NnTensorFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NnTensorFile, nn_tensor_file_free)

const char *nn_tensor_file_path (const NnTensorFile *file);

/* The tensors, in the order of their bytes in the file. */
guint nn_tensor_file_count (const NnTensorFile *file);
const NnFileTensor *nn_tensor_file_get (const NnTensorFile *file, guint index);

/* NULL when there is no such tensor. */
const NnFileTensor *nn_tensor_file_find (const NnTensorFile *file, const char *name);

/* The value of a key of __metadata__, or NULL. */
const char *nn_tensor_file_metadata (const NnTensorFile *file, const char *key);

/* As find, but a missing tensor or one of another shape is an error. rank -1: any shape. */
const NnFileTensor *nn_tensor_file_expect (const NnTensorFile *file, const char *name, int rank,
                                           const gint64 *shape, GError **error);

/* Copies a tensor of exactly `elements` elements, converted: any floating type to float, any whole
 * type to int32 (a value out of its range is an error). */
gboolean nn_tensor_file_read_f32 (const NnTensorFile *file, const char *name, float *out,
                                  gsize elements, GError **error);
gboolean nn_tensor_file_read_i32 (const NnTensorFile *file, const char *name, gint32 *out,
                                  gsize elements, GError **error);

typedef struct NnTensorWriter NnTensorWriter;

NnTensorWriter *nn_tensor_writer_new (void);

/* Before a commit this removes the temporary file. */
void nn_tensor_writer_free (NnTensorWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NnTensorWriter, nn_tensor_writer_free)

/* A later value of a key replaces the earlier. Keys are written sorted. */
void nn_tensor_writer_add_metadata (NnTensorWriter *writer, const char *key, const char *value);

/* Declares the next tensor; the file's order is the order of these calls, and equal calls give
 * equal bytes. `data` is borrowed until nn_tensor_writer_save, or NULL to stream it with _write.
 * Names must differ. */
void nn_tensor_writer_add (NnTensorWriter *writer, const char *name, NnDType dtype, int rank,
                           const gint64 *shape, const void *data);

/* Writes everything at once, from the borrowed data. */
gboolean nn_tensor_writer_save (NnTensorWriter *writer, const char *path, GError **error);

/* Or streams it: begin writes the header; write appends the next bytes of the tensors in their
 * order, in pieces of any size; commit wants every byte, and puts the file in place. */
gboolean nn_tensor_writer_begin (NnTensorWriter *writer, const char *path, GError **error);
gboolean nn_tensor_writer_write (NnTensorWriter *writer, const void *data, gsize bytes,
                                 GError **error);
gboolean nn_tensor_writer_commit (NnTensorWriter *writer, GError **error);

G_END_DECLS
