#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int64_t clock_mono_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_mono_ms(void)
{
	return clock_mono_us() / 1000;
}

int64_t clock_wall_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

const char *clock_format(int64_t wall_ms, char out[CLOCK_TEXT_SIZE])
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm local;
	localtime_r(&seconds, &local);
	long offset = local.tm_gmtoff / 60;
	char sign = offset < 0 ? '-' : '+';
	offset = labs(offset);
	char day[24];
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &local);
	snprintf(out, CLOCK_TEXT_SIZE, "%s.%03d%c%02ld:%02ld", day, (int)(wall_ms % 1000), sign, offset / 60 % 100,
	         offset % 60);
	return out;
}
