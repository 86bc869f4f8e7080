/* sim_opinion.h - what the simulated model thinks of a domain
 *
 * A small lexical score (words, brands, TLD, length, hyphens, digits) plus noise
 * that is a hash of the domain: right clearly more often than wrong on real
 * domains, wrong often enough that a confusion matrix has four filled cells, and
 * the same on every simulator with the same seed.
 *
 * Pure.
 */
#ifndef MEKIKI_SIM_OPINION_H
#define MEKIKI_SIM_OPINION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_opinion {
	bool is_phishing;
	double confidence;      /* 0.50..0.99, two decimals */
	const char *risk_level; /* "low", "medium", "high", "critical" */
	const char *brand;      /* found in the name, or NULL */
	const char *word;       /* found in the name, or NULL */
	bool odd_tld, many_digits, many_hyphens, idn;
	double probability;     /* of phishing */
};

void sim_opinion_of(uint64_t seed, const char *domain, struct sim_opinion *out);

/* The domain a prompt asks about: the word after the last "Domain:", else the first word that looks like one, else
 * "". Never NULL; free(). */
char *sim_opinion_domain(const char *prompt);

#endif
