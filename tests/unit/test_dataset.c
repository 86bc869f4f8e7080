#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/vector.h"
#include "dataset/dataset.h"

static char *read_file(const char *name, size_t *length)
{
	AUTO_FREE char *path = memory_format("tests/unit/data/%s", name);
	FILE *file = fopen(path, "rb");
	if (!file)
		fail_msg("%s is missing; unit tests run in the root of the repository", path);
	AUTO_FREE char *bytes = memory_new(1 << 16);
	*length = fread(bytes, 1, 1 << 16, file);
	fclose(file);
	return TAKE(bytes);
}

static void dump_item(const struct item *item, struct text *out)
{
	static const char *const names[] = {"?", "0", "1"};
	text_addf(out, "%s label %s stage1 %s", item->key, names[item->label + 1], names[item->stage1 + 1]);
	if (!isnan(item->ml))
		text_addf(out, " ml %.9g", item->ml);
	text_addf(out, " source %s tld %s", item->source ? item->source : "-", item->tld ? item->tld : "-");
	if (item->flags)
		text_addf(out, " flags %u", item->flags);
	text_add_char(out, '\n');
}

static void dump(enum dataset_step step, const struct dataset_entry *entry, struct text *out)
{
	if (step == DATASET_STEP_ROW) {
		text_addf(out, "%" PRId64 " record %" PRId64 " line %" PRId64 ": ", entry->row, entry->record, entry->line);
		dump_item(&entry->item, out);
	} else if (step == DATASET_STEP_BAD) {
		text_addf(out, "bad record %" PRId64 " line %" PRId64 ": %s [%s]\n", entry->record, entry->line, entry->reason,
			  entry->excerpt);
	} else if (step == DATASET_STEP_NOTE) {
		text_addf(out, "note record %" PRId64 " line %" PRId64 ": %s\n", entry->record, entry->line, entry->reason);
	}
}

static struct dataset_reader *reader_on(const char *name)
{
	size_t length;
	AUTO_FREE char *bytes = read_file(name, &length);
	struct dataset_reader *reader = dataset_reader_new(name);
	dataset_reader_feed(reader, bytes, length);
	dataset_reader_finish(reader);
	return reader;
}

/* The file as text: a line for each row, complaint and note, or the error. */
static char *read_all(const char *name)
{
	AUTO_TEXT struct text out;
	text_init(&out, 0);
	struct dataset_reader *reader = reader_on(name);
	struct dataset_entry entry;
	struct error err = {0};
	enum dataset_step step;
	while ((step = dataset_reader_next(reader, &entry, &err)) != DATASET_STEP_END && step != DATASET_STEP_REFUSED) {
		assert_int_not_equal(step, DATASET_STEP_MORE);
		dump(step, &entry, &out);
	}
	if (step == DATASET_STEP_REFUSED)
		text_addf(&out, "refused: %s\n", err.text);
	dataset_reader_free(reader);
	return text_take(&out);
}

static void assert_file(const char *name, const char *expected)
{
	AUTO_FREE char *seen = read_all(name);
	assert_string_equal(seen, expected);
}

static void test_the_original_layouts_are_understood(void **state)
{
	(void)state;
	assert_file("handoff_71.csv",
		    "1 record 1 line 2: login-bank.example label 1 stage1 0 ml 0.041112203 source jpcert tld example\n"
		    "2 record 2 line 3: shop.example.org label 0 stage1 1 ml 0.75 source trusted tld org\n");
	assert_file("stage1_7.csv", "1 record 1 line 2: alpha.example label 1 stage1 1 ml 0.9991 source jpcert tld example\n"
				    "2 record 2 line 3: beta.example label 0 stage1 0 ml 0.0003 source trusted tld example\n");
	assert_file("difficult_18.csv", "1 record 1 line 2: gamma.example.br label 1 stage1 0 ml 0.21 source - tld br\n");
	assert_file("older_names.csv", "1 record 1 line 2: a.example label 1 stage1 1 ml 0.9 source - tld example\n"
				       "2 record 2 line 3: b.example label 0 stage1 0 ml 0.1 source - tld example\n");
	/* y_true goes before label, ml_probability before prediction_proba, cell by cell */
	assert_file("both_names.csv", "1 record 1 line 2: a.example label 1 stage1 1 ml 0.9 source - tld example\n"
				      "2 record 2 line 3: b.example label 1 stage1 0 ml 0.2 source - tld example\n");
}

