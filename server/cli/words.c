#include "cli/words.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

const char *words_count(int64_t count, char out[WORDS_SIZE])
{
	char digits[32];
	int length = snprintf(digits, sizeof(digits), "%" PRId64, count);
	int at = 0;
	for (int i = 0; i < length; i++) {
		out[at++] = digits[i];
		int left = length - 1 - i;
		if (left > 0 && left % 3 == 0 && digits[i] != '-')
			out[at++] = ',';
	}
	out[at] = '\0';
	return out;
}

/* The unit in which a duration is said. */
struct unit {
	double seconds;
	const char *name;
	int decimals;
};

static struct unit unit_of(double seconds)
{
	if (seconds < 99.5)
		return (struct unit){1, "s", 0};
	if (seconds < 99.5 * 60)
		return (struct unit){60, "min", 0};
	return (struct unit){3600, "h", seconds < 99.5 * 3600 ? 1 : 0};
}

const char *words_duration(double seconds, char out[WORDS_SIZE])
{
	struct unit unit = unit_of(seconds);
	snprintf(out, WORDS_SIZE, "%.*f %s", unit.decimals, seconds / unit.seconds, unit.name);
	return out;
}

const char *words_range(double low, double high, char out[WORDS_SIZE])
{
	struct unit unit = unit_of(high);
	char from[16], to[16];
	snprintf(from, sizeof(from), "%.*f", unit.decimals, low / unit.seconds);
	snprintf(to, sizeof(to), "%.*f", unit.decimals, high / unit.seconds);
	if (strcmp(from, to) == 0)
		snprintf(out, WORDS_SIZE, "%s %s", to, unit.name);
	else
		snprintf(out, WORDS_SIZE, "%s-%s %s", from, to, unit.name);
	return out;
}

const char *words_rate(double per_second, char out[WORDS_SIZE])
{
	double per_minute = per_second * 60;
	if (!isfinite(per_minute))
		snprintf(out, WORDS_SIZE, "-");
	else if (per_minute < 9.95)
		snprintf(out, WORDS_SIZE, "%.1f/min", per_minute);
	else if (per_minute < 9999.5)
		snprintf(out, WORDS_SIZE, "%.0f/min", per_minute);
	else
		snprintf(out, WORDS_SIZE, "%.0f/s", per_second);
	return out;
}

const char *words_bytes(int64_t bytes, char out[WORDS_SIZE])
{
	static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
	double value = (double)bytes;
	size_t unit = 0;
	while (value >= 999.5 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		value /= 1000;
		unit++;
	}
	snprintf(out, WORDS_SIZE, "%.*f %s", unit && value < 99.95 ? 1 : 0, value, units[unit]);
	return out;
}
