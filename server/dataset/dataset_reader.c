#include "dataset/dataset.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/text.h"
#include "dataset/cell.h"
#include "dataset/key.h"
#include "dataset/spelling.h"

/* What may happen to many rows is counted, and told once with the first of them. */
enum note { NOTE_URL, NOTE_LABEL, NOTE_STAGE1, NOTE_ML, NOTE_RENAMED, NOTE_COUNT };

static const char *const note_sentences[NOTE_COUNT] = {
	[NOTE_URL] = "cells held a URL and were reduced to the host",
	[NOTE_LABEL] = "cells of y_true or label are no label (expected 0, 1, True, False or empty); their rows have none",
	[NOTE_STAGE1] = "cells of stage1_pred are no prediction (expected 0, 1, True, False or empty); "
			"ml_probability >= 0.5 was taken where there is one",
	[NOTE_ML] = "cells of ml_probability are no number from 0 to 1; they count as missing",
	[NOTE_RENAMED] = "columns have the name of a result column; exports call them input_NAME",
};

struct noted {
	int64_t times, record, line;
	char excerpt[DATASET_EXCERPT_SIZE];
};

struct dataset_reader {
	char *name;
	struct csv_reader *csv;
	struct columns columns;
	bool begun, is_list, ended;
	bool unread; /* the first line of a list is its first row, too */
	struct csv_record record;
	int64_t header_length;
	int64_t records, rows;
	struct spelling *spelling;
	struct noted notes[NOTE_COUNT];
	enum note next_note;
	char key[KEY_SIZE];
	char source[257], tld[64]; /* longer ones are cut */
};

struct dataset_reader *dataset_reader_new(const char *name)
{
	struct dataset_reader *reader = NEW(struct dataset_reader);
	reader->name = memory_copy(name);
	reader->csv = csv_reader_new();
	reader->spelling = spelling_new();
	columns_init(&reader->columns);
	return reader;
}

void dataset_reader_free(struct dataset_reader *reader)
{
	if (!reader)
		return;
	free(reader->name);
	csv_reader_free(reader->csv);
	spelling_free(reader->spelling);
	columns_release(&reader->columns);
	free(reader);
}

void dataset_reader_feed(struct dataset_reader *reader, const void *bytes, size_t length)
{
	csv_reader_feed(reader->csv, bytes, length);
}

void dataset_reader_finish(struct dataset_reader *reader)
{
	csv_reader_finish(reader->csv);
}

const struct columns *dataset_reader_columns(const struct dataset_reader *reader)
{
	return &reader->columns;
}

bool dataset_reader_is_list(const struct dataset_reader *reader)
{
	return reader->is_list;
}

int64_t dataset_reader_header_length(const struct dataset_reader *reader)
{
	return reader->header_length;
}

static void quote_record(const struct csv_record *record, char out[DATASET_EXCERPT_SIZE])
{
	size_t length = text_utf8_cut(record->start, record->start_length, DATASET_EXCERPT_SIZE - 1);
	for (size_t i = 0; i < length; i++)
		out[i] = (unsigned char)record->start[i] < ' ' || record->start[i] == 0x7F ? ' ' : record->start[i];
	out[length] = '\0';
}

static void count_note(struct dataset_reader *reader, enum note note)
{
	struct noted *noted = &reader->notes[note];
	if (noted->times++)
		return;
	noted->record = reader->records;
	noted->line = reader->record.line;
	quote_record(&reader->record, noted->excerpt);
}

static bool is_comment(const struct csv_record *record)
{
	return record->start_length && record->start[0] == '#';
}

static bool is_domain_line(struct dataset_reader *reader)
{
	unsigned flags;
	const char *why;
	const struct csv_field *field = &reader->record.fields[0];
	return reader->record.count == 1 && key_read(field->bytes, field->length, reader->key, &flags, &why) &&
	       (strchr(reader->key, '.') || (flags & ITEM_IP_ADDRESS));
}

static bool refuse(struct dataset_reader *reader, struct error *err)
{
	error_prefix(err, "%s: line %" PRId64, reader->name, reader->record.line);
	return false;
}

static bool is_utf16(const struct csv_record *record)
{
	const char *start = record->start;
	return record->start_length >= 2 && (memcmp(start, "\xFF\xFE", 2) == 0 || memcmp(start, "\xFE\xFF", 2) == 0 ||
					     (start[0] && !start[1]) || (!start[0] && start[1]));
}

