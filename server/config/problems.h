/* problems.h - collecting what is wrong with a configuration */
#ifndef MEKIKI_CONFIG_PROBLEMS_H
#define MEKIKI_CONFIG_PROBLEMS_H

#include "config/config.h"

/* Where in the file; 0 = nowhere in particular. Counted from 1. */
struct config_place {
	int line, column;
};

void problems_add(struct config_problems *problems, enum config_severity severity, struct config_place place,
                  const char *key, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* By line, those of the file as a whole first. */
void problems_sort(struct config_problems *problems);

#endif
