#include "api/schemas.h"

#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"

static const struct {
	const char *name, *keys;
} schemas[] = {
	{"problem", "type:s code:s title:s status:i detail:s instance:s params:o"},
	{"problem_kind", "code:s title:s status:i"},
	{"route", "method:s path:s access:s help:s"},
	{"routes", "items:route[]"},
	{"health", "ok:b"},
	{"meta", "name:s version:s build:s server_start:t instance:s time_zone:s"},
	{"me", "person:s role:s via:s"},
	{"token_entry", "id:i person:s role:s once:b created:t expires:t? last_used:t?"},
	{"token", "id:i person:s role:s once:b created:t expires:t? last_used:t? token:s"},
	{"tokens", "items:token_entry[]"},

	{"label_counts", "phishing:i benign:i unknown:i conflict:i"},
	{"duplicate_counts", "rows:i case:i"},
	{"counted", "value:s? count:i"},
	{"tie", "items:i matched:i missing:i"},
	{"dataset", "sha256:s name:s state:s problem:s? bytes:i kind:s columns:s[] meanings:o renamed:s[] rows:i bad_rows:i "
	            "items:i progress:n labels:label_counts duplicates:duplicate_counts idn:i invalid_idna:i "
	            "sources:counted[] population:s? population_tie:tie? created:t created_by:s?"},
	{"datasets", "items:dataset[] next_cursor:i?"},
	{"row", "row:i record:i line:i item:i key:s cells:s[]"},
	{"rows", "total:i offset:i columns:s[] items:row[]"},
	{"dataset_problem", "record:i line:i reason:s excerpt:s?"},
	{"dataset_problems", "total:i items:dataset_problem[]"},
	{"key_example", "text:s reason:s"},
	{"key_check", "given:i items:i repeated:i refused:i examples:key_example[]"},

	{"worker", "id:s kind:s url:s desired:s state:s cause:s sentence:s since:t? last_probe:t? last_answer:t? probe_ms:i? "
	           "failures:i max_failures:i model:s? models:s[] root:s? max_model_len:i? server_version:s? in_flight:i "
	           "allowed:i done:i failed:i rate_1m:n? paused:b text:s? has_backend:b actions:s[] gpu:s? attempt:i of:i "
	           "next_at:t? phase:s? progress:n? receipt:s? log:s[]"},
	{"workers", "items:worker[]"},
	{"gpu_process", "pid:i name:s? user:s? used_mib:i? ours:b"},
	{"gpu", "index:i? uuid:s name:s total_mib:i? used_mib:i? free_mib:i? unattributed_mib:i? use_percent:i? celsius:i? mig:b "
	        "processes:gpu_process[]"},
	{"gpu_worker", "id:s gpu:s foreign:s? unknown:s?"},
	{"gpus", "items:gpu[] workers:gpu_worker[] at:t? problem:s?"},
	{"log_line", "at:i text:s"},
	{"worker_log", "items:log_line[] next:i previous:i size:i"},

	{"defaults", "request:o prompts:o evaluators:s[] upload_bytes:i"},
	{"plan_counts", "rows:i items:i selected:i labels:label_counts"},
	{"estimate", "items_per_s:n lo_s:n hi_s:n basis:s"},
	{"warning", "code:s text:s params:o"},
	{"plan", "plan_etag:s dataset:dataset counts:plan_counts workers:worker[] estimate:estimate? warnings:warning[] "
	         "request:o"},
	{"verdict", "is_phishing:b confidence:n? risk:s? decision_source:s reasoning:s? risk_factors:x[] detected_brands:x[]"},
	{"tried_item", "key:s prompt:s? raw:s? failure:s? detail:s? verdict:verdict? prompt_tokens:i? completion_tokens:i? "
	               "elapsed_ms:i worker:s?"},
	{"tried", "items:tried_item[]"},
	{"eta", "lo_s:n p50_s:n hi_s:n at:t"},
	{"run_worker", "id:s in_flight:i allowed:i done:i rate_1m:n? state:s?"},
	{"progress", "id:s state:s version:i total:i done:i verdicts:i no_verdict:i pending:i in_flight:i retried:i "
	             "by_failure:o rate_1m:n? rate_10m:n? eta:eta? stalled:b shuffled:b elapsed_s:i workers:run_worker[] "
	             "from_text:i duplicates:i store_blocked:s? at:t"},
	{"dataset_name", "sha256:s name:s"},
	{"run", "id:s name:s state:s cause:s sentence:s dataset:dataset_name request:o fingerprint:s model:s? policy:s "
	        "created:t created_by:s? started:t? finished:t? workers:s[]? actions:s[] progress:progress etag:s"},
	{"run_metrics", "policy:s partial:b representative:b recall:rate precision:rate"},
	{"run_listed", "id:s name:s state:s cause:s sentence:s dataset:dataset_name request:o fingerprint:s model:s? policy:s "
	               "created:t created_by:s? started:t? finished:t? workers:s[]? actions:s[] progress:progress etag:s "
	               "metrics:run_metrics?"},
	{"runs", "items:run_listed[] next_cursor:i?"},

	{"item", "n:i item:i key:s unicode:s? flags:s[] source:s? tld:s? label:s? ml:n? stage1:s? done:b verdict:s? "
	         "confidence:n? risk:s? failure:s? decision_source:s? cell:s? change:s? worker:s? elapsed_ms:i? attempts:i "
	         "reasoning:s? seq:i? row_numbers:i[]"},
	{"items", "view:s version:i total:i offset:i items:item[]"},
	{"attempt", "n:i key:s k:i worker:s? failure:s detail:s? http_status:i started:t? elapsed_ms:i"},
	{"attempts", "total:i items:attempt[]"},
	{"item_record", "n:i item:i key:s unicode:s? flags:s[] source:s? tld:s? label:s? ml:n? stage1:s? done:b verdict:s? "
	                "confidence:n? risk:s? failure:s? decision_source:s? cell:s? change:s? worker:s? elapsed_ms:i? "
	                "attempts:i reasoning:s? seq:i? row_numbers:i[] detail:s? finish_reason:s? model:s? prompt_tokens:i? "
	                "completion_tokens:i? evaluated:t? risk_factors:x[] detected_brands:x[] prompt:s? raw:s? "
	                "attempts_list:attempt[] cells:o"},
	{"facets", "version:i facets:o"},

	{"rate", "k:i n:i est:n? lo:n? hi:n? method:s"},
	{"figures", "precision:rate recall:rate fpr:rate fnr:rate accuracy:rate f1:n? mcc:n?"},
	{"population", "name:s n:i covered:i hash:s"},
	{"matrix", "stage:s subset:s population:population tp:i fp:i fn:i tn:i none_phishing:i none_benign:i pending:i "
	           "unlabelled:i conflicts:i formula:s metrics:figures"},
	{"confusion", "id:s version:i policy:s partial:b representative:b labels:s conflicts:i matrices:matrix[] fixed:i "
	              "broken:i net:i"},

	{"event", "id:i at:t kind:s run:s? worker:s? person:s? data:o"},
	{"events", "items:event[] next_cursor:i?"},
};

