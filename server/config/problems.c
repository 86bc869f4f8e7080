#include "config/problems.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"

static char *format_text(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

static char *format_text(const char *format, va_list arguments)
{
	char *text;
	if (vasprintf(&text, format, arguments) < 0)
		abort();
	return text;
}

void problems_add(struct config_problems *problems, enum config_severity severity, struct config_place place,
                  const char *key, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	VECTOR_ADD(problems->items, problems->count, problems->capacity) = (struct config_problem){
		.severity = severity,
		.line = place.line,
		.column = place.column,
		.key = memory_copy(key ? key : ""),
		.text = format_text(format, arguments),
	};
	va_end(arguments);
	if (severity == CONFIG_ERROR)
		problems->errors++;
}

static int compare(const void *a, const void *b)
{
	const struct config_problem *left = a, *right = b;
	if (left->line != right->line)
		return left->line < right->line ? -1 : 1;
	if (left->column != right->column)
		return left->column < right->column ? -1 : 1;
	return 0;
}

void problems_sort(struct config_problems *problems)
{
	if (problems->count)
		qsort(problems->items, problems->count, sizeof(*problems->items), compare);
}

void config_problems_release(struct config_problems *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		free(problems->items[i].key);
		free(problems->items[i].text);
	}
	free(problems->items);
	free(problems->file);
	*problems = (struct config_problems){0};
}

char *config_problems_text(const struct config_problems *problems, const struct config_problem *problem)
{
	static const char *const severities[] = {"note", "warning", "error"};
	struct text out;
	text_init(&out, 0);
	text_add(&out, problems->file ? problems->file : "configuration");
	if (problem->line)
		text_addf(&out, ":%d:%d", problem->line, problem->column);
	text_addf(&out, ": %s: ", severities[problem->severity]);
	if (*problem->key)
		text_addf(&out, "%s: ", problem->key);
	text_add(&out, problem->text);
	return text_take(&out);
}