static void test_line_feeds_repr_cells_and_timeouts_of_merged_results(void **state)
{
	(void)state;
	assert_file("merged_32.csv",
		    "1 record 1 line 2: one.example label 1 stage1 0 ml 0.3 source jpcert tld example\n"
		    "2 record 2 line 6: two.example label 0 stage1 0 ml 0.4 source trusted tld example\n"
		    "3 record 3 line 7: three.example label 0 stage1 0 ml 0.2 source trusted tld example\n"
		    "note record 0 line 1: 9 columns have the name of a result column; exports call them input_NAME\n");
	assert_file("worker_12_crlf.csv",
		    "1 record 1 line 2: four.example label 1 stage1 0 ml 0.3 source jpcert tld example\n"
		    "2 record 2 line 3: five.example label 0 stage1 0 source trusted tld example\n"
		    "note record 0 line 1: 6 columns have the name of a result column; exports call them input_NAME\n");
}

static void test_booleans_in_every_spelling(void **state)
{
	(void)state;
	assert_file("booleans.csv",
		    "1 record 1 line 2: a.example label 1 stage1 0 source - tld example\n"
		    "2 record 2 line 3: b.example label 0 stage1 1 source - tld example\n"
		    "3 record 3 line 4: c.example label 1 stage1 0 source - tld example\n"
		    "4 record 4 line 5: d.example label 0 stage1 1 source - tld example\n"
		    "5 record 5 line 6: e.example label 1 stage1 0 source - tld example\n"
		    "6 record 6 line 7: f.example label 1 stage1 1 source - tld example\n"
		    "7 record 7 line 8: g.example label ? stage1 ? source - tld example\n"
		    "8 record 8 line 9: h.example label ? stage1 ? source - tld example\n"
		    "note record 7 line 8: 1 cells of y_true or label are no label (expected 0, 1, True, False or empty); their rows have none\n"
		    "note record 7 line 8: 1 cells of stage1_pred are no prediction (expected 0, 1, True, False or empty); ml_probability >= 0.5 was taken where there is one\n");
}

static void test_missing_values_are_missing_in_numbers_and_stay_text_in_texts(void **state)
{
	(void)state;
	assert_file("missing.csv",
		    "1 record 1 line 2: a.example label ? stage1 ? source nan tld na\n"
		    "2 record 2 line 3: b.example label ? stage1 ? source null tld null\n"
		    "3 record 3 line 4: c.example label ? stage1 ? source None tld example\n"
		    "4 record 4 line 5: d.example label ? stage1 ? source - tld example\n"
		    "5 record 5 line 6: e.example label 1 stage1 ? source x tld example\n"
		    "6 record 6 line 7: f.example label 1 stage1 ? source x tld example\n"
		    "note record 5 line 6: 2 cells of ml_probability are no number from 0 to 1; they count as missing\n");
}

static void test_hosts_urls_and_case(void **state)
{
	(void)state;
	assert_file("hosts.csv",
		    "1 record 1 line 2: www.wargo.jp label ? stage1 ? source - tld jp\n"
		    "2 record 2 line 3: checkout-aruba.zahnklinik.example label ? stage1 ? source - tld example\n"
		    "3 record 3 line 4: 192.0.2.1 label ? stage1 ? source - tld - flags 4\n"
		    "4 record 4 line 5: shop.example.com.br label ? stage1 ? source - tld br flags 8\n"
		    "note record 4 line 5: 1 cells held a URL and were reduced to the host\n");
	assert_file("case.csv",
		    "1 record 1 line 2: tiny.cc label ? stage1 ? source gsb tld cc\n"
		    "2 record 2 line 3: other.example label ? stage1 ? source gsb tld example\n"
		    "3 record 3 line 4: tiny.cc label ? stage1 ? source gsb tld cc flags 16\n"
		    "4 record 4 line 5: tiny.cc label ? stage1 ? source gsb tld cc\n"
		    "5 record 5 line 6: xn--80adxhks.xn--p1ai label ? stage1 ? source gsb tld xn--p1ai flags 1\n");
}

static void test_a_byte_order_mark_comments_and_missing_labels_do_no_harm(void **state)
{
	(void)state;
	assert_file("bom.csv", "1 record 1 line 2: a.example label 1 stage1 ? source - tld example\n");
	assert_file("comments.csv", "1 record 1 line 4: a.example label 1 stage1 ? source - tld example\n"
				    "bad record 2 line 5: the domain is empty [#b.example,1]\n");
	assert_file("no_labels.csv", "1 record 1 line 2: a.example label ? stage1 ? source x tld example\n"
				     "2 record 2 line 3: b.example label ? stage1 ? source y tld example\n");
	assert_file("header_only.csv", "");
}

