#include "dataset/csv.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/vector.h"
#include "dataset/csv_scan.h"

enum mode { AT_CELL, IN_PLAIN, IN_QUOTES, AFTER_QUOTE };
enum scan { SCAN_MORE, SCAN_RECORD, SCAN_FAULT, SCAN_END };

/* How much of what follows an open quote is looked at to decide whether it is records. */
enum { PROBE_BYTES = 256 << 10, PROBE_RECORDS = 3 };
static const size_t no_block = (size_t)-1;

/* Positions are offsets into the buffer. While a record is in progress its bytes stay in it. */
struct csv_reader {
	struct csv_bytes in;
	size_t capacity;
	size_t start; /* of the record in progress */
	size_t at;    /* the next byte to look at */
	size_t cell;  /* the first byte of the cell in progress, after its quote */
	size_t close; /* its closing quote, when `closed` */
	size_t end;   /* of the last cell that was added */
	enum mode mode;
	bool quoted, escaped, closed; /* of the cell in progress */
	bool spans;                   /* the record has a quoted cell, so it may hold line feeds */
	bool complete;                /* the record was handed out; the next begins at `at` */
	bool skipping;                /* the rest of a record at fault is not kept */
	bool begun, finished;
	struct csv_field *fields;
	size_t count, field_capacity;
	size_t expected;
	enum csv_fault fault;
	int64_t base; /* file offset of buffer[0] */
	int64_t line; /* physical line of `start` */
	int64_t number;
};

struct csv_reader *csv_reader_new(void)
{
	struct csv_reader *reader = NEW(struct csv_reader);
	reader->line = 1;
	reader->in.block = no_block;
	return reader;
}

void csv_reader_free(struct csv_reader *reader)
{
	if (!reader)
		return;
	free(reader->in.buffer);
	free(reader->fields);
	free(reader);
}

void csv_reader_expect(struct csv_reader *reader, size_t fields)
{
	reader->expected = fields;
}

void csv_reader_finish(struct csv_reader *reader)
{
	reader->finished = true;
}

/* Moves the bytes still in use to the front of `fresh`, and everything that points at them. */
static void rebase(struct csv_reader *reader, char *fresh)
{
	size_t gone = reader->start;
	const char *old = reader->in.buffer + gone;
	for (size_t i = 0; i < reader->count; i++)
		reader->fields[i].bytes = fresh + (reader->fields[i].bytes - old);
	if (reader->in.filled > gone)
		memmove(fresh, old, reader->in.filled - gone);
	reader->start = 0;
	reader->in.filled -= gone;
	reader->at -= gone;
	reader->cell -= gone;
	reader->close -= gone;
	reader->end -= gone;
	reader->base += (int64_t)gone;
}

static void begin_record(struct csv_reader *reader)
{
	reader->count = 0;
	reader->spans = false;
	reader->complete = false;
	reader->skipping = false;
	reader->mode = AT_CELL;
	reader->at = reader->cell = reader->close = reader->end = reader->start;
}

void csv_reader_feed(struct csv_reader *reader, const void *bytes, size_t length)
{
	if (reader->complete)
		begin_record(reader);
	size_t kept = reader->in.filled - reader->start;
	if (kept + length > reader->capacity) {
		size_t capacity = kept + length + kept / 2;
		char *fresh = memory_new(capacity + CSV_SCAN_BLOCK);
		if (reader->in.buffer)
			rebase(reader, fresh);
		free(reader->in.buffer);
		reader->in.buffer = fresh;
		reader->capacity = capacity;
	} else if (reader->in.filled + length > reader->capacity) {
		rebase(reader, reader->in.buffer);
	}
	if (length)
		memcpy(reader->in.buffer + reader->in.filled, bytes, length);
	reader->in.filled += length;
	reader->in.block = no_block;
}

static inline void open_cell(struct csv_reader *reader)
{
	reader->quoted = reader->at < reader->in.filled && reader->in.buffer[reader->at] == '"';
	reader->escaped = reader->closed = false;
	reader->spans |= reader->quoted;
	reader->mode = reader->quoted ? IN_QUOTES : IN_PLAIN;
	reader->at += reader->quoted;
	reader->cell = reader->at;
}

