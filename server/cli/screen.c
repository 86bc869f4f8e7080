#include "cli/screen.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"

enum { PLAIN_MS = 5000, DEFAULT_COLUMNS = 80 };

void screen_init(struct screen *screen, FILE *out)
{
	*screen = (struct screen){.out = out, .terminal = isatty(fileno(out))};
}

int screen_columns(const struct screen *screen)
{
	struct winsize size;
	if (!screen->terminal)
		return 0;
	bool known = ioctl(fileno(screen->out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
	return known ? size.ws_col : DEFAULT_COLUMNS;
}

static void draw_plain(struct screen *screen, const char *block)
{
	int64_t now = clock_mono_ms();
	if (now < screen->next_ms)
		return;
	screen->next_ms = now + PLAIN_MS;
	fprintf(screen->out, "%.*s\n", (int)strcspn(block, "\n"), block);
	fflush(screen->out);
}

void screen_draw(struct screen *screen, const char *block)
{
	if (!screen->terminal) {
		draw_plain(screen, block);
		return;
	}
	screen_clear(screen);
	fputs(block, screen->out);
	for (const char *at = block; (at = strchr(at, '\n')); at++)
		screen->lines++;
	fflush(screen->out);
}

void screen_clear(struct screen *screen)
{
	if (screen->lines > 0)
		fprintf(screen->out, "\033[%dA\r\033[J", screen->lines); /* up, then erase to the end */
	fflush(screen->out); /* before anything on stderr */
	screen->lines = 0;
}
