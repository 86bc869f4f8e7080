#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "dataset/csv.h"

/* One line per record: "number line offset+length [fault@line]|cell|cell|". */
static void dump(const struct csv_record *record, struct text *out)
{
	text_addf(out, "%" PRId64 " %" PRId64 " %" PRId64 "+%" PRId64, record->number, record->line, record->offset,
		  record->length);
	if (record->fault)
		text_addf(out, " fault%d@%" PRId64, (int)record->fault, record->fault_line);
	for (size_t i = 0; i < record->count; i++) {
		csv_field_decode(&record->fields[i]);
		text_add_char(out, '|');
		text_add_bytes(out, record->fields[i].bytes, record->fields[i].length);
	}
	text_add_char(out, ';');
}

static char *read_in_chunks(const char *bytes, size_t length, size_t chunk, size_t expect)
{
	AUTO_TEXT struct text out;
	text_init(&out, 0);
	struct csv_reader *reader = csv_reader_new();
	struct csv_record record;
	csv_reader_expect(reader, expect);
	for (size_t at = 0; at <= length; at += chunk) {
		size_t left = length - at;
		csv_reader_feed(reader, bytes + at, left < chunk ? left : chunk);
		if (left <= chunk)
			csv_reader_finish(reader);
		while (csv_reader_next(reader, &record) == CSV_RECORD)
			dump(&record, &out);
		if (left <= chunk)
			break;
	}
	assert_int_equal(csv_reader_next(reader, &record), CSV_END);
	csv_reader_free(reader);
	return text_take(&out);
}

/* Reads the bytes whole and in every chunk size: the answer must be the same. */
static void assert_reads_n(const char *bytes, size_t length, size_t expect, const char *expected)
{
	for (size_t chunk = 1; chunk <= length + 1; chunk++) {
		AUTO_FREE char *seen = read_in_chunks(bytes, length, chunk, expect);
		assert_string_equal(seen, expected);
	}
}

static void assert_reads(const char *bytes, const char *expected)
{
	assert_reads_n(bytes, strlen(bytes), 0, expected);
}

static void test_records_know_their_place_in_the_file(void **state)
{
	(void)state;
	assert_reads("a,b\nc,d\n", "0 1 0+3|a|b;1 2 4+3|c|d;");
	assert_reads("a,b\nc,d", "0 1 0+3|a|b;1 2 4+3|c|d;");
	assert_reads("a,b\r\n\"c\",d\r\n", "0 1 0+3|a|b;1 2 5+5|c|d;");
	assert_reads("\xEF\xBB\xBF" "a,b\nc,\n", "0 1 3+3|a|b;1 2 7+2|c|;");
	assert_reads("", "");
	assert_reads("a", "0 1 0+1|a;");
	assert_reads(",", "0 1 0+1||;");
}

static void test_quoted_cells_hold_commas_quotes_and_line_feeds(void **state)
{
	(void)state;
	assert_reads("k,v\nx,\"a\nb\r\nc\"\ny,z\n", "0 1 0+3|k|v;1 2 4+10|x|a\nb\r\nc;2 5 15+3|y|z;");
	assert_reads("\"[\"\"policy_r4\"\", \"\"policy_r5\"\"]\",1\n", "0 1 0+34|[\"policy_r4\", \"policy_r5\"]|1;");
	assert_reads("\"\",\"\"\"\"\n", "0 1 0+7||\";");
	assert_reads("a\"b,c\"\n", "0 1 0+6|a\"b|c\";"); /* a quote inside a plain cell is a letter */
	assert_reads("\"ab\"cd,\"e\" \n", "0 1 0+11|abcd|e ;");
}

static void test_blank_lines_are_not_records_but_count_as_lines(void **state)
{
	(void)state;
	assert_reads("a\n\n\r\nb\n\n", "0 1 0+1|a;1 4 5+1|b;");
	assert_reads("a\n\"\"\n", "0 1 0+1|a;1 2 2+2|;"); /* an empty cell that says so is a record */
}

