#include "cli/follow.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/field.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "cli/screen.h"

enum { LOOK_MS = 500, LOST_MS = 120000 };

struct follow {
	struct client *client;
	const char *command, *id;
	int64_t patience_ms;
	struct screen screen;
	int64_t lost_since;    /* monotonic ms, 0 = the server answers */
	int64_t waiting_since; /* 0 = it does not wait */
	json_t *last;          /* progress */
};

static void show(struct follow *follow)
{
	AUTO_TEXT struct text block;
	text_init(&block, 0);
	if (follow->client->json) {
		AUTO_FREE char *line = json_text(follow->last);
		text_addf(&block, "%s\n", line);
	} else if (follow->screen.terminal) {
		progress_block(follow->last, screen_columns(&follow->screen), &block);
	} else {
		progress_line(follow->last, &block);
		text_add_char(&block, '\n');
	}
	screen_draw(&follow->screen, block.data);
}

/* A restarted server has another port: look for it again. False = give up. */
static bool look(struct follow *follow, struct error *err)
{
	AUTO_FREE char *path = memory_format("/runs/%s/progress", follow->id);
	json_t *progress = client_get(follow->client, path, err);
	if (progress) {
		json_decref(follow->last);
		follow->last = progress;
		follow->lost_since = 0;
		return true;
	}
	bool lost = err->code == ERROR_NETWORK || err->code == ERROR_TIMEOUT || err->code == ERROR_NOT_FOUND;
	int64_t now = clock_mono_ms();
	if (!follow->lost_since)
		follow->lost_since = now;
	if (!lost || !interrupt_absent() || now - follow->lost_since > LOST_MS)
		return false;
	struct error again = {0};
	client_connect(follow->client, &again);
	return true;
}

static bool has_ended(const char *state)
{
	return text_equal(state, "finished") || text_equal(state, "stopped") || text_equal(state, "failed");
}

static bool out_of_patience(struct follow *follow, const char *state)
{
	if (!text_equal(state, "waiting")) {
		follow->waiting_since = 0;
		return false;
	}
	int64_t now = clock_mono_ms();
	if (!follow->waiting_since)
		follow->waiting_since = now;
	return follow->patience_ms && now - follow->waiting_since >= follow->patience_ms;
}

static void say_cause(struct follow *follow)
{
	struct error ignored = {0};
	AUTO_FREE char *path = memory_format("/runs/%s", follow->id);
	AUTO_JSON json_t *run = client_get(follow->client, path, &ignored);
	if (run && *field_text(run, "sentence"))
		printf("  %s%s%s\n", field_text(run, "sentence"), *field_text(run, "cause") ? ": " : "", field_text(run, "cause"));
}

static int ended(struct follow *follow)
{
	const char *state = field_text(follow->last, "state");
	bool finished = text_equal(state, "finished");
	screen_clear(&follow->screen);
	if (follow->client->json) {
		field_print(follow->last);
		return finished ? CLI_FINE : CLI_FAILED;
	}
	AUTO_TEXT struct text summary;
	text_init(&summary, 0);
	progress_summary(follow->last, &summary);
	fputs(summary.data, stdout);
	if (finished)
		printf("  results: mekiki results %s -o results.csv\n", follow->id);
	else
		say_cause(follow);
	return finished ? CLI_FINE : CLI_FAILED;
}

static int left(struct follow *follow)
{
	screen_clear(&follow->screen);
	fprintf(stderr, "\nleft; %s goes on. Look again: mekiki watch %s; stop it: mekiki stop %s\n", follow->id,
	        follow->id, follow->id);
	return CLI_LEFT;
}

static int watch(struct follow *follow)
{
	while (interrupt_absent()) {
		struct error err = {0};
		if (!look(follow, &err)) {
			screen_clear(&follow->screen);
			return interrupt_absent() ? client_fail(follow->client, follow->command, &err) : left(follow);
		}
		const char *state = field_text(follow->last, "state");
		if (follow->last && has_ended(state))
			return ended(follow);
		if (follow->last)
			show(follow);
		if (out_of_patience(follow, state)) {
			screen_clear(&follow->screen);
			fprintf(stderr, "%s still waits for a worker; it goes on by itself when one answers\n", follow->id);
			return CLI_WAITING;
		}
		interrupt_sleep(LOOK_MS);
	}
	return left(follow);
}

int follow_run(struct client *client, const char *command, const char *id, int64_t patience_s)
{
	struct follow follow = {.client = client, .command = command, .id = id, .patience_ms = patience_s * 1000};
	screen_init(&follow.screen, stdout);
	if (client->json)
		follow.screen.terminal = false; /* lines for programs, never redrawn */
	interrupt_catch();
	client->go_on = interrupt_absent;
	int code = watch(&follow);
	json_decref(follow.last);
	return code;
}
