#include "dataset/csv.h"

#include <string.h>

void csv_writer_init(struct csv_writer *writer, struct text *out, enum csv_profile profile)
{
	*writer = (struct csv_writer){.out = out, .profile = profile};
}

void csv_writer_mark(struct csv_writer *writer)
{
	if (writer->profile == CSV_EXCEL)
		text_add(writer->out, "\xEF\xBB\xBF");
}

static bool needs_quotes(const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (bytes[i] == ',' || bytes[i] == '"' || bytes[i] == '\n' || bytes[i] == '\r')
			return true;
	return false;
}

static bool is_formula(const char *bytes, size_t length)
{
	return length && bytes[0] && strchr("=+-@\t\r", bytes[0]);
}

static void add_quoted(struct text *out, const char *bytes, size_t length)
{
	const char *end = bytes + length;
	while (bytes < end) {
		const char *quote = memchr(bytes, '"', (size_t)(end - bytes));
		const char *stop = quote ? quote + 1 : end;
		text_add_bytes(out, bytes, (size_t)(stop - bytes));
		if (quote)
			text_add_char(out, '"');
		bytes = stop;
	}
}

void csv_writer_cell(struct csv_writer *writer, const char *bytes, size_t length)
{
	if (writer->cells++)
		text_add_char(writer->out, ',');
	bool neutralise = writer->profile == CSV_EXCEL && is_formula(bytes, length);
	bool quotes = needs_quotes(bytes, length);
	if (quotes)
		text_add_char(writer->out, '"');
	if (neutralise)
		text_add_char(writer->out, '\'');
	if (quotes)
		add_quoted(writer->out, bytes, length);
	else
		text_add_bytes(writer->out, bytes, length);
	if (quotes)
		text_add_char(writer->out, '"');
}

void csv_writer_text(struct csv_writer *writer, const char *text)
{
	csv_writer_cell(writer, text ? text : "", text ? strlen(text) : 0);
}

void csv_writer_end(struct csv_writer *writer)
{
	text_add(writer->out, writer->profile == CSV_EXCEL ? "\r\n" : "\n");
	writer->cells = 0;
}
