#include "engine/courtesy.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "engine/core.h"
#include "gpu/gpu.h"

/* What is known about the GPUs of one worker. */
struct guard {
	int64_t pid, start_ticks;  /* of its process; 0 = none */
	char *foreign, *unknown;   /* owned sentences; NULL = not so */
	bool acted;                /* the policy was carried out and not yet taken back */
	int64_t gone_since_ms;     /* monotonic; -1 = others are there */
	bool leaving;              /* its process has ended; the next look says whether its GPU is free */
	char *left;                /* owned: what it said; NULL = nothing yet */
};

struct courtesy {
	struct engine *engine;
	struct gpu_watch *watch;
	struct guard *guards;      /* by worker */
	bool begun;                /* looks are being taken */
	int count;
};

static const struct config_worker *config_of(const struct courtesy *courtesy, int worker)
{
	return fleet_worker(courtesy->engine->fleet, worker)->config;
}

static bool has_gpu(const struct courtesy *courtesy, int worker)
{
	const struct config_worker *config = config_of(courtesy, worker);
	return config->kind == WORKER_LOCAL && config->gpu;
}

/* A start of 0 is that of a session whose leader is dead: its id cannot be another's while the session lives. */
static bool is_ours(void *arg, int64_t pid, int64_t start_ticks)
{
	const struct courtesy *courtesy = arg;
	if (pid == getpid())
		return true;
	for (int i = 0; i < courtesy->count; i++)
		if (courtesy->guards[i].pid == pid && pid > 0 && (start_ticks == 0 || courtesy->guards[i].start_ticks == start_ticks))
			return true;
	return false;
}

/* "0,1" or UUIDs, as CUDA_VISIBLE_DEVICES takes them. */
static bool names(const char *list, const struct gpu *gpu)
{
	for (const char *at = list; *at;) {
		size_t length = strcspn(at, ",");
		AUTO_FREE char *word = memory_copy_n(at, length);
		int64_t index;
		if (text_equal(word, gpu->uuid) || (text_to_int(word, 0, 65535, &index) && index == gpu->index))
			return true;
		at += length + (at[length] == ',');
	}
	return false;
}

/* Who else is on it; free(); NULL = nobody. */
static char *foreign_on(const struct courtesy *courtesy, const struct gpu *gpu)
{
	const struct gpu_process *process = gpu_foreign(gpu, courtesy->engine->config->shared.threshold_mib);
	if (process && process->used_mib < 0)
		return memory_format("GPU %d: %s (pid %lld of %s)", gpu->index, process->name, (long long)process->pid,
		                     process->user ? process->user : "a hidden owner");
	if (process)
		return memory_format("GPU %d: %lld MiB held by %s (pid %lld of %s)", gpu->index, (long long)process->used_mib, process->name,
		                     (long long)process->pid, process->user ? process->user : "a hidden owner");
	if (gpu->unattributed_mib > courtesy->engine->config->shared.threshold_mib)
		return memory_format("GPU %d: %lld MiB belong to no listed process", gpu->index, (long long)gpu->unattributed_mib);
	return NULL;
}

/* What is seen of the worker's GPUs goes to *foreign and *unknown (free()). */
static void judge(const struct courtesy *courtesy, int worker, const struct gpu_list *list, char **foreign, char **unknown)
{
	int found = 0;
	*foreign = *unknown = NULL;
	for (int i = 0; i < list->count; i++) {
		const struct gpu *gpu = &list->gpus[i];
		if (!names(config_of(courtesy, worker)->gpu, gpu))
			continue;
		found++;
		if (!*foreign)
			*foreign = foreign_on(courtesy, gpu);
		if (!*unknown && gpu->unattributed_mib < 0)
			*unknown = memory_format("GPU %d: nvidia-smi does not tell how much memory is used", gpu->index);
	}
	if (list->problem) {
		free(*unknown);
		*unknown = memory_copy(list->problem);
	} else if (!found) {
		*unknown = memory_format("nvidia-smi lists no GPU %s", config_of(courtesy, worker)->gpu);
	}
}

static const char *policy_name(enum config_foreign_use policy)
{
	return policy == FOREIGN_DRAIN ? "drain" : policy == FOREIGN_PAUSE ? "pause" : "warn";
}

