#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/memory.h"
#include "dataset/dataset.h"
#include "jobs/export_data.h"

enum { PAGE = 500 };

/* The shortest decimal that reads back as the same number. */
static void add_number(struct csv_writer *writer, double number)
{
	char text[40] = "";
	for (int digits = 15; digits <= 17 && !isnan(number); digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, number);
		if (strtod(text, NULL) == number)
			break;
	}
	csv_writer_text(writer, text);
}

static void add_count(struct csv_writer *writer, int64_t count, int64_t nothing)
{
	char text[24] = "";
	if (count != nothing)
		snprintf(text, sizeof(text), "%" PRId64, count);
	csv_writer_text(writer, text);
}

static void add_seconds(struct csv_writer *writer, int64_t ms)
{
	char text[32];
	snprintf(text, sizeof(text), "%" PRId64 ".%03" PRId64, ms / 1000, ms % 1000);
	csv_writer_text(writer, text);
}

static void add_binary(struct csv_writer *writer, enum binary value, const char *yes, const char *no)
{
	csv_writer_text(writer, value == BINARY_UNKNOWN ? "" : value == BINARY_PHISHING ? yes : no);
}

/* In the order of enum output_column. */
static void add_result(struct csv_writer *writer, const struct extract_result *result, enum binary final)
{
	char time[CLOCK_TEXT_SIZE];
	add_binary(writer, result->verdict, "True", "False");
	add_number(writer, result->confidence);
	csv_writer_text(writer, risk_name(result->risk));
	csv_writer_text(writer, result->reasoning);
	csv_writer_text(writer, result->risk_factors);
	csv_writer_text(writer, result->detected_brands);
	csv_writer_text(writer, decision_source_name(result->source));
	add_seconds(writer, result->elapsed_ms);
	csv_writer_text(writer, result->worker);
	add_count(writer, result->attempts, 0);
	csv_writer_text(writer, failure_name(result->failure));
	csv_writer_text(writer, result->detail);
	csv_writer_text(writer, result->finish_reason);
	add_count(writer, result->prompt_tokens, -1);
	add_count(writer, result->completion_tokens, -1);
	csv_writer_text(writer, result->model);
	csv_writer_text(writer, clock_format(result->evaluated_ms, time));
	add_binary(writer, final, "1", "0");
}

static void add_header(struct export *export)
{
	struct csv_writer writer;
	csv_writer_init(&writer, &export->out, export->profile);
	csv_writer_mark(&writer);
	for (size_t i = 0; i < export->columns.count; i++) {
		AUTO_FREE char *name = columns_export_name(&export->columns, i);
		csv_writer_text(&writer, name);
	}
	for (int i = 0; i < OUTPUT_COUNT; i++)
		csv_writer_text(&writer, columns_output_name((enum output_column)i));
	csv_writer_end(&writer);
}

/* Programs get the bytes that came in; a spreadsheet gets cells that it cannot run. */
static void add_input(struct export *export, struct csv_writer *writer, const char *bytes, size_t length)
{
	if (export->profile == CSV_RAW) {
		text_add_bytes(&export->out, bytes, length);
		writer->cells = export->columns.count;
		return;
	}
	struct dataset_cells cells;
	dataset_cells_init(&cells, bytes, length);
	for (size_t i = 0; i < cells.count; i++)
		csv_writer_cell(writer, cells.fields[i].bytes, cells.fields[i].length);
	dataset_cells_release(&cells);
}

static bool add_row(struct export *export, const struct dataset_place *place, const char *bytes, struct error *err)
{
	AUTO(extract_result_release) struct extract_result result = {0};
	enum binary final;
	if (!extract_result_read(export->reader, export->run.id, export->positions[place->item], export->version, &result, err) ||
	    !export_final(export, &result, place->item, &final, err))
		return false;
	struct csv_writer writer;
	csv_writer_init(&writer, &export->out, export->profile);
	add_input(export, &writer, bytes, (size_t)place->length);
	if (result.done)
		add_result(&writer, &result, final);
	for (int i = 0; i < OUTPUT_COUNT && !result.done; i++)
		csv_writer_text(&writer, NULL);
	csv_writer_end(&writer);
	return true;
}

bool export_csv_page(struct export *export, struct error *err)
{
	struct dataset_place places[PAGE];
	const char *bytes[PAGE];
	AUTO_FREE char *block = NULL;
	if (!export->begun)
		add_header(export);
	export->begun = true;
	int read = dataset_rows(export->reader, export->dataset.id, export->after, PAGE, places, err), count = 0;
	if (read < 0)
		return false;
	if (read > 0)
		export->after = places[read - 1].row;
	export->ended = read < PAGE;
	for (int i = 0; i < read; i++)
		if (places[i].item <= export->items && export->positions[places[i].item])
			places[count++] = places[i];
	if (count > 0 && !export_bytes(export, places, count, &block, bytes, err))
		return false;
	for (int i = 0; i < count; i++)
		if (!add_row(export, &places[i], bytes[i], err))
			return false;
	return true;
}