static json_t *plain(const char *type, const char *format)
{
	json_t *json = type ? json_pack("{s:s}", "type", type) : json_object();
	if (format)
		json_object_set_new(json, "format", json_string(format));
	return json;
}

static json_t *base_schema(const char *name)
{
	static const struct {
		const char *name, *type, *format;
	} types[] = {{"s", "string", NULL},  {"i", "integer", NULL}, {"n", "number", NULL},     {"b", "boolean", NULL},
	             {"o", "object", NULL},  {"x", NULL, NULL},      {"t", "string", "date-time"}};
	for (size_t i = 0; i < COUNT_OF(types); i++)
		if (text_equal(types[i].name, name))
			return plain(types[i].type, types[i].format);
	AUTO_FREE char *reference = memory_format("#/components/schemas/%s", name);
	return json_pack("{s:s}", "$ref", reference);
}

/* "worker[]?" */
static json_t *type_schema(const char *type, size_t length)
{
	bool nullable = length && type[length - 1] == '?';
	length -= nullable;
	bool list = length > 2 && memcmp(type + length - 2, "[]", 2) == 0;
	length -= list ? 2 : 0;
	AUTO_FREE char *name = memory_copy_n(type, length);
	json_t *json = base_schema(name);
	if (list)
		json = json_pack("{s:s, s:o}", "type", "array", "items", json);
	return nullable ? json_pack("{s:[o, {s:s}]}", "anyOf", json, "type", "null") : json;
}

static json_t *object_schema(const char *keys)
{
	json_t *properties = json_object(), *required = json_array();
	for (const char *at = keys; *at; at += strspn(at, " ")) {
		size_t name = strcspn(at, ":"), type = strcspn(at + name + 1, " ");
		AUTO_FREE char *key = memory_copy_n(at, name);
		json_object_set_new(properties, key, type_schema(at + name + 1, type));
		json_array_append_new(required, json_string(key));
		at += name + 1 + type;
	}
	return json_pack("{s:s, s:b, s:o, s:o}", "type", "object", "additionalProperties", 0, "properties", properties,
	                 "required", required);
}

bool schema_exists(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(schemas); i++)
		if (text_equal(schemas[i].name, name))
			return true;
	return false;
}

json_t *schema_all(void)
{
	json_t *json = json_object();
	for (size_t i = 0; i < COUNT_OF(schemas); i++)
		json_object_set_new(json, schemas[i].name, object_schema(schemas[i].keys));
	return json;
}
