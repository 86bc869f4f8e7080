#include "cli/plan.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/field.h"
#include "cli/words.h"

static void print_counts(const json_t *plan, FILE *out)
{
	char selected[WORDS_SIZE], items[WORDS_SIZE], phishing[WORDS_SIZE], benign[WORDS_SIZE];
	const json_t *counts = json_object_get(plan, "counts");
	const json_t *labels = json_object_get(counts, "labels");
	fprintf(out, "  items      %s of %s (%s phishing, %s benign by label)\n",
	        words_count(field_whole(counts, "selected"), selected), words_count(field_whole(counts, "items"), items),
	        words_count(field_whole(labels, "phishing"), phishing), words_count(field_whole(labels, "benign"), benign));
}

static void print_workers(const json_t *plan, FILE *out)
{
	size_t index;
	json_t *worker;
	json_array_foreach(json_object_get(plan, "workers"), index, worker)
		fprintf(out, "  worker %-3s %-11s %-30s %3lld at a time  %s\n", field_text(worker, "id"), field_text(worker, "state"),
		        field_text(worker, "url"), (long long)field_whole(worker, "allowed"), field_text(worker, "model"));
}

static void print_estimate(const json_t *plan, FILE *out)
{
	char rate[WORDS_SIZE], range[WORDS_SIZE];
	const json_t *estimate = json_object_get(plan, "estimate");
	if (!json_is_object(estimate)) {
		fprintf(out, "  time       not known yet; the first minutes of the run will tell\n");
		return;
	}
	fprintf(out, "  time       %s at %s, as in %s\n",
	        words_range(json_number_value(json_object_get(estimate, "lo_s")),
	                    json_number_value(json_object_get(estimate, "hi_s")), range),
	        words_rate(json_number_value(json_object_get(estimate, "items_per_s")), rate), field_text(estimate, "basis"));
}

void plan_print(const json_t *plan, FILE *out)
{
	const json_t *request = json_object_get(plan, "request");
	fprintf(out, "plan for %s\n", field_text(json_object_get(plan, "dataset"), "name"));
	print_counts(plan, out);
	fprintf(out, "  evaluator  %s, %s order\n", field_text(request, "evaluator"),
	        json_is_true(json_object_get(request, "shuffle")) ? "shuffled" : "input");
	print_workers(plan, out);
	print_estimate(plan, out);
	size_t index;
	json_t *warning;
	json_array_foreach(json_object_get(plan, "warnings"), index, warning)
		fprintf(out, "  warning    %s (%s)\n", field_text(warning, "text"), field_text(warning, "code"));
	fflush(out);
}

json_t *plan_codes(const json_t *plan)
{
	json_t *out = json_array();
	size_t index;
	json_t *warning;
	json_array_foreach(json_object_get(plan, "warnings"), index, warning)
		json_array_append(out, json_object_get(warning, "code"));
	return out;
}

static void refuse(const json_t *plan)
{
	size_t index;
	json_t *warning;
	fprintf(stderr, "mekiki run: not started: there is no terminal to ask on; -y starts it");
	json_array_foreach(json_object_get(plan, "warnings"), index, warning)
		fprintf(stderr, "%s%s", index ? ", " : " and acknowledges ", field_text(warning, "code"));
	fputc('\n', stderr);
}

bool plan_ask(const json_t *plan)
{
	if (!isatty(STDIN_FILENO)) {
		refuse(plan);
		return false;
	}
	size_t warnings = json_array_size(json_object_get(plan, "warnings"));
	fprintf(stderr, warnings ? "Start, and acknowledge the warnings? [y/N] " : "Start? [y/N] ");
	char answer[16] = "";
	bool yes = fgets(answer, sizeof(answer), stdin) &&
	           (text_equal_fold(answer, "y\n") || text_equal_fold(answer, "yes\n"));
	if (!yes)
		fprintf(stderr, "not started\n");
	return yes;
}
