/* watch.c - nvidia-smi as a helper process: a deadline, and never two at once */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "gpu/gpu.h"

enum { OUTPUT_MOST = 4 << 20 };

/* One call of the program. Lives until its process has ended and its pipe is closed, however late. */
struct helper {
	struct gpu_watch *watch; /* NULL: the watch is gone, or no longer cares */
	uv_process_t process;
	uv_pipe_t out;
	struct text text;
	int open_handles;
	bool exited, closed; /* the process; its output */
	int64_t status;
	int signal;
};

struct gpu_watch {
	struct loop *loop;
	char *command;
	int64_t deadline_ms, every_ms;
	gpu_is_ours *is_ours;
	gpu_seen *seen;
	void *arg;
	struct loop_timer *next, *deadline;
	struct helper *helper; /* at most one, also while it cannot be killed */
	bool late;             /* the helper has missed its deadline: its answer is not waited for */
	char *gpus_csv;        /* the first of two answers; NULL = it is the one being asked for */
	int failures;          /* in a row */
	struct gpu_list last;
};

static void ask(struct gpu_watch *watch, const char *query);

static void plan_next(struct gpu_watch *watch)
{
	int64_t in_ms = watch->every_ms;
	if (in_ms <= 0)
		return;
	for (int i = 0; i < watch->failures && in_ms < GPU_BACKOFF_MS; i++)
		in_ms *= 2;
	if (watch->failures > 0 && in_ms > GPU_BACKOFF_MS && watch->every_ms < GPU_BACKOFF_MS)
		in_ms = GPU_BACKOFF_MS;
	loop_timer_set(watch->next, in_ms, 0);
}

static void look_over(struct gpu_watch *watch)
{
	loop_timer_stop(watch->deadline);
	free(TAKE(watch->gpus_csv));
	plan_next(watch);
	watch->seen(watch->arg, &watch->last);
}

/* What was seen last stays, and says why it is old. */
static void look_failed(struct gpu_watch *watch, char *problem)
{
	free(watch->last.problem);
	watch->last.problem = problem;
	watch->failures++;
	look_over(watch);
}

static void look_done(struct gpu_watch *watch, const char *processes_csv)
{
	struct gpu_list list;
	struct error err = {0};
	if (!gpu_read(watch->gpus_csv, processes_csv, &list, &err)) {
		look_failed(watch, memory_copy(err.text));
		return;
	}
	gpu_owners(&list, watch->is_ours, watch->arg);
	list.at_ms = clock_wall_ms();
	gpu_list_release(&watch->last);
	watch->last = list;
	watch->failures = 0;
	look_over(watch);
}

/* A good answer is what it printed; its own words for a failure stand on either stream. */
static void answered(struct gpu_watch *watch, int64_t status, int signal, const struct text *text)
{
	if (status != 0 || signal != 0 || text->overflow) {
		int length = (int)strcspn(text->data, "\r\n");
		look_failed(watch, text->overflow ? memory_copy("nvidia-smi printed more than 4 MiB")
		                   : memory_format("%s ended with %s %lld%s%.*s", watch->command, signal ? "signal" : "status",
		                                   signal ? (long long)signal : (long long)status, length > 0 ? ": " : "",
		                                   length > 200 ? 200 : length, text->data));
	} else if (!watch->gpus_csv) {
		watch->gpus_csv = memory_copy(text->data);
		AUTO_FREE char *query = memory_format("--query-compute-apps=%s", gpu_process_fields);
		ask(watch, query);
	} else {
		look_done(watch, text->data);
	}
}

static void helper_over(struct helper *helper)
{
	struct gpu_watch *watch = helper->watch;
	AUTO_TEXT struct text text = helper->text;
	int64_t status = helper->status;
	int signal = helper->signal;
	free(helper);
	if (!watch)
		return;
	bool late = watch->late;
	watch->helper = NULL;
	watch->late = false;
	if (!late)
		answered(watch, status, signal, &text);
}

static void on_closed(uv_handle_t *handle)
{
	struct helper *helper = handle->data;
	if (--helper->open_handles == 0)
		helper_over(helper);
}

static void close_both(struct helper *helper)
{
	if (!uv_is_closing((uv_handle_t *)&helper->process))
		uv_close((uv_handle_t *)&helper->process, on_closed);
	if (!uv_is_closing((uv_handle_t *)&helper->out))
		uv_close((uv_handle_t *)&helper->out, on_closed);
}