static void others_came(struct courtesy *courtesy, int worker)
{
	struct engine *engine = courtesy->engine;
	struct guard *guard = &courtesy->guards[worker];
	enum config_foreign_use policy = engine->config->shared.on_foreign_use;
	const struct config_worker *config = config_of(courtesy, worker);
	AUTO_JSON json_t *data = json_pack("{s:s, s:o, s:s}", "gpu", config->gpu, "text", json_text_or_null(guard->foreign), "policy",
	                                   policy_name(policy));
	AUTO_FREE char *data_text = json_text(data);
	log_warning("gpu", "worker %s: somebody else uses its GPU (%s): %s", config->id, policy_name(policy), guard->foreign);
	record_worker_fact(engine, EVENT_GPU_FOREIGN, worker, data_text);
	guard->acted = true;
	if (policy == FOREIGN_DRAIN)
		fleet_hold(engine->fleet, worker, CAUSE_GPU_BUSY, guard->foreign);
	else if (policy == FOREIGN_PAUSE && fleet_worker(engine->fleet, worker)->paused)
		guard->acted = false; /* by a person: theirs to take back */
	else if (policy == FOREIGN_PAUSE)
		fleet_pause(engine->fleet, worker, true);
}

static void others_left(struct courtesy *courtesy, int worker)
{
	struct engine *engine = courtesy->engine;
	struct guard *guard = &courtesy->guards[worker];
	const struct config_worker *config = config_of(courtesy, worker);
	AUTO_JSON json_t *data = json_pack("{s:s}", "gpu", config->gpu);
	AUTO_FREE char *data_text = json_text(data);
	log_info("gpu", "worker %s: nobody else uses its GPU any more", config->id);
	record_worker_fact(engine, EVENT_GPU_CLEAR, worker, data_text);
	bool acted = guard->acted;
	guard->acted = false;
	guard->gone_since_ms = 0;
	if (acted && engine->config->shared.on_foreign_use == FOREIGN_DRAIN)
		fleet_unhold(engine->fleet, worker);
	else if (acted && engine->config->shared.on_foreign_use == FOREIGN_PAUSE)
		fleet_pause(engine->fleet, worker, false);
}

/* The second half of a receipt: nvidia-smi agrees that the memory is back. */
static void look_at_left(struct courtesy *courtesy, int worker)
{
	struct guard *guard = &courtesy->guards[worker];
	char *why;
	if (!guard->leaving)
		return;
	free(guard->left);
	guard->left = courtesy_is_free(courtesy, worker, &why) ? memory_format("GPU %s is free", config_of(courtesy, worker)->gpu) : why;
}

static void look_at(struct courtesy *courtesy, int worker, const struct gpu_list *list)
{
	struct guard *guard = &courtesy->guards[worker];
	char *foreign, *unknown;
	judge(courtesy, worker, list, &foreign, &unknown);
	free(guard->unknown);
	guard->unknown = unknown;
	if (list->problem) { /* old news decide nothing */
		free(foreign);
		return;
	}
	free(guard->foreign);
	guard->foreign = foreign;
	if (foreign && guard->gone_since_ms == 0)
		others_came(courtesy, worker);
	else if (foreign && guard->acted && courtesy->engine->config->shared.on_foreign_use == FOREIGN_DRAIN)
		fleet_hold(courtesy->engine->fleet, worker, CAUSE_GPU_BUSY, foreign); /* wanted up only now, perhaps */
	if (foreign)
		guard->gone_since_ms = -1;
	else if (guard->gone_since_ms < 0)
		guard->gone_since_ms = clock_mono_ms();
	if (guard->gone_since_ms > 0 && clock_mono_ms() - guard->gone_since_ms >= courtesy->engine->config->shared.back_after_ms)
		others_left(courtesy, worker);
}

static void on_seen(void *arg, const struct gpu_list *list)
{
	struct courtesy *courtesy = arg;
	if (courtesy->engine->stopping)
		return;
	for (int i = 0; i < courtesy->count; i++)
		if (has_gpu(courtesy, i)) {
			look_at(courtesy, i, list);
			look_at_left(courtesy, i);
		}
	show_soon(courtesy->engine);
}

struct courtesy *courtesy_new(struct engine *engine)
{
	struct courtesy *courtesy = NEW(struct courtesy);
	bool wanted = false;
	*courtesy = (struct courtesy){.engine = engine, .count = fleet_count(engine->fleet)};
	for (int i = 0; i < courtesy->count; i++)
		wanted |= has_gpu(courtesy, i);
	if (!wanted) {
		free(courtesy);
		return NULL;
	}
	courtesy->guards = memory_array((size_t)courtesy->count, sizeof(*courtesy->guards));
	courtesy->watch = gpu_watch_new(engine->loop, engine->config->shared.nvidia_smi, engine->config->shared.timeout_ms, is_ours,
	                                on_seen, courtesy);
	for (int i = 0; i < courtesy->count; i++)
		if (has_gpu(courtesy, i))
			courtesy->guards[i].unknown = memory_copy(gpu_watch_last(courtesy->watch)->problem);
	return courtesy;
}

