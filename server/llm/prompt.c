/* A template becomes a list of pieces: text, the key, or a column by its number. */
#include "llm/prompt.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"

enum {
	TEMPLATE_MAX = 64 * 1024, /* bytes */
	VALUE_MAX = 4000,         /* bytes of one cell; a longer one is cut, and shows it */
	PIECE_TEXT = -2,          /* piece.column: no column but a text, */
	PIECE_KEY = -1            /* or the item's key */
};

struct piece {
	char *text; /* PIECE_TEXT only */
	int column;
};

struct prompt {
	struct piece *pieces;
	size_t count, capacity;
};

/* What a placeholder may stand for. */
struct names {
	const char *const *columns;
	const bool *is_label;
	int count;
};

/* ---- compiling ---- */

static void add_text(struct prompt *prompt, const char *text, size_t length)
{
	if (length)
		VECTOR_ADD(prompt->pieces, prompt->count, prompt->capacity) =
			(struct piece){memory_copy_n(text, length), PIECE_TEXT};
}

static int line_of(const char *template, const char *place)
{
	int line = 1;
	for (; template < place; template++)
		line += *template == '\n';
	return line;
}

static const char *nearest(const struct names *names, const char *name)
{
	const char *best = NULL;
	int best_distance = 4; /* further away is no typing mistake */
	for (int i = -1; i < names->count; i++) {
		if (i >= 0 && names->is_label && names->is_label[i])
			continue;
		const char *candidate = i < 0 ? "domain" : names->columns[i];
		int distance = text_distance(name, candidate);
		if (distance < best_distance) {
			best_distance = distance;
			best = candidate;
		}
	}
	return best;
}

static bool refuse_unknown(const struct names *names, const char *name, int line, struct error *err)
{
	const char *near = nearest(names, name);
	if (near)
		return error_set(err, ERROR_INPUT,
		                 "line %d of the prompt: no column is called \"%.80s\"; did you mean {{%.80s}}?", line, name,
		                 near);
	return error_set(err, ERROR_INPUT,
	                 "line %d of the prompt: no column is called \"%.80s\"; use {{domain}} or one of the dataset's "
	                 "%d columns",
	                 line, name, names->count);
}

static bool find_column(const struct names *names, const char *name, int line, int *column, struct error *err)
{
	*column = PIECE_KEY;
	if (text_equal(name, "domain"))
		return true;
	for (int i = 0; i < names->count; i++) {
		if (!text_equal(name, names->columns[i]))
			continue;
		*column = i;
		if (names->is_label && names->is_label[i])
			return error_set(err, ERROR_INPUT,
			                 "line %d of the prompt: {{%.80s}} is the label: a prompt must not hold the answer", line,
			                 name);
		return true;
	}
	return refuse_unknown(names, name, line, err);
}

static char *trimmed(const char *start, const char *end)
{
	while (start < end && isspace((unsigned char)*start))
		start++;
	while (end > start && isspace((unsigned char)end[-1]))
		end--;
	return memory_copy_n(start, (size_t)(end - start));
}

/* *place is at "{{" and moves behind what it stands for. */
static bool add_placeholder(struct prompt *prompt, const char *template, const char **place,
                            const struct names *names, struct error *err)
{
	const char *start = *place + 2;
	if (text_starts(start, "{{")) {
		add_text(prompt, "{{", 2);
		*place = start + 2;
		return true;
	}
	const char *end = strstr(start, "}}");
	int line = line_of(template, start), column;
	if (!end)
		return error_set(err, ERROR_INPUT,
		                 "line %d of the prompt: \"{{\" is never closed by \"}}\"; write {{{{ for {{ itself", line);
	AUTO_FREE char *name = trimmed(start, end);
	if (!find_column(names, name, line, &column, err))
		return false;
	VECTOR_ADD(prompt->pieces, prompt->count, prompt->capacity) = (struct piece){NULL, column};
	*place = end + 2;
	return true;
}

