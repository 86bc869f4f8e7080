#include "sim_metrics.h"

#include <stdio.h>

#include "base/vector.h"

static const double bounds[SIM_METRICS_BUCKETS] = {0.3, 0.5, 0.8, 1.0, 1.5, 2.0, 2.5, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 60.0};
static const char *const reasons[SIM_REASONS] = {"stop", "length", "abort", "error", "repetition"};

/* What every line needs. */
struct page {
	struct text *out;
	char labels[600]; /* without braces */
	double started_at;
};

const char *sim_metrics_reason(enum sim_reason reason)
{
	return reasons[reason];
}

void sim_metrics_observe(struct sim_histogram *histogram, double seconds)
{
	int i = 0;
	while (i < SIM_METRICS_BUCKETS && seconds > bounds[i])
		i++;
	histogram->buckets[i]++;
	histogram->sum += seconds;
}

static void describe(struct page *page, const char *name, const char *type, const char *help)
{
	text_addf(page->out, "# HELP vllm:%s %s\n# TYPE vllm:%s %s\n", name, help, name, type);
}

static void gauge(struct page *page, const char *name, const char *help, double value)
{
	describe(page, name, "gauge", help);
	text_addf(page->out, "vllm:%s{%s} %.17g\n", name, page->labels, value);
}

static void counter(struct page *page, const char *name, const char *help, double value)
{
	describe(page, name, "counter", help);
	text_addf(page->out, "vllm:%s_total{%s} %.1f\n", name, page->labels, value);
	text_addf(page->out, "vllm:%s_created{%s} %.7e\n", name, page->labels, page->started_at);
}

static void histogram(struct page *page, const char *name, const char *help, const struct sim_histogram *values)
{
	describe(page, name, "histogram", help);
	uint64_t count = 0;
	for (int i = 0; i <= SIM_METRICS_BUCKETS; i++) {
		count += values->buckets[i];
		if (i < SIM_METRICS_BUCKETS)
			text_addf(page->out, "vllm:%s_bucket{le=\"%.1f\",%s} %llu.0\n", name, bounds[i], page->labels,
				  (unsigned long long)count);
	}
	text_addf(page->out, "vllm:%s_bucket{le=\"+Inf\",%s} %llu.0\n", name, page->labels, (unsigned long long)count);
	text_addf(page->out, "vllm:%s_count{%s} %llu.0\nvllm:%s_sum{%s} %.17g\n", name, page->labels,
		  (unsigned long long)count, name, page->labels, values->sum);
}

static void successes(struct page *page, const struct sim_metrics *metrics)
{
	describe(page, "request_success", "counter", "Count of successfully processed requests.");
	for (int i = 0; i < SIM_REASONS; i++)
		text_addf(page->out, "vllm:request_success_total{finished_reason=\"%s\",%s} %lld.0\n", reasons[i], page->labels,
			  (long long)metrics->success[i]);
}

/* A guess: a full batch holds half of the cache. */
static double cache_usage(const struct sim_batch *batch)
{
	return 0.5 * batch->running_count / batch->slots;
}

static void new_names(struct page *page, const struct sim_metrics *metrics, const struct sim_batch *batch)
{
	describe(page, "num_requests_waiting_by_reason", "gauge", "Number of requests waiting, by reason.");
	text_addf(page->out, "vllm:num_requests_waiting_by_reason{%s,reason=\"capacity\"} %d.0\n", page->labels, batch->waiting);
	text_addf(page->out, "vllm:num_requests_waiting_by_reason{%s,reason=\"deferred\"} 0.0\n", page->labels);
	describe(page, "admission_rejections", "counter", "Requests rejected at admission.");
	text_addf(page->out, "vllm:admission_rejections_total{%s,reason=\"max_num_queued_reqs\"} %lld.0\n", page->labels,
		  (long long)metrics->rejected);
	gauge(page, "kv_cache_usage_perc", "KV-cache usage. 1 means 100 percent usage.", cache_usage(batch));
	counter(page, "prefix_cache_queries", "Prefix cache queries, in tokens.", (double)metrics->prompt_tokens);
	counter(page, "prefix_cache_hits", "Prefix cache hits, in tokens.", 0);
	describe(page, "cache_config_info", "gauge", "Information of the LLMEngine CacheConfig");
	text_addf(page->out, "vllm:cache_config_info{block_size=\"16\",%s,num_gpu_blocks=\"4096\"} 1.0\n", page->labels);
	histogram(page, "request_queue_time_seconds", "Time spent in WAITING phase.", &metrics->queue);
}

static void old_names_of(struct page *page, const struct sim_metrics *metrics, const struct sim_batch *batch)
{
	gauge(page, "num_requests_swapped", "Number of requests swapped to CPU.", 0);
	gauge(page, "gpu_cache_usage_perc", "GPU KV-cache usage. 1 means 100 percent usage.", cache_usage(batch));
	gauge(page, "cpu_cache_usage_perc", "CPU KV-cache usage. 1 means 100 percent usage.", 0);
	counter(page, "gpu_prefix_cache_queries", "GPU prefix cache queries.", (double)metrics->prompt_tokens);
	counter(page, "gpu_prefix_cache_hits", "GPU prefix cache hits.", 0);
	histogram(page, "time_in_queue_requests", "Time spent in the queue.", &metrics->queue);
}

void sim_metrics_text(const struct sim_metrics *metrics, const struct sim_batch *batch, const char *model, bool old_names,
		      struct text *out)
{
	struct page page = {.out = out, .started_at = metrics->started_at};
	snprintf(page.labels, sizeof(page.labels), "%smodel_name=\"%.500s\"", old_names ? "" : "engine=\"0\",", model);
	text_addf(out,
		  "# HELP process_start_time_seconds Start time of the process since unix epoch in seconds.\n"
		  "# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds %.2f\n",
		  metrics->started_at);
	gauge(&page, "num_requests_running", "Number of requests in model execution batches.", batch->running_count);
	gauge(&page, "num_requests_waiting", "Number of requests waiting to be processed.", batch->waiting);
	counter(&page, "prompt_tokens", "Number of prefill tokens processed.", (double)metrics->prompt_tokens);
	counter(&page, "generation_tokens", "Number of generation tokens processed.", (double)(int64_t)batch->tokens);
	counter(&page, "num_preemptions", "Cumulative number of preemption from the engine.", 0);
	successes(&page, metrics);
	histogram(&page, "e2e_request_latency_seconds", "E2e request latency in seconds.", &metrics->latency);
	histogram(&page, "time_to_first_token_seconds", "Time to first token in seconds.", &metrics->first_token);
	(old_names ? old_names_of : new_names)(&page, metrics, batch);
}