static void test_a_bad_row_is_reported_with_its_line_and_what_was_expected(void **state)
{
	(void)state;
	assert_file("ragged.csv",
		    "1 record 1 line 2: a.example label 1 stage1 ? source x tld example\n"
		    "bad record 2 line 3: 2 cells, expected 3 as in the header [b.example,x]\n"
		    "bad record 3 line 4: 4 cells, expected 3 as in the header [c.example,x,1,9]\n"
		    "bad record 4 line 5: the domain is empty [,x,1]\n"
		    "bad record 5 line 6: the domain has white space inside [d e.example,x,1]\n"
		    "2 record 6 line 7: f.example label 0 stage1 ? source x tld example\n");
	assert_file("nul.csv", "1 record 1 line 2: a.example label ? stage1 ? source - tld example\n"
			       "bad record 2 line 3: the domain holds a NUL byte [b .example,x]\n"
			       "2 record 3 line 4: c.example label ? stage1 ? source - tld example\n");
	assert_file("latin1.csv", "1 record 1 line 2: a.example label ? stage1 ? source - tld example\n"
				  "bad record 2 line 3: the domain is not UTF-8 text; save the file as UTF-8 [caf\xE9.example,x]\n");
}

static void test_a_second_table_in_the_file_is_not_taken_for_rows(void **state)
{
	(void)state;
	assert_file("tables.csv",
		    "1 record 1 line 3: a.example label 1 stage1 ? source x tld example\n"
		    "bad record 2 line 5: 1 cells, expected 3 as in the header [# table 5: totals]\n"
		    "bad record 3 line 6: 2 cells, expected 3 as in the header [source,rows]\n"
		    "bad record 4 line 7: 2 cells, expected 3 as in the header [x,17]\n");
}

static void test_cells_of_ten_thousand_characters_are_ordinary(void **state)
{
	(void)state;
	AUTO_TEXT struct text file;
	text_init(&file, 0);
	text_add(&file, "domain,graph_state_slim_json,y_true\na.example,\"");
	for (int i = 0; i < 9535 / 5; i++)
		text_add(&file, i % 7 ? "'日," : "\"\"\n, ");
	text_add(&file, "\",1\nb.example,,0\n");
	struct dataset_reader *reader = dataset_reader_new("long.csv");
	struct dataset_entry entry;
	struct error err = {0};
	dataset_reader_feed(reader, file.data, file.length);
	dataset_reader_finish(reader);
	assert_int_equal(dataset_reader_next(reader, &entry, &err), DATASET_STEP_HEADER);
	assert_int_equal(dataset_reader_next(reader, &entry, &err), DATASET_STEP_ROW);
	assert_int_equal(entry.item.label, BINARY_PHISHING);
	assert_int_equal(dataset_reader_next(reader, &entry, &err), DATASET_STEP_ROW);
	assert_int_equal(entry.line, 2 + 273 + 1); /* every seventh of 1,907 pieces has a line feed */
	dataset_reader_free(reader);
}

static void test_a_lost_quote_costs_one_row(void **state)
{
	(void)state;
	assert_file("truncated_quote.csv",
		    "1 record 1 line 2: a.example label 1 stage1 ? source - tld example\n"
		    "bad record 2 line 3: the quote that opens a cell is never closed; expected a closing \" before the next comma "
		    "[b.example,\"never closed,1]\n"
		    "2 record 3 line 4: c.example label 0 stage1 ? source - tld example\n"
		    "3 record 4 line 5: d.example label 1 stage1 ? source - tld example\n");
	assert_file("truncated_end.csv",
		    "1 record 1 line 2: a.example label 1 stage1 ? source - tld example\n"
		    "bad record 2 line 3: the quote that opens a cell is never closed; expected a closing \" before the next comma "
		    "[b.example,\"cut in the mid]\n");
}

static void test_files_without_domains_are_refused_with_advice(void **state)
{
	(void)state;
	assert_file("no_domain.csv", "refused: no_domain.csv: line 1: no column \"domain\"; found \"idx\", \"damain\", \"tld\"; the "
				     "nearest is \"damain\": call it \"domain\"\n");
	assert_file("semicolons.csv", "refused: semicolons.csv: line 1: no column \"domain\"; the cells seem to be separated by "
				      "semicolons; expected commas\n");
	assert_file("utf16.csv", "refused: utf16.csv: line 1: the file is UTF-16; save it as UTF-8\n");
	assert_file("empty.csv", "refused: empty.csv: the file is empty; expected a first line with a column \"domain\", or one "
				 "domain per line\n");
}