static bool read_columns(struct dataset_reader *reader, struct error *err)
{
	for (size_t i = 0; i < reader->record.count; i++) {
		struct csv_field *field = &reader->record.fields[i];
		if (field->length && memchr(field->bytes, '\r', field->length))
			return error_set(err, ERROR_INPUT, "lines end with CR alone; save the file with LF or CRLF");
		if (field->length && memchr(field->bytes, '\0', field->length))
			return error_set(err, ERROR_INPUT, "column %zu has a NUL byte in its name; expected UTF-8 text", i + 1);
		columns_add(&reader->columns, field->bytes, field->length);
	}
	return true;
}

/* The first record that is no comment: the names of the columns, or already a domain. */
static bool begin(struct dataset_reader *reader, struct error *err)
{
	struct csv_record *record = &reader->record;
	if (is_utf16(record))
		return error_set(err, ERROR_INPUT, "the file is UTF-16; save it as UTF-8");
	if (record->fault)
		return error_set(err, ERROR_INPUT, "%s", csv_fault_sentence(record->fault));
	for (size_t i = 0; i < record->count; i++)
		csv_field_decode(&record->fields[i]);
	if (!read_columns(reader, err))
		return false;
	if (reader->columns.first[MEANING_DOMAIN] < 0 && is_domain_line(reader)) {
		columns_release(&reader->columns);
		columns_add(&reader->columns, "domain", strlen("domain"));
		reader->is_list = reader->unread = true;
		reader->header_length = record->offset;
	} else if (!columns_check(&reader->columns, err)) {
		return false;
	}
	csv_reader_expect(reader->csv, reader->columns.count);
	for (size_t i = 0; i < reader->columns.count; i++)
		if (reader->columns.list[i].renamed)
			count_note(reader, NOTE_RENAMED);
	return reader->begun = true;
}

/* The decoded cell of a meaning; empty when there is no such column. */
static struct csv_field cell_at(struct dataset_reader *reader, int position)
{
	if (position < 0)
		return (struct csv_field){.bytes = reader->key};
	csv_field_decode(&reader->record.fields[position]);
	return reader->record.fields[position];
}

static enum binary read_binary(struct dataset_reader *reader, enum meaning meaning, enum note note)
{
	const int places[] = {reader->columns.first[meaning], reader->columns.second[meaning]};
	enum binary value = BINARY_UNKNOWN;
	for (int i = 0; i < 2 && places[i] >= 0 && value == BINARY_UNKNOWN; i++) {
		struct csv_field cell = cell_at(reader, places[i]);
		if (!cell_binary(cell.bytes, cell.length, &value))
			count_note(reader, note);
	}
	return value;
}

static double read_ml(struct dataset_reader *reader)
{
	const int places[] = {reader->columns.first[MEANING_ML], reader->columns.second[MEANING_ML]};
	double value = NAN;
	for (int i = 0; i < 2 && places[i] >= 0 && isnan(value); i++) {
		struct csv_field cell = cell_at(reader, places[i]);
		if (!cell_probability(cell.bytes, cell.length, &value))
			count_note(reader, NOTE_ML);
	}
	return value;
}

/* Text of a cell, cut to the room there is; NULL when it is empty. */
static char *read_text(struct dataset_reader *reader, enum meaning meaning, char *out, size_t size)
{
	struct csv_field cell = cell_at(reader, reader->columns.first[meaning]);
	size_t length = text_utf8_cut(cell.bytes, cell.length, size - 1);
	memcpy(out, cell.bytes, length);
	out[length] = '\0'; /* a NUL inside ends it sooner */
	return *out ? out : NULL;
}

static char *read_tld(struct dataset_reader *reader, unsigned flags)
{
	char *tld = read_text(reader, MEANING_TLD, reader->tld, sizeof(reader->tld));
	while (tld && *tld == '.')
		tld++;
	if (!tld || !*tld)
		tld = memcpy(reader->tld, key_tld(reader->key, flags), strnlen(key_tld(reader->key, flags), 63) + 1);
	reader->tld[sizeof(reader->tld) - 1] = '\0';
	for (char *c = tld; *c; c++)
		*c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
	return *tld ? tld : NULL;
}

