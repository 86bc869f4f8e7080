/* classes.h - the evaluators that there are. Private: others ask evaluator_class_find(). */
#ifndef MEKIKI_SERVER_EVALUATORS_CLASSES_H
#define MEKIKI_SERVER_EVALUATORS_CLASSES_H

#include "evaluators/evaluator.h"

extern const struct evaluator_class evaluator_chat;
extern const struct evaluator_class evaluator_fake;

#endif
