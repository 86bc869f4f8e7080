#include "jobs/export.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "jobs/export_data.h"

struct export *export_new(struct store *store, const struct export_options *options, struct error *err)
{
	struct export *export = NEW(struct export);
	export->file = -1;
	text_init(&export->out, 0);
	columns_init(&export->columns);
	bool ok = export_open(export, store, options, err);
	view_free(options->view);
	if (ok)
		return export;
	export_free(export);
	return NULL;
}

void export_free(struct export *export)
{
	if (!export)
		return;
	if (export->reader)
		reader_close(export->reader);
	if (export->file >= 0)
		close(export->file);
	run_record_release(&export->run);
	dataset_record_release(&export->dataset);
	columns_release(&export->columns);
	text_release(&export->out);
	free(export->positions);
	free(export->duplicates);
	free(export);
}

int64_t export_version(const struct export *export)
{
	return export->version;
}

const char *export_file_name(const struct export *export)
{
	return export->name;
}

/* Pages of a few hundred rows: a transaction of a few milliseconds, so the WAL can always be checkpointed. */
static bool fill(struct export *export, struct error *err)
{
	text_clear(&export->out);
	export->taken = 0;
	reader_begin(export->reader);
	bool ok = export->format == EXPORT_CSV ? export_csv_page(export, err) : export_jsonl_page(export, err);
	reader_end(export->reader);
	return ok;
}

bool export_read(struct export *export, char *buf, size_t size, size_t *length, struct error *err)
{
	while (export->taken == export->out.length && !export->ended)
		if (!fill(export, err))
			return false;
	size_t left = export->out.length - export->taken;
	*length = left < size ? left : size;
	memcpy(buf, export->out.data + export->taken, *length);
	export->taken += *length;
	return true;
}