void courtesy_begin(struct courtesy *courtesy)
{
	if (!courtesy)
		return;
	courtesy->begun = true;
	gpu_watch_every(courtesy->watch, courtesy->engine->config->shared.interval_ms);
}

void courtesy_end(struct courtesy *courtesy)
{
	if (!courtesy)
		return;
	courtesy->begun = false;
	gpu_watch_every(courtesy->watch, 0);
}

void courtesy_free(struct courtesy *courtesy)
{
	if (!courtesy)
		return;
	gpu_watch_free(courtesy->watch);
	for (int i = 0; i < courtesy->count; i++) {
		free(courtesy->guards[i].foreign);
		free(courtesy->guards[i].unknown);
		free(courtesy->guards[i].left);
	}
	free(courtesy->guards);
	free(courtesy);
}

void courtesy_owns(struct courtesy *courtesy, int worker, const struct owner_record *owner)
{
	if (!courtesy || worker < 0)
		return;
	struct guard *guard = &courtesy->guards[worker];
	guard->leaving = !owner;
	free(TAKE(guard->left));
	guard->pid = owner ? owner->pid : 0;
	guard->start_ticks = owner ? owner->start_ticks : 0;
	if (!owner && courtesy->begun)
		gpu_watch_look(courtesy->watch);
}

static void show_gpu(struct snapshot *snapshot, const struct gpu *gpu, struct gpu_view *out)
{
	struct gpu_process_view *processes = snapshot_room(snapshot, (size_t)gpu->process_count, sizeof(*processes));
	for (int i = 0; i < gpu->process_count; i++)
		processes[i] = (struct gpu_process_view){.pid = gpu->processes[i].pid,
		                                         .name = snapshot_text(snapshot, gpu->processes[i].name),
		                                         .user = snapshot_text(snapshot, gpu->processes[i].user),
		                                         .used_mib = gpu->processes[i].used_mib,
		                                         .ours = gpu->processes[i].ours};
	*out = (struct gpu_view){.index = gpu->index,
	                         .uuid = snapshot_text(snapshot, gpu->uuid),
	                         .name = snapshot_text(snapshot, gpu->name),
	                         .total_mib = gpu->total_mib,
	                         .used_mib = gpu->used_mib,
	                         .free_mib = gpu->free_mib,
	                         .unattributed_mib = gpu->unattributed_mib,
	                         .use_percent = gpu->use_percent,
	                         .celsius = gpu->celsius,
	                         .mig = gpu->mig,
	                         .process_count = gpu->process_count,
	                         .processes = processes};
}

static void show_receipt(const struct courtesy *courtesy, int worker, struct snapshot *snapshot)
{
	struct worker_view *view = snapshot_worker_at(snapshot, worker);
	const char *left = courtesy->guards[worker].left;
	AUTO_FREE char *both = view->receipt && left ? memory_format("%s; %s", view->receipt, left) : NULL;
	if (both)
		view->receipt = snapshot_text(snapshot, both);
}

void courtesy_show(struct courtesy *courtesy, struct snapshot *snapshot)
{
	if (!courtesy) {
		snapshot->gpus_problem = snapshot_text(snapshot, "no worker that mekiki starts has a GPU; nvidia-smi is not asked");
		return;
	}
	const struct gpu_list *list = gpu_watch_last(courtesy->watch);
	struct gpu_view *gpus = snapshot_room(snapshot, (size_t)list->count, sizeof(*gpus));
	for (int i = 0; i < list->count; i++)
		show_gpu(snapshot, &list->gpus[i], &gpus[i]);
	snapshot->gpus = gpus;
	snapshot->gpu_count = list->count;
	snapshot->gpus_at_ms = list->at_ms;
	snapshot->gpus_problem = snapshot_text(snapshot, list->problem);
	for (int i = 0; i < courtesy->count; i++) {
		snapshot_worker_at(snapshot, i)->gpu_foreign = snapshot_text(snapshot, courtesy->guards[i].foreign);
		snapshot_worker_at(snapshot, i)->gpu_unknown = snapshot_text(snapshot, courtesy->guards[i].unknown);
		show_receipt(courtesy, i, snapshot);
	}
}

bool courtesy_is_free(const struct courtesy *courtesy, int worker, char **why)
{
	*why = NULL;
	if (!courtesy || !has_gpu(courtesy, worker))
		return true;
	const struct gpu_list *list = gpu_watch_last(courtesy->watch);
	bool is_free = true;
	for (int i = 0; i < list->count && is_free; i++)
		if (names(config_of(courtesy, worker)->gpu, &list->gpus[i]))
			is_free = gpu_is_free(list, list->gpus[i].index, courtesy->engine->config->shared.threshold_mib, why);
	if (is_free && list->problem)
		*why = memory_copy(list->problem);
	return is_free && !list->problem;
}