static void test_plain_lists_are_datasets_too(void **state)
{
	(void)state;
	assert_file("list.txt",
		    "1 record 1 line 1: a.example label ? stage1 ? source - tld example\n"
		    "2 record 2 line 2: b.example label ? stage1 ? source - tld example\n"
		    "3 record 3 line 4: 192.0.2.9 label ? stage1 ? source - tld - flags 4\n"
		    "bad record 4 line 5: 2 cells, expected one domain per line; a CSV needs a first line with its column names "
		    "[a.example,b.example]\n"
		    "bad record 5 line 6: the domain has white space inside [no dots]\n");
	assert_file("defanged.txt", "1 record 1 line 2: evil.example label ? stage1 ? source - tld example flags 8\n"
				    "2 record 2 line 3: bad.example label ? stage1 ? source - tld example\n"
				    "note record 1 line 2: 1 cells held a URL and were reduced to the host\n");
}

static void test_column_names_are_unique_and_collisions_renamed_in_exports(void **state)
{
	(void)state;
	struct dataset_reader *reader = reader_on("twice.csv");
	struct dataset_entry entry;
	struct error err = {0};
	assert_int_equal(dataset_reader_next(reader, &entry, &err), DATASET_STEP_HEADER);
	const struct columns *columns = dataset_reader_columns(reader);
	const char *const names[] = {"domain", "x", "x_3", "column_4", "error", "input_error"};
	const char *const exported[] = {"domain", "x", "x_3", "column_4", "input_input_error", "input_error"};
	assert_int_equal(columns->count, COUNT_OF(names));
	for (size_t i = 0; i < columns->count; i++) {
		AUTO_FREE char *name = columns_export_name(columns, i);
		assert_string_equal(columns->list[i].name, names[i]);
		assert_string_equal(name, exported[i]);
	}
	dataset_reader_free(reader);
}

static void test_cells_are_read_again_from_the_place_of_their_row(void **state)
{
	(void)state;
	size_t length;
	AUTO_FREE char *bytes = read_file("merged_32.csv", &length);
	struct dataset_reader *reader = reader_on("merged_32.csv");
	struct dataset_entry entry;
	struct error err = {0};
	assert_int_equal(dataset_reader_next(reader, &entry, &err), DATASET_STEP_HEADER);
	assert_int_equal(dataset_reader_next(reader, &entry, &err), DATASET_STEP_ROW);
	const struct columns *columns = dataset_reader_columns(reader);
	struct dataset_cells cells;
	dataset_cells_init(&cells, bytes + entry.offset, (size_t)entry.length);
	assert_int_equal(cells.count, 32);
	struct csv_field factors = cells.fields[columns_find(columns, "ai_risk_factors")];
	struct csv_field reasoning = cells.fields[columns_find(columns, "ai_reasoning")];
	struct csv_field repr = cells.fields[columns_find(columns, "graph_state_slim_json")];
	assert_int_equal(factors.length, strlen("[\"policy_r4\", \"policy_r5\"]"));
	assert_memory_equal(factors.bytes, "[\"policy_r4\", \"policy_r5\"]", factors.length);
	assert_memory_equal(reasoning.bytes, "structured output failed:\nline two\n\nline four", reasoning.length);
	assert_memory_equal(repr.bytes, "{'a': None, 'b': True}", repr.length);
	dataset_cells_release(&cells);
	dataset_reader_free(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_original_layouts_are_understood),
		cmocka_unit_test(test_line_feeds_repr_cells_and_timeouts_of_merged_results),
		cmocka_unit_test(test_booleans_in_every_spelling),
		cmocka_unit_test(test_missing_values_are_missing_in_numbers_and_stay_text_in_texts),
		cmocka_unit_test(test_hosts_urls_and_case),
		cmocka_unit_test(test_a_byte_order_mark_comments_and_missing_labels_do_no_harm),
		cmocka_unit_test(test_a_bad_row_is_reported_with_its_line_and_what_was_expected),
		cmocka_unit_test(test_a_second_table_in_the_file_is_not_taken_for_rows),
		cmocka_unit_test(test_cells_of_ten_thousand_characters_are_ordinary),
		cmocka_unit_test(test_a_lost_quote_costs_one_row),
		cmocka_unit_test(test_files_without_domains_are_refused_with_advice),
		cmocka_unit_test(test_plain_lists_are_datasets_too),
		cmocka_unit_test(test_column_names_are_unique_and_collisions_renamed_in_exports),
		cmocka_unit_test(test_cells_are_read_again_from_the_place_of_their_row),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
