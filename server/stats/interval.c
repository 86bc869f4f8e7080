#include "stats/interval.h"

#include <assert.h>
#include <math.h>

struct ratio interval_wilson(int64_t k, int64_t n)
{
	static const double z = 1.959963984540054; /* of the normal distribution, two-sided 95 % */
	struct ratio ratio = {.k = k, .n = n, .est = NAN, .lo = NAN, .hi = NAN};
	assert(k >= 0 && k <= n);
	if (n == 0)
		return ratio;
	double size = (double)n, p = (double)k / size;
	double centre = (p + z * z / (2 * size)) / (1 + z * z / size);
	double half = z * sqrt(p * (1 - p) / size + z * z / (4 * size * size)) / (1 + z * z / size);
	ratio.est = p;
	ratio.lo = k == 0 ? 0 : fmax(0, centre - half); /* exact at the ends, whatever the rounding */
	ratio.hi = k == n ? 1 : fmin(1, centre + half);
	return ratio;
}