static bool compile(struct prompt *prompt, const char *template, const struct names *names, struct error *err)
{
	const char *place = template;
	for (const char *open; (open = strstr(place, "{{"));) {
		add_text(prompt, place, (size_t)(open - place));
		place = open;
		if (!add_placeholder(prompt, template, &place, names, err))
			return false;
	}
	add_text(prompt, place, strlen(place));
	return true;
}

struct prompt *prompt_new(const char *template, const char *const *columns, const bool *is_label, int count,
                          struct error *err)
{
	const struct names names = {columns, is_label, count};
	if (strlen(template) > TEMPLATE_MAX) {
		error_set(err, ERROR_TOO_LARGE, "the prompt has %zu bytes; at most %d are allowed", strlen(template),
		          TEMPLATE_MAX);
		return NULL;
	}
	struct prompt *prompt = NEW(struct prompt);
	if (compile(prompt, template, &names, err))
		return prompt;
	prompt_free(prompt);
	return NULL;
}

void prompt_free(struct prompt *prompt)
{
	for (size_t i = 0; prompt && i < prompt->count; i++)
		free(prompt->pieces[i].text);
	if (prompt)
		free(prompt->pieces);
	free(prompt);
}

/* ---- rendering ---- */

/* What a reader does not see, or what starts a new line: shown as an escape. */
static const struct {
	uint32_t first, last;
} hidden[] = {
	{0x00, 0x1F},       {0x7F, 0x9F},     /* control characters */
	{0xAD, 0xAD},       {0x061C, 0x061C}, {0x180E, 0x180E},
	{0x200B, 0x200F},   {0x2028, 0x202E}, /* zero width, marks and separators of direction, lines, paragraphs */
	{0x2060, 0x206F},   {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF},
	{0xE0000, 0xE0FFF}, /* tags: text that only a model sees */
};

static bool is_hidden(uint32_t point)
{
	for (size_t i = 0; i < COUNT_OF(hidden); i++)
		if (point >= hidden[i].first && point <= hidden[i].last)
			return true;
	return false;
}

/* The character at `bytes` and its length; 0 = no UTF-8. */
static size_t decode(const char *bytes, size_t left, uint32_t *point)
{
	unsigned char lead = (unsigned char)bytes[0];
	size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
	if (length > left || !text_is_utf8(bytes, length))
		return 0;
	*point = length == 1 ? lead : lead & (0xFFu >> (length + 1));
	for (size_t i = 1; i < length; i++)
		*point = *point << 6 | ((unsigned char)bytes[i] & 0x3F);
	return length;
}

static void add_escape(struct text *out, uint32_t point)
{
	switch (point) {
	case '\n':
		text_add(out, "\\n");
		break;
	case '\r':
		text_add(out, "\\r");
		break;
	case '\t':
		text_add(out, "\\t");
		break;
	default:
		text_addf(out, "\\u{%x}", (unsigned)point);
	}
}

static void add_value(struct text *out, const char *value)
{
	size_t whole = strlen(value);
	size_t left = whole > VALUE_MAX ? text_utf8_cut(value, whole, VALUE_MAX) : whole;
	bool cut = left < whole;
	while (left) {
		uint32_t point = 0;
		size_t length = decode(value, left, &point);
		if (!length)
			text_addf(out, "\\x%02x", (unsigned char)*value);
		else if (is_hidden(point))
			add_escape(out, point);
		else
			text_add_bytes(out, value, length);
		value += length ? length : 1;
		left -= length ? length : 1;
	}
	if (cut)
		text_add(out, "…");
}

char *prompt_render(const struct prompt *prompt, const char *key, const char *const *cells, int count)
{
	AUTO_TEXT struct text text;
	text_init(&text, 0);
	for (size_t i = 0; i < prompt->count; i++) {
		const struct piece *piece = &prompt->pieces[i];
		if (piece->column == PIECE_TEXT)
			text_add(&text, piece->text);
		else if (piece->column == PIECE_KEY)
			add_value(&text, key);
		else if (cells && piece->column < count && cells[piece->column])
			add_value(&text, cells[piece->column]);
	}
	return text_take(&text);
}
