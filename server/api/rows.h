/* rows.h - cells of a dataset's rows, read back from its bytes; on job threads */
#ifndef MEKIKI_SERVER_API_ROWS_H
#define MEKIKI_SERVER_API_ROWS_H

#include <jansson.h>

#include "api/context.h"
#include "store/dataset.h"

struct rows; /* the open file of a dataset */

struct rows *rows_open(const struct api *api, const struct dataset_record *dataset, struct error *err);
void rows_close(struct rows *rows);
/* ["cell", ...] of the row at this place; NULL with err. */
json_t *rows_cells(struct rows *rows, int64_t offset, int64_t length, struct error *err);

/* {"column": "cell", ...} of one row; NULL with err. */
json_t *rows_cells_by_column(const struct api *api, const struct dataset_record *dataset, int64_t offset, int64_t length,
                             struct error *err);

#endif