static void test_nul_bytes_are_bytes(void **state)
{
	(void)state;
	const char bytes[] = "a\0b,c\n";
	struct csv_reader *reader = csv_reader_new();
	struct csv_record record;
	csv_reader_feed(reader, bytes, sizeof(bytes) - 1);
	assert_int_equal(csv_reader_next(reader, &record), CSV_RECORD);
	assert_int_equal(record.fields[0].length, 3);
	csv_reader_free(reader);
}

static void test_a_truncated_quote_at_the_end_names_its_line(void **state)
{
	(void)state;
	assert_reads("a,b\nc,\"d\n", "0 1 0+3|a|b;1 2 4+0 fault1@2|c;");
	/* the cell at fault begins on the third line, its record on the second */
	assert_reads("a,b\n\"x\ny\",\"d\n", "0 1 0+3|a|b;1 2 4+0 fault1@3|x\ny;");
}

static void test_after_a_lost_quote_reading_goes_on_with_the_next_line(void **state)
{
	(void)state;
	const char *bytes = "a,b\nc,\"d\ne,f\ng,h\n";
	assert_reads_n(bytes, strlen(bytes), 2, "0 1 0+3|a|b;1 2 4+0 fault1@2|c;2 3 9+3|e|f;3 4 13+3|g|h;");
	/* the lost quote meets the opening quote of a later row */
	bytes = "a,b\nc,\"d\ne,\"f\"\ng,h\n";
	assert_reads_n(bytes, strlen(bytes), 2, "0 1 0+3|a|b;1 2 4+0 fault1@2|c;2 3 9+5|e|f;3 4 15+3|g|h;");
	/* what follows is text of the cell, not records: it goes with it */
	bytes = "a,b\nc,\"d\nsome text\nmore\n";
	assert_reads_n(bytes, strlen(bytes), 2, "0 1 0+3|a|b;1 2 4+0 fault1@2|c;");
}

static void test_a_cell_at_the_limit_is_read_and_one_beyond_is_skipped(void **state)
{
	(void)state;
	for (size_t chunk = 4000; chunk <= 4000000; chunk *= 10) {
		for (int quoted = 0; quoted < 2; quoted++) {
			struct text file;
			text_init(&file, 0);
			for (size_t extra = 0; extra < 2; extra++) {
				text_add(&file, quoted ? "a,\"" : "a,");
				for (size_t i = 0; i < CSV_CELL_LIMIT + extra; i++)
					text_add_char(&file, i % 100 || !quoted ? 'x' : '\n');
				text_add(&file, quoted ? "\"\r\n" : "\r\n");
			}
			text_add(&file, "z,z\n");
			struct csv_reader *reader = csv_reader_new();
			csv_reader_expect(reader, 2);
			struct csv_record record;
			int64_t last_line = 0;
			int good = 0, large = 0;
			for (size_t at = 0; at < file.length; at += chunk) {
				csv_reader_feed(reader, file.data + at, file.length - at < chunk ? file.length - at : chunk);
				while (csv_reader_next(reader, &record) == CSV_RECORD) {
					good += record.fault == CSV_GOOD;
					large += record.fault == CSV_CELL_TOO_LARGE && record.number == 1;
					last_line = record.line;
				}
			}
			assert_int_equal(good, 2);
			assert_int_equal(large, 1);
			assert_int_equal(last_line, quoted ? 3 + 2 * (CSV_CELL_LIMIT / 100 + 1) : 3);
			csv_reader_free(reader);
			text_release(&file);
		}
	}
}

static void test_too_many_fields_cost_one_record(void **state)
{
	(void)state;
	struct text file;
	text_init(&file, 0);
	for (int i = 0; i < CSV_FIELD_LIMIT + 5; i++)
		text_add_char(&file, ',');
	text_add(&file, "\na,b\n");
	struct csv_reader *reader = csv_reader_new();
	struct csv_record record;
	csv_reader_feed(reader, file.data, file.length);
	assert_int_equal(csv_reader_next(reader, &record), CSV_RECORD);
	assert_int_equal(record.fault, CSV_TOO_MANY_FIELDS);
	assert_int_equal(csv_reader_next(reader, &record), CSV_RECORD);
	assert_int_equal(record.fault, CSV_GOOD);
	assert_int_equal(record.line, 2);
	csv_reader_free(reader);
	text_release(&file);
}

