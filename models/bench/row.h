/* A result: a JSON object of texts and numbers, in the order they were added. */
#pragma once

#include <cjson/cJSON.h>
#include <glib.h>

G_BEGIN_DECLS

typedef cJSON BenchRow;

/* `bench` says what was measured: "gemm", "train". */
BenchRow *bench_row_new (const char *bench);
void bench_row_free (BenchRow *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BenchRow, bench_row_free)

/* NULL adds nothing. */
void bench_row_add_text (BenchRow *row, const char *name, const char *value);

/* Kept to six digits: no clock is better. */
void bench_row_add_number (BenchRow *row, const char *name, double value);
void bench_row_add_whole (BenchRow *row, const char *name, guint64 value);

/* "ms", and where there were operations "gflops", where there was traffic "gb_per_s". */
void bench_row_add_speed (BenchRow *row, double seconds, guint64 flops, guint64 bytes);

/* For people: the row as a line of a table; `header` (or NULL) gets the line above it. Columns of
 * rows with the same names line up. Free both with g_free. */
char *bench_row_format (const BenchRow *row, char **header);

/* Rows of one table have the same names. */
gboolean bench_row_is_like (const BenchRow *a, const BenchRow *b);

G_END_DECLS