/* The cell in progress ends before `at`, a comma, a line feed or the end of the file. */
static inline bool end_cell(struct csv_reader *reader)
{
	size_t end = reader->at;
	bool line_end = end == reader->in.filled || reader->in.buffer[end] == '\n';
	if (line_end && end > reader->cell && reader->in.buffer[end - 1] == '\r')
		end--;
	reader->end = end;
	if (reader->skipping)
		return true;
	bool clean = reader->closed && end == reader->close + 1;
	size_t length = (clean ? reader->close : end) - reader->cell;
	if (length > CSV_CELL_LIMIT)
		return reader->fault = CSV_CELL_TOO_LARGE, false;
	if (reader->count == CSV_FIELD_LIMIT)
		return reader->fault = CSV_TOO_MANY_FIELDS, false;
	/* Text after a closing quote is kept, as Python does. Over several lines it is a lost
	 * quote that met the opening quote of a later row: joining them would be silent damage. */
	if (reader->closed && !clean && memchr(reader->in.buffer + reader->cell, '\n', reader->close - reader->cell))
		return reader->fault = CSV_QUOTE_OPEN, false;
	VECTOR_ADD(reader->fields, reader->count, reader->field_capacity) = (struct csv_field){
		.bytes = reader->in.buffer + reader->cell,
		.length = length,
		.quoted = reader->quoted,
		.escaped = reader->escaped || (reader->closed && !clean),
	};
	return true;
}

static bool too_large(struct csv_reader *reader)
{
	if (reader->skipping)
		return false;
	if (reader->mode != AT_CELL && reader->at - reader->cell > CSV_CELL_LIMIT + 2) /* 2: a quote or CR */
		reader->fault = CSV_CELL_TOO_LARGE;
	else if (reader->at - reader->start > CSV_RECORD_LIMIT)
		reader->fault = CSV_RECORD_TOO_LARGE;
	else
		return false;
	return true;
}

/* Every byte was looked at and the record has not ended. */
static enum scan starved(struct csv_reader *reader)
{
	if (too_large(reader))
		return SCAN_FAULT;
	if (!reader->finished)
		return SCAN_MORE;
	if (reader->skipping || (reader->mode == AT_CELL && reader->count == 0))
		return SCAN_END;
	if (reader->mode == IN_QUOTES) {
		reader->fault = CSV_QUOTE_OPEN;
		return SCAN_FAULT;
	}
	if (reader->mode == AT_CELL)
		open_cell(reader);
	if (reader->mode == AFTER_QUOTE) {
		reader->close = reader->at - 1;
		reader->closed = true;
	}
	return end_cell(reader) ? SCAN_RECORD : SCAN_FAULT;
}

/* Where the loop below is; its own so that the compiler can keep it in registers. */
struct place {
	size_t at, count, end;
	bool last, spans; /* the record is complete; it has a quoted cell */
};

/* A quoted cell that is here up to the comma or line feed behind it. */
static inline bool usual_quoted(struct csv_bytes *in, struct place *place, struct csv_field *fields)
{
	bool escaped = false;
	size_t cell = place->at + 1, close = csv_scan_close(in, cell, &escaped), next = close + 1;
	if (next >= in->filled || close - cell > CSV_CELL_LIMIT)
		return false;
	if (in->buffer[next] == '\r' && next + 1 < in->filled && in->buffer[next + 1] == '\n')
		next++;
	else if (in->buffer[next] != ',' && in->buffer[next] != '\n')
		return false;
	fields[place->count++] = (struct csv_field){in->buffer + cell, close - cell, true, escaped};
	place->last = in->buffer[next] == '\n';
	place->spans = true;
	place->end = close + 1;
	place->at = next + 1;
	return true;
}

/* Plain cells up to a quoted one or the end of a block or record, bit by bit. False when not even one is here. */
static inline bool usual_plain(struct csv_bytes *in, struct place *place, struct csv_field *fields)
{
	size_t end = csv_scan_find(in, place->at, false);
	if (end >= in->filled || end - place->at > CSV_CELL_LIMIT)
		return false;
	uint64_t more = in->masks.ends >> (end - in->block) >> 1 << (end - in->block) << 1; /* the ends behind this one */
	for (;;) {
		size_t stop = end;
		place->last = in->buffer[end] == '\n';
		if (place->last && stop > place->at && in->buffer[stop - 1] == '\r')
			stop--;
		fields[place->count++] = (struct csv_field){in->buffer + place->at, stop - place->at, false, false};
		place->end = stop;
		place->at = end + 1;
		if (place->last || !more || in->buffer[place->at] == '"')
			return true;
		end = in->block + (size_t)__builtin_ctzll(more);
		if (end >= in->filled)
			return true;
		more &= more - 1;
	}
}

/*
 * The usual case, in one tight loop. What is not usual (a cell cut by the end of the bytes, text after a closing
 * quote, a limit) is left alone for the state machine, which begins that cell anew. True when the record is complete.
 */
