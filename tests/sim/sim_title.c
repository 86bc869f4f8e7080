#include "sim_title.h"

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

extern char **environ;

static char *start;
static size_t room;

void sim_title_init(int argc, char **argv)
{
	char *end = argv[argc - 1] + strlen(argv[argc - 1]) + 1;
	if (!getenv("SPT_NOENV"))
		for (char **at = environ; *at; at++)
			if (*at == end)
				end = *at + strlen(*at) + 1;
	start = argv[0];
	room = (size_t)(end - start);
}

void sim_title_set(const char *title)
{
	prctl(PR_SET_NAME, title); /* cut to 15 characters by the kernel: "VLLM::EngineCor" */
	if (room == 0)
		return;
	size_t length = strlen(title) < room - 1 ? strlen(title) : room - 1;
	memset(start, 0, room);
	memcpy(start, title, length);
}
