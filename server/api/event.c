#include "api/handlers.h"
#include "api/hub.h"
#include "api/request.h"
#include "api/shape.h"
#include "store/event.h"

enum { EVENTS = 500 };

static bool list(struct request *request, struct reader *reader, int64_t run, struct error *err)
{
	struct event events[EVENTS] = {0};
	int64_t after = query_int(&request->query, "after");
	int limit = (int)query_int(&request->query, "limit");
	int count = event_list(reader, run, after, limit, events, err);
	if (count < 0)
		return false;
	json_t *items = json_array();
	for (int i = 0; i < count; i++) {
		json_array_append_new(items, shape_event(&events[i]));
		after = events[i].id;
		event_release(&events[i]);
	}
	request->answer.json = json_pack("{s:o, s:o}", "items", items, "next_cursor",
	                                 count == limit ? json_integer(after) : json_null());
	return true;
}

bool api_event_list(struct request *request, struct reader *reader, struct error *err)
{
	return list(request, reader, 0, err);
}

bool api_event_of_run(struct request *request, struct reader *reader, struct error *err)
{
	int64_t run;
	struct run_record record = {0};
	if (!request_run_id(request, &run, err) || !run_read(reader, run, &record, err))
		return false;
	run_record_release(&record);
	return list(request, reader, run, err);
}

bool api_event_stream(struct request *request, struct reader *reader, struct error *err)
{
	(void)reader;
	const char *header = request_header(request, "Last-Event-ID");
	int64_t after = query_text(&request->query, "after") ? query_int(&request->query, "after") : -1;
	/* The header is the browser's own, newer than the address it was opened with. */
	if (header && *header && !text_to_int(header, 0, INT64_MAX / 2, &after))
		return error_set(err, ERROR_INPUT, "Last-Event-ID: \"%.40s\" is not a whole number", header);
	return hub_stream(request->api->hub, request, query_text(&request->query, "topics"), after, err);
}
