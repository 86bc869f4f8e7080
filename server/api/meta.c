#include <string.h>
#include <time.h>

#include "api/handlers.h"
#include "api/problem.h"
#include "api/request.h"
#include "base/clock.h"
#include "base/version.h"

bool api_meta_routes(struct request *request, struct reader *reader, struct error *err)
{
	(void)reader;
	(void)err;
	json_t *items = json_array();
	for (size_t i = 0; i < route_count; i++)
		json_array_append_new(items, json_pack("{s:s, s:s, s:s, s:s}", "method", routes[i].method, "path",
		                                       routes[i].path, "access", access_name(routes[i].access), "help",
		                                       routes[i].help));
	request->answer.json = json_pack("{s:o}", "items", items);
	return true;
}

bool api_meta_health(struct request *request, struct reader *reader, struct error *err)
{
	(void)reader;
	(void)err;
	request->answer.json = json_pack("{s:b}", "ok", 1);
	request->answer.no_store = true;
	return true;
}

bool api_meta_read(struct request *request, struct reader *reader, struct error *err)
{
	(void)reader;
	(void)err;
	const struct api *api = request->api;
	char now[CLOCK_TEXT_SIZE];
	clock_format(clock_wall_ms(), now);
	const char *zone = now + strlen(now) - strlen("+09:00");
	request->answer.json = json_pack("{s:s, s:s, s:s, s:o, s:s, s:s}", "name", "mekiki", "version", MEKIKI_VERSION,
	                                 "build", api->build, "server_start", json_time(api->started_ms), "instance",
	                                 api->name, "time_zone", zone);
	return true;
}

bool api_meta_problem(struct request *request, struct reader *reader, struct error *err)
{
	(void)reader;
	enum error_code code;
	if (!problem_parse(request->params[0], &code))
		return error_set(err, ERROR_NOT_FOUND, "there is no kind of problem \"%.60s\"", request->params[0]);
	request->answer.json = json_pack("{s:s, s:s, s:i}", "code", error_name(code), "title", error_title(code), "status",
	                                 problem_status(code));
	return true;
}