static void read_item(struct dataset_reader *reader, unsigned flags, struct item *item)
{
	const struct csv_field cell = cell_at(reader, reader->columns.first[MEANING_DOMAIN]);
	if (flags & ITEM_FROM_URL)
		count_note(reader, NOTE_URL);
	if (spelling_differs(reader->spelling, reader->key, cell.bytes, cell.length))
		flags |= ITEM_CASE_DUPLICATE;
	*item = (struct item){
		.key = reader->key,
		.source = read_text(reader, MEANING_SOURCE, reader->source, sizeof(reader->source)),
		.tld = read_tld(reader, flags),
		.ml = read_ml(reader),
		.label = read_binary(reader, MEANING_LABEL, NOTE_LABEL),
		.stage1 = read_binary(reader, MEANING_STAGE1, NOTE_STAGE1),
		.flags = flags,
	};
	if (item->stage1 == BINARY_UNKNOWN && !isnan(item->ml))
		item->stage1 = item->ml >= 0.5 ? BINARY_PHISHING : BINARY_BENIGN;
}

__attribute__((format(printf, 2, 3))) static enum dataset_step bad(struct dataset_entry *out, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(out->reason, sizeof(out->reason), format, args);
	va_end(args);
	return DATASET_STEP_BAD;
}

static enum dataset_step read_row(struct dataset_reader *reader, struct dataset_entry *out)
{
	const struct csv_record *record = &reader->record;
	size_t expected = reader->columns.count;
	quote_record(record, out->excerpt);
	if (record->fault && record->fault_line != record->line)
		return bad(out, "line %" PRId64 ": %s", record->fault_line, csv_fault_sentence(record->fault));
	if (record->fault)
		return bad(out, "%s", csv_fault_sentence(record->fault));
	if (record->count != expected && reader->is_list)
		return bad(out, "%zu cells, expected one domain per line; a CSV needs a first line with its column names",
			   record->count);
	if (record->count != expected)
		return bad(out, "%zu cells, expected %zu as in the header", record->count, expected);
	unsigned flags;
	const char *why;
	const struct csv_field cell = cell_at(reader, reader->columns.first[MEANING_DOMAIN]);
	if (!key_read(cell.bytes, cell.length, reader->key, &flags, &why))
		return bad(out, "%s", why);
	read_item(reader, flags, &out->item);
	out->row = ++reader->rows;
	return DATASET_STEP_ROW;
}

static enum dataset_step give_record(struct dataset_reader *reader, struct dataset_entry *out)
{
	reader->records++;
	out->row = reader->rows;
	out->record = reader->records;
	out->line = reader->record.line;
	out->offset = reader->record.offset;
	out->length = reader->record.length;
	out->times = 1;
	return read_row(reader, out);
}

static enum dataset_step give_note(struct dataset_reader *reader, struct dataset_entry *out)
{
	while (reader->next_note < NOTE_COUNT && !reader->notes[reader->next_note].times)
		reader->next_note++;
	if (reader->next_note == NOTE_COUNT)
		return DATASET_STEP_END;
	const struct noted *noted = &reader->notes[reader->next_note];
	*out = (struct dataset_entry){.row = reader->rows, .record = noted->record, .line = noted->line, .times = noted->times};
	snprintf(out->reason, sizeof(out->reason), "%" PRId64 " %s", noted->times, note_sentences[reader->next_note]);
	memcpy(out->excerpt, noted->excerpt, sizeof(out->excerpt));
	reader->next_note++;
	return DATASET_STEP_NOTE;
}

enum dataset_step dataset_reader_next(struct dataset_reader *reader, struct dataset_entry *out, struct error *err)
{
	while (!reader->unread && !reader->ended) {
		enum csv_status status = csv_reader_next(reader->csv, &reader->record);
		if (status == CSV_MORE)
			return DATASET_STEP_MORE;
		if (status == CSV_END) {
			reader->ended = true;
			break;
		}
		if (is_comment(&reader->record) && (reader->is_list || !reader->begun))
			continue;
		if (reader->begun && !reader->header_length && !reader->is_list)
			reader->header_length = reader->record.offset;
		if (reader->begun)
			return give_record(reader, out);
		if (!begin(reader, err))
			return refuse(reader, err), DATASET_STEP_REFUSED;
		return DATASET_STEP_HEADER;
	}
	if (reader->ended && !reader->begun) {
		error_set(err, ERROR_INPUT,
			  "%s: the file is empty; expected a first line with a column \"domain\", or one domain per line", reader->name);
		return DATASET_STEP_REFUSED;
	}
	if (reader->ended)
		return give_note(reader, out);
	reader->unread = false;
	return give_record(reader, out);
}