/* The process has ended and said all it had to say. */
static void close_when_over(struct helper *helper)
{
	if (helper->exited && helper->closed)
		close_both(helper);
}

static void on_ended(uv_process_t *process, int64_t status, int signal)
{
	struct helper *helper = process->data;
	helper->exited = true;
	helper->status = status;
	helper->signal = signal;
	close_when_over(helper);
}

static void on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buffer)
{
	(void)handle;
	*buffer = uv_buf_init(memory_new(wanted), (unsigned)wanted);
}

static void on_bytes(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
	struct helper *helper = stream->data;
	if (length > 0)
		text_add_bytes(&helper->text, buffer->base, (size_t)length);
	free(buffer->base);
	if (length >= 0)
		return;
	uv_read_stop(stream);
	helper->closed = true;
	close_when_over(helper);
}

static void ask(struct gpu_watch *watch, const char *query)
{
	char *argv[] = {watch->command, memory_copy(query), memory_copy("--format=csv,noheader,nounits"), NULL};
	struct helper *helper = NEW(struct helper);
	uv_loop_t *uv = loop_uv(watch->loop);
	text_init(&helper->text, OUTPUT_MOST);
	helper->watch = watch;
	helper->process.data = helper->out.data = helper;
	helper->open_handles = 2;
	uv_pipe_init(uv, &helper->out, 0);
	uv_stdio_container_t stdio[] = {
		{.flags = UV_IGNORE},
		{.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&helper->out},
		{.flags = UV_INHERIT_FD, .data.fd = 2},
	};
	uv_process_options_t options = {.exit_cb = on_ended, .file = watch->command, .args = argv, .stdio = stdio, .stdio_count = 3};
	int code = uv_spawn(uv, &helper->process, &options);
	free(argv[1]);
	free(argv[2]);
	watch->helper = helper;
	if (code == 0) {
		uv_read_start((uv_stream_t *)&helper->out, on_room, on_bytes);
		return;
	}
	watch->late = true; /* its end is nobody's answer */
	close_both(helper);
	look_failed(watch, memory_format("%s cannot be started: %s", watch->command, uv_strerror(code)));
}

static void on_deadline(void *arg)
{
	struct gpu_watch *watch = arg;
	if (!watch->helper)
		return;
	uv_process_kill(&watch->helper->process, SIGKILL); /* in vain while the driver holds it */
	watch->late = true;
	look_failed(watch, memory_format("%s did not answer within %lld s", watch->command, (long long)(watch->deadline_ms / 1000)));
}

static void on_next(void *arg)
{
	gpu_watch_look(arg);
}

void gpu_watch_look(struct gpu_watch *watch)
{
	if (watch->helper) {
		if (watch->late) /* one that hangs is enough */
			look_failed(watch, memory_format("%s still hangs; no other is started until it ends", watch->command));
		return;
	}
	AUTO_FREE char *query = memory_format("--query-gpu=%s", gpu_fields);
	loop_timer_set(watch->deadline, watch->deadline_ms, 0);
	ask(watch, query);
}

void gpu_watch_every(struct gpu_watch *watch, int64_t every_ms)
{
	watch->every_ms = every_ms;
	if (every_ms <= 0)
		loop_timer_stop(watch->next);
	else
		gpu_watch_look(watch);
}

const struct gpu_list *gpu_watch_last(const struct gpu_watch *watch)
{
	return &watch->last;
}

struct gpu_watch *gpu_watch_new(struct loop *loop, const char *command, int64_t deadline_ms, gpu_is_ours *is_ours,
                                gpu_seen *seen, void *arg)
{
	struct gpu_watch *watch = NEW(struct gpu_watch);
	*watch = (struct gpu_watch){.loop = loop, .command = memory_copy(command), .deadline_ms = deadline_ms,
	                            .is_ours = is_ours, .seen = seen, .arg = arg};
	watch->next = loop_timer_new(loop, on_next, watch);
	watch->deadline = loop_timer_new(loop, on_deadline, watch);
	watch->last.problem = memory_copy("nvidia-smi has not been asked yet");
	return watch;
}

void gpu_watch_free(struct gpu_watch *watch)
{
	if (!watch)
		return;
	if (watch->helper) {
		uv_process_kill(&watch->helper->process, SIGKILL);
		watch->helper->watch = NULL;
		close_both(watch->helper);
	}
	loop_timer_free(watch->next);
	loop_timer_free(watch->deadline);
	gpu_list_release(&watch->last);
	free(watch->gpus_csv);
	free(watch->command);
	free(watch);
}
