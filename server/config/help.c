/* help.c - the option table for the terminal */
#include <string.h>

#include "base/cleanup.h"
#include "config/config.h"
#include "config/options.h"

static int key_width(void)
{
	size_t width = 0;
	for (size_t i = 0; i < option_count; i++)
		if (options[i].status == OPTION_WORKS && strlen(options[i].key) > width)
			width = strlen(options[i].key);
	return (int)width;
}

void config_help(FILE *out)
{
	int width = key_width();
	for (size_t s = 0; s < option_section_count; s++) {
		fprintf(out, "%s%s\n", s ? "\n" : "", option_sections[s].help);
		for (size_t i = 0; i < option_count; i++) {
			const struct option *option = &options[i];
			if (option->status != OPTION_WORKS || !option_in_section(option, option_sections[s].name))
				continue;
			AUTO_FREE char *expected = option_expected(option);
			fprintf(out, "  %-*s  %s\n", width, option->key, option->help);
			fprintf(out, "  %-*s  %s%s%s\n", width, "", expected, option->fallback ? "; default " : "",
			        option->fallback ? option->fallback : "");
		}
	}
}