static bool usual_cells(struct csv_reader *reader)
{
	struct csv_bytes in = reader->in;
	struct place place = {.at = reader->at, .count = reader->count, .end = reader->end, .spans = reader->spans};
	bool usual = true;
	while (usual && !place.last && place.at < in.filled && place.count + CSV_SCAN_BLOCK < CSV_FIELD_LIMIT) {
		if (place.count + CSV_SCAN_BLOCK > reader->field_capacity) { /* a block has at most 64 cell ends */
			reader->field_capacity = 2 * (place.count + CSV_SCAN_BLOCK);
			reader->fields = memory_grow(reader->fields, reader->field_capacity, sizeof(*reader->fields));
		}
		if (in.buffer[place.at] == '"')
			usual = usual_quoted(&in, &place, reader->fields);
		else
			usual = usual_plain(&in, &place, reader->fields);
	}
	reader->in = in;
	reader->at = place.at;
	reader->count = place.count;
	reader->end = place.end;
	reader->spans = place.spans;
	return place.last;
}

static enum scan scan(struct csv_reader *reader)
{
	while (reader->at < reader->in.filled) {
		switch (reader->mode) {
		case AT_CELL:
			if (!reader->skipping && usual_cells(reader))
				return too_large(reader) ? SCAN_FAULT : SCAN_RECORD;
			if (reader->at < reader->in.filled)
				open_cell(reader);
			break;
		case IN_QUOTES:
			reader->at = csv_scan_find(&reader->in, reader->at, true);
			if (reader->at == reader->in.filled)
				break;
			reader->at++;
			reader->mode = AFTER_QUOTE;
			break;
		case AFTER_QUOTE:
			reader->closed = reader->in.buffer[reader->at] != '"';
			if (reader->closed) {
				reader->close = reader->at - 1;
				reader->mode = IN_PLAIN;
			} else {
				reader->escaped = true;
				reader->at++;
				reader->mode = IN_QUOTES;
			}
			break;
		case IN_PLAIN:
			reader->at = csv_scan_find(&reader->in, reader->at, false);
			if (reader->at == reader->in.filled)
				break;
			if (!end_cell(reader))
				return SCAN_FAULT;
			reader->mode = AT_CELL;
			if (reader->in.buffer[reader->at++] == '\n')
				return too_large(reader) ? SCAN_FAULT : SCAN_RECORD;
			break;
		}
	}
	return starved(reader);
}

static int64_t count_lines(const char *bytes, size_t length)
{
	int64_t lines = 0;
	const char *end = bytes + length;
	while (bytes < end && (bytes = memchr(bytes, '\n', (size_t)(end - bytes)))) {
		lines++;
		bytes++;
	}
	return lines;
}

/* The bytes before `position` are done with; the line of what follows is counted on. */
static void consume(struct csv_reader *reader, size_t position)
{
	const char *start = reader->in.buffer + reader->start;
	if (reader->spans || reader->skipping)
		reader->line += count_lines(start, position - reader->start);
	else
		reader->line += position > reader->start && reader->in.buffer[position - 1] == '\n';
	reader->start = position;
}

/* Do the bytes from here read as records with as many fields as the file has? */
static bool looks_like_records(const struct csv_reader *reader, size_t from, size_t bound)
{
	if (!reader->expected || from >= bound)
		return false;
	struct csv_reader *probe = csv_reader_new();
	struct csv_record record;
	csv_reader_feed(probe, reader->in.buffer + from, bound - from > PROBE_BYTES ? PROBE_BYTES : bound - from);
	if (reader->finished && bound == reader->in.filled && bound - from <= PROBE_BYTES)
		csv_reader_finish(probe);
	int good = 0;
	while (good < PROBE_RECORDS && csv_reader_next(probe, &record) == CSV_RECORD) {
		if (record.fault || record.count != reader->expected) {
			good = 0;
			break;
		}
		good++;
	}
	csv_reader_free(probe);
	return good > 0;
}

/* The first line after the one on which the quoted cell at fault begins; 0 when it has no end. */
static size_t line_after(const struct csv_reader *reader, size_t bound)
{
	const char *cell = reader->in.buffer + reader->cell;
	const char *feed = reader->cell < bound ? memchr(cell, '\n', bound - reader->cell) : NULL;
	return feed ? (size_t)(feed - reader->in.buffer) + 1 : 0;
}

/* As far as the decision on an open quote looks: the same whatever the chunks were. */
static size_t decision_bound(const struct csv_reader *reader)
{
	size_t bound = reader->cell + CSV_CELL_LIMIT + 1;
	return bound < reader->in.filled ? bound : reader->in.filled;
}

static bool can_decide(const struct csv_reader *reader)
{
	if (reader->finished || reader->fault != CSV_QUOTE_OPEN)
		return true;
	size_t bound = decision_bound(reader), next = line_after(reader, bound);
	return bound < reader->in.filled || reader->in.filled - next >= PROBE_BYTES;
}

