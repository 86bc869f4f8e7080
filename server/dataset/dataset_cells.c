#include "dataset/dataset.h"

void dataset_cells_init(struct dataset_cells *cells, const char *bytes, size_t length)
{
	struct csv_record record;
	*cells = (struct dataset_cells){.reader = csv_reader_new()};
	csv_reader_feed(cells->reader, bytes, length);
	csv_reader_finish(cells->reader);
	if (csv_reader_next(cells->reader, &record) != CSV_RECORD)
		return;
	for (size_t i = 0; i < record.count; i++)
		csv_field_decode(&record.fields[i]);
	cells->fields = record.fields;
	cells->count = record.count;
}

void dataset_cells_release(struct dataset_cells *cells)
{
	csv_reader_free(cells->reader);
	*cells = (struct dataset_cells){0};
}
