/* OpenAPI 3.1 from the route table: paths, access, query keys, bodies. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/request.h"
#include "api/schemas.h"
#include "base/memory.h"
#include "base/version.h"

static json_t *parameter(const char *name, const char *where, bool required, json_t *schema, const char *help)
{
	json_t *json = json_pack("{s:s, s:s, s:b, s:o}", "name", name, "in", where, "required", required, "schema", schema);
	if (help)
		json_object_set_new(json, "description", json_string(help));
	return json;
}

static json_t *choices_schema(const char *choices)
{
	json_t *list = json_array();
	for (const char *at = choices; *at;) {
		size_t length = strcspn(at, "|");
		json_array_append_new(list, json_stringn(at, length));
		at += length + (at[length] == '|');
	}
	return json_pack("{s:s, s:o}", "type", "string", "enum", list);
}

static json_t *key_schema(const struct query_key *key)
{
	if (key->kind == QUERY_CHOICE)
		return choices_schema(key->choices);
	if (key->kind == QUERY_TEXT)
		return json_pack("{s:s}", "type", "string");
	json_t *json = json_pack("{s:s, s:I, s:I}", "type", "integer", "minimum", (json_int_t)key->min, "default",
	                         (json_int_t)key->fallback);
	if (key->max <= 1000000)
		json_object_set_new(json, "maximum", json_integer(key->max));
	return json;
}

static void add_path_parameters(json_t *list, const char *path)
{
	for (const char *at = strchr(path, '{'); at; at = strchr(at + 1, '{')) {
		AUTO_FREE char *name = memory_copy_n(at + 1, strcspn(at + 1, "}"));
		json_array_append_new(list, parameter(name, "path", true, json_pack("{s:s}", "type", "string"), NULL));
	}
}

static json_t *parameters(const struct route *route)
{
	json_t *list = json_array();
	add_path_parameters(list, route->path);
	for (size_t i = 0; i < query_key_count; i++)
		if (query_names_has(route->query, query_keys[i].name))
			json_array_append_new(list, parameter(query_keys[i].name, "query", false, key_schema(&query_keys[i]),
			                                      query_keys[i].help));
	for (const char *const *key = query_view_keys; route->view && *key; key++)
		json_array_append_new(list, parameter(*key, "query", false, json_pack("{s:s}", "type", "string"),
		                                      "filter (server/api/README.md, Views); repeated = or"));
	return list;
}

static json_t *fields_schema(const struct json_field *fields)
{
	static const char *const types[] = {"string", "integer", "number", "boolean", "object", "array", NULL};
	json_t *properties = json_object(), *required = json_array();
	for (; fields->name; fields++) {
		const char *type = types[fields->kind];
		json_object_set_new(properties, fields->name, type ? json_pack("{s:s}", "type", type) : json_object());
		if (fields->required)
			json_array_append_new(required, json_string(fields->name));
	}
	return json_pack("{s:s, s:b, s:o, s:o}", "type", "object", "additionalProperties", 0, "properties", properties,
	                 "required", required);
}

static json_t *body(const struct route *route)
{
	if (route->body == BODY_FILE)
		return json_pack("{s:b, s:{s:{}, s:{}}}", "required", 1, "content", "text/csv", "text/plain");
	json_t *schema = route->fields ? fields_schema(route->fields) : json_pack("{s:s}", "type", "object");
	return json_pack("{s:b, s:{s:{s:o}}}", "required", 1, "content", "application/json", "schema", schema);
}

static const char *media_type(const char *answer)
{
	static const char *const types[][2] = {
		{"csv", "text/csv"}, {"jsonl", "application/x-ndjson"}, {"stream", "text/event-stream"}};
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (text_equal(types[i][0], answer))
			return types[i][1];
	return "application/json";
}

static json_t *answers(const struct route *route)
{
	json_t *json = json_object();
	if (*route->answer) {
		json_t *content = json_object();
		AUTO_FREE char *reference = memory_format("#/components/schemas/%s", route->answer);
		if (schema_exists(route->answer))
			json_object_set_new(content, "schema", json_pack("{s:s}", "$ref", reference));
		json_object_set_new(json, "2XX", json_pack("{s:s, s:{s:o}}", "description", route->answer, "content",
		                                           media_type(route->answer), content));
	}
	if (!*route->answer)
		json_object_set_new(json, "204", json_pack("{s:s}", "description", "done"));
	json_object_set_new(json, "default", json_pack("{s:s}", "$ref", "#/components/responses/problem"));
	return json;
}

/* "get_runs_id_items": stable, from what the row already says. */
static char *operation_id(const struct route *route)
{
	AUTO_TEXT struct text out;
	text_init(&out, 0);
	for (const char *at = route->method; *at; at++)
		text_add_char(&out, (char)tolower((unsigned char)*at));
	const char *path = text_starts(route->path, "/api/v1") ? route->path + strlen("/api/v1") : route->path;
	if (path == route->path)
		text_add(&out, "_root");
	for (const char *at = path; *at; at++)
		if (isalnum((unsigned char)*at))
			text_add_char(&out, *at);
		else if (out.data[out.length - 1] != '_')
			text_add_char(&out, '_');
	while (out.length && out.data[out.length - 1] == '_')
		out.data[--out.length] = '\0';
	return text_take(&out);
}

static json_t *operation(const struct route *route)
{
	AUTO_FREE char *id = operation_id(route);
	json_t *json = json_pack("{s:s, s:s, s:s, s:o, s:o}", "operationId", id, "summary", route->help, "x-access",
	                         access_name(route->access), "parameters", parameters(route), "responses", answers(route));
	if (route->body != BODY_NONE)
		json_object_set_new(json, "requestBody", body(route));
	if (route->access == ACCESS_PUBLIC)
		json_object_set_new(json, "security", json_array());
	return json;
}

static json_t *paths(void)
{
	json_t *json = json_object();
	for (size_t i = 0; i < route_count; i++) {
		const struct route *route = &routes[i];
		json_t *path = json_object_get(json, route->path);
		if (!path) {
			path = json_object();
			json_object_set_new(json, route->path, path);
		}
		AUTO_FREE char *method = memory_copy(route->method);
		for (char *at = method; *at; at++)
			*at = (char)tolower((unsigned char)*at);
		json_object_set_new(path, method, operation(route));
	}
	return json;
}

static json_t *components(void)
{
	json_t *content = json_pack("{s:{s:{s:s}}}", "application/problem+json", "schema", "$ref",
	                            "#/components/schemas/problem");
	return json_pack("{s:{s:{s:s, s:s}, s:{s:s, s:s, s:s}}, s:o, s:{s:{s:s, s:o}}}", "securitySchemes", "token", "type",
	                 "http", "scheme", "bearer", "session", "type", "apiKey", "in", "cookie", "name", "mekiki_INSTANCE",
	                 "schemas", schema_all(), "responses", "problem", "description", "RFC 9457", "content", content);
}

bool api_openapi_read(struct request *request, struct reader *reader, struct error *err)
{
	(void)reader;
	(void)err;
	request->answer.json =
	        json_pack("{s:s, s:{s:s, s:s, s:s}, s:[{s:s}], s:[{s:[]}, {s:[]}], s:o, s:o}", "openapi", "3.1.0", "info",
	                  "title", "mekiki", "version", MEKIKI_VERSION, "description",
	                  "Shapes: server/api/README.md", "servers", "url", request->api->url, "security", "token", "session",
	                  "paths", paths(), "components", components());
	return true;
}