/* Where to go on after a quote that never closes: the next line, if it is a record; else 0. */
static size_t way_out(const struct csv_reader *reader)
{
	if (!reader->quoted || (reader->fault != CSV_QUOTE_OPEN && reader->fault != CSV_CELL_TOO_LARGE))
		return 0;
	size_t bound = decision_bound(reader), next = line_after(reader, bound);
	return next && looks_like_records(reader, next, bound) ? next : 0;
}

static void describe(struct csv_reader *reader, struct csv_record *out)
{
	*out = (struct csv_record){
		.number = reader->number++,
		.line = reader->line,
		.offset = reader->base + (int64_t)reader->start,
		.length = (int64_t)(reader->end - reader->start),
		.fields = reader->fields,
		.count = reader->count,
		.start = reader->in.buffer + reader->start,
		.start_length = reader->end - reader->start,
	};
}

static void give_fault(struct csv_reader *reader, struct csv_record *out)
{
	size_t next = way_out(reader);
	reader->end = next ? next - 1 : reader->at;
	describe(reader, out);
	out->length = 0;
	out->fault = next ? CSV_QUOTE_OPEN : reader->fault;
	out->fault_line = reader->line + count_lines(out->start, reader->cell - reader->start);
	if (next || (reader->finished && reader->mode == IN_QUOTES)) {
		consume(reader, next ? next : reader->in.filled);
		reader->complete = true;
		reader->at = reader->start;
	} else if (reader->fault == CSV_RECORD_TOO_LARGE && reader->mode == AT_CELL && reader->at > reader->start &&
		   reader->in.buffer[reader->at - 1] == '\n') {
		consume(reader, reader->at); /* too large, and read to its end already */
		reader->complete = true;
	} else {
		reader->skipping = true;
	}
	reader->fault = CSV_GOOD;
}

static void give_record(struct csv_reader *reader, struct csv_record *out)
{
	describe(reader, out);
	consume(reader, reader->at);
	reader->complete = true;
}

static bool is_blank(const struct csv_reader *reader)
{
	return reader->count == 1 && !reader->fields[0].quoted && reader->fields[0].length == 0;
}

/* A byte order mark is not part of the first record. */
static bool begin_file(struct csv_reader *reader)
{
	if (reader->in.filled < 3 && !reader->finished)
		return false;
	if (reader->in.filled >= 3 && memcmp(reader->in.buffer, "\xEF\xBB\xBF", 3) == 0)
		reader->start = 3;
	begin_record(reader);
	return reader->begun = true;
}

/* Drops what was looked at of a record that is not kept. */
static void forget(struct csv_reader *reader)
{
	consume(reader, reader->at);
	reader->count = 0;
	reader->cell = reader->close = reader->end = reader->start;
}

enum csv_status csv_reader_next(struct csv_reader *reader, struct csv_record *out)
{
	if (!reader->begun && !begin_file(reader))
		return CSV_MORE;
	for (;;) {
		if (reader->complete)
			begin_record(reader);
		switch (scan(reader)) {
		case SCAN_MORE:
			if (reader->skipping)
				forget(reader);
			return CSV_MORE;
		case SCAN_END:
			return CSV_END;
		case SCAN_FAULT:
			if (!can_decide(reader))
				return CSV_MORE;
			give_fault(reader, out);
			return CSV_RECORD;
		case SCAN_RECORD:
			if (!reader->skipping && !is_blank(reader)) {
				give_record(reader, out);
				return CSV_RECORD;
			}
			consume(reader, reader->at);
			reader->complete = true;
			break;
		}
	}
}

void csv_field_decode(struct csv_field *field)
{
	if (!field->escaped)
		return;
	size_t length = 0;
	bool inside = true;
	for (size_t i = 0; i < field->length; i++) {
		char c = field->bytes[i];
		if (inside && c == '"') {
			if (i + 1 < field->length && field->bytes[i + 1] == '"')
				i++;
			else {
				inside = false; /* the closing quote, with text after it */
				continue;
			}
		}
		field->bytes[length++] = c;
	}
	field->length = length;
	field->escaped = false;
}

const char *csv_fault_sentence(enum csv_fault fault)
{
	static const char *const sentences[] = {
		[CSV_GOOD] = "good",
		[CSV_QUOTE_OPEN] = "the quote that opens a cell is never closed; expected a closing \" before the next comma",
		[CSV_CELL_TOO_LARGE] = "a cell is larger than 1 MiB; shorten it or leave the column out",
		[CSV_RECORD_TOO_LARGE] = "the record is larger than 16 MiB; leave large columns out",
		[CSV_TOO_MANY_FIELDS] = "the record has more than 16384 fields",
	};
	return sentences[fault];
}
