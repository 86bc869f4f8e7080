#include "evaluators/evaluator.h"

#include "base/text.h"
#include "base/vector.h"
#include "classes.h"

static const struct evaluator_class *const classes[] = {&evaluator_chat, &evaluator_fake};

const struct evaluator_class *evaluator_class_find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(classes); i++)
		if (text_equal(classes[i]->name, name))
			return classes[i];
	return NULL;
}

const char *const *evaluator_class_names(void)
{
	static const char *const names[COUNT_OF(classes) + 1] = {"chat", "fake"};
	return names;
}