static void test_a_hundred_megabyte_cell_needs_little_memory(void **state)
{
	(void)state;
	AUTO_FREE char *chunk = memory_new(1 << 16);
	memset(chunk, 'x', 1 << 16);
	struct csv_reader *reader = csv_reader_new();
	struct csv_record record;
	csv_reader_feed(reader, "h,v\na,\"", 7);
	int faults = 0;
	for (int i = 0; i < 1600; i++) {
		csv_reader_feed(reader, chunk, 1 << 16);
		while (csv_reader_next(reader, &record) == CSV_RECORD) {
			faults += record.fault == CSV_CELL_TOO_LARGE;
			assert_true(record.start_length < 3 << 20);
		}
	}
	csv_reader_feed(reader, "\",1\nb,2\n", 8);
	assert_int_equal(csv_reader_next(reader, &record), CSV_RECORD);
	assert_int_equal(record.number, 2);
	assert_int_equal(record.line, 3);
	assert_int_equal(record.offset, 7 + 1600 * (1 << 16) + 4);
	assert_int_equal(faults, 1);
	csv_reader_free(reader);
}

static void test_cells_are_quoted_only_when_needed(void **state)
{
	(void)state;
	AUTO_TEXT struct text out;
	text_init(&out, 0);
	struct csv_writer writer;
	csv_writer_init(&writer, &out, CSV_RAW);
	csv_writer_mark(&writer);
	csv_writer_text(&writer, "plain");
	csv_writer_text(&writer, "a,b");
	csv_writer_text(&writer, "say \"x\"");
	csv_writer_text(&writer, "two\nlines");
	csv_writer_text(&writer, NULL);
	csv_writer_text(&writer, "=1+1");
	csv_writer_end(&writer);
	assert_string_equal(out.data, "plain,\"a,b\",\"say \"\"x\"\"\",\"two\nlines\",,=1+1\n");
}

static void test_the_excel_profile_disarms_formulas(void **state)
{
	(void)state;
	AUTO_TEXT struct text out;
	text_init(&out, 0);
	struct csv_writer writer;
	csv_writer_init(&writer, &out, CSV_EXCEL);
	csv_writer_mark(&writer);
	const char *cells[] = {"=1+1", "+a", "-2", "@x", "\tt", "\rr", "a=b", "=\"x\""};
	for (size_t i = 0; i < 8; i++)
		csv_writer_text(&writer, cells[i]);
	csv_writer_end(&writer);
	assert_string_equal(out.data, "\xEF\xBB\xBF'=1+1,'+a,'-2,'@x,'\tt,\"'\rr\",a=b,\"'=\"\"x\"\"\"\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records_know_their_place_in_the_file),
		cmocka_unit_test(test_quoted_cells_hold_commas_quotes_and_line_feeds),
		cmocka_unit_test(test_blank_lines_are_not_records_but_count_as_lines),
		cmocka_unit_test(test_nul_bytes_are_bytes),
		cmocka_unit_test(test_a_truncated_quote_at_the_end_names_its_line),
		cmocka_unit_test(test_after_a_lost_quote_reading_goes_on_with_the_next_line),
		cmocka_unit_test(test_a_cell_at_the_limit_is_read_and_one_beyond_is_skipped),
		cmocka_unit_test(test_too_many_fields_cost_one_record),
		cmocka_unit_test(test_a_hundred_megabyte_cell_needs_little_memory),
		cmocka_unit_test(test_cells_are_quoted_only_when_needed),
		cmocka_unit_test(test_the_excel_profile_disarms_formulas),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
