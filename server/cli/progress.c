#include "cli/progress.h"

#include <math.h>

#include "base/cleanup.h"
#include "cli/field.h"
#include "cli/words.h"

enum { BAR_MIN = 10, BAR_MAX = 40 };

/* The newest rate that there is: the last minute, else the last ten. */
static double rate_of(const json_t *progress)
{
	double minute = field_number(progress, "rate_1m");
	return isfinite(minute) ? minute : field_number(progress, "rate_10m");
}

static void add_left(const json_t *progress, struct text *out)
{
	char words[WORDS_SIZE];
	const json_t *eta = json_object_get(progress, "eta");
	double low = field_number(eta, "lo_s"), high = field_number(eta, "hi_s");
	if (isfinite(low) && isfinite(high) && field_whole(progress, "pending") > 0)
		text_addf(out, ", %s left", words_range(low, high, words));
}

/* ", 198/min, 38-46 min left": whatever there is to say, each with a comma before it. */
static void add_figures(const json_t *progress, struct text *out)
{
	char words[WORDS_SIZE];
	if (isfinite(rate_of(progress)) && text_equal(field_text(progress, "state"), "running"))
		text_addf(out, ", %s", words_rate(rate_of(progress), words));
	add_left(progress, out);
	if (field_whole(progress, "no_verdict") > 0)
		text_addf(out, ", %s without verdict", words_count(field_whole(progress, "no_verdict"), words));
	if (json_is_true(json_object_get(progress, "stalled")))
		text_add(out, ", nothing has been answered for a while");
	if (json_is_string(json_object_get(progress, "store_blocked")))
		text_addf(out, ", blocked: %s", field_text(progress, "store_blocked"));
}

static void add_bar(double share, int width, struct text *out)
{
	int full = (int)floor(share * width);
	text_add_char(out, '[');
	for (int i = 0; i < width; i++)
		text_add_char(out, i < full ? '#' : '-');
	text_add(out, "] ");
}

static double share_of(const json_t *progress)
{
	int64_t total = field_whole(progress, "total");
	return total > 0 ? (double)field_whole(progress, "done") / (double)total : 0;
}

/* "42.1 %  7,345 of 17,434"; never 100 % before the last: 99.97 is shown as 99.9. */
static void add_done(const json_t *progress, struct text *out)
{
	char done[WORDS_SIZE], total[WORDS_SIZE];
	text_addf(out, "%.1f %%  %s of %s", floor(share_of(progress) * 1000) / 10,
	          words_count(field_whole(progress, "done"), done), words_count(field_whole(progress, "total"), total));
}

void progress_line(const json_t *progress, struct text *out)
{
	text_addf(out, "%s %s  ", field_text(progress, "id"), field_text(progress, "state"));
	add_done(progress, out);
	add_figures(progress, out);
}

static void add_head(const json_t *progress, int columns, struct text *out)
{
	AUTO_TEXT struct text done;
	text_init(&done, 0);
	add_done(progress, &done);
	text_addf(out, "%s %s  ", field_text(progress, "id"), field_text(progress, "state"));
	int room = columns - (int)out->length - (int)done.length - 4;
	if (room >= BAR_MIN)
		add_bar(share_of(progress), room < BAR_MAX ? room : BAR_MAX, out);
	text_add(out, done.data);
}

static void add_worker(const json_t *worker, struct text *out)
{
	char done[WORDS_SIZE], rate[WORDS_SIZE];
	if (!*field_text(worker, "state")) { /* the run has ended: only what it did is known */
		text_addf(out, "  worker %-8s %9s done", field_text(worker, "id"),
		          words_count(field_whole(worker, "done"), done));
		return;
	}
	text_addf(out, "  worker %-8s %-11s %3lld of %-3lld in flight  %9s done  %9s", field_text(worker, "id"),
	          field_text(worker, "state"), (long long)field_whole(worker, "in_flight"), (long long)field_whole(worker, "allowed"),
	          words_count(field_whole(worker, "done"), done), words_rate(field_number(worker, "rate_1m"), rate));
}

/* Adds a line, cut to the width of the terminal so that redrawing stays right. */
static void add_cut(struct text *out, const struct text *line, int columns)
{
	size_t limit = columns > 1 ? (size_t)columns - 1 : line->length;
	text_add_bytes(out, line->data, text_utf8_cut(line->data, line->length, limit));
	text_add_char(out, '\n');
}

void progress_block(const json_t *progress, int columns, struct text *out)
{
	AUTO_TEXT struct text line;
	text_init(&line, 0);
	add_head(progress, columns, &line);
	add_cut(out, &line, columns);
	text_clear(&line);
	add_figures(progress, &line);
	if (line.length > 0) {
		line.data[0] = ' '; /* where the first comma stands */
		add_cut(out, &line, columns);
	}
	size_t index;
	json_t *worker;
	json_array_foreach(json_object_get(progress, "workers"), index, worker) {
		text_clear(&line);
		add_worker(worker, &line);
		add_cut(out, &line, columns);
	}
}

static void add_failures(const json_t *progress, struct text *out)
{
	const char *kind;
	json_t *count;
	bool first = true;
	json_object_foreach(json_object_get(progress, "by_failure"), kind, count) {
		char words[WORDS_SIZE];
		if (json_integer_value(count) == 0)
			continue;
		text_addf(out, "%s%s %s", first ? " (" : ", ", words_count(json_integer_value(count), words), kind);
		first = false;
	}
	if (!first)
		text_add_char(out, ')');
}

void progress_summary(const json_t *progress, struct text *out)
{
	char total[WORDS_SIZE], verdicts[WORDS_SIZE], none[WORDS_SIZE], time[WORDS_SIZE], rate[WORDS_SIZE];
	double elapsed = field_number(progress, "elapsed_s");
	int64_t done = field_whole(progress, "done");
	text_addf(out, "%s %s: %s of %s items have a verdict, %s have none", field_text(progress, "id"),
	          field_text(progress, "state"), words_count(field_whole(progress, "verdicts"), verdicts),
	          words_count(field_whole(progress, "total"), total), words_count(field_whole(progress, "no_verdict"), none));
	add_failures(progress, out);
	if (isfinite(elapsed) && elapsed > 0)
		text_addf(out, "; %s, %s", words_duration(elapsed, time), words_rate((double)done / elapsed, rate));
	text_add_char(out, '\n');
	if (field_whole(progress, "from_text") > 0)
		text_addf(out, "%s verdicts had to be found inside other text\n",
		          words_count(field_whole(progress, "from_text"), none));
}
