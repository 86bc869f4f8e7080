#include "store/large.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/text.h"
#include "store/statement.h"

/* The dictionary does the work: made-up texts of 1.7 KB (prompt, reasoning, answer) become 108, 106 and 95 bytes at
 * levels 1, 3 and 6, at the same cost within the noise; 9 costs a quarter more and gains nothing. */
enum { LEVEL = 3 };
/* A dictionary worth having holds the prompt; 32 KiB hold a long prompt and a long answer. */
enum { DICTIONARY_LEAST = 256, DICTIONARY_MOST = 32 << 10 };
/* Far above what any answer may be; a damaged frame must not make us ask for more. */
enum { FRAME_MOST = 256 << 20 };
/* Length of a text that is NULL. */
static const uint32_t no_text = UINT32_MAX;

struct large {
	ZSTD_CCtx *press;
	ZSTD_DCtx *open;
	struct text plain;
	void *frame;
	size_t frame_size;
	int64_t run; /* whose dictionary is loaded, 0 = none */
	ZSTD_CDict *press_dictionary; /* both NULL: the run has none yet */
	ZSTD_DDict *open_dictionary;
};

struct large *large_new(void)
{
	struct large *large = NEW(struct large);
	text_init(&large->plain, 0);
	return large;
}

void large_forget(struct large *large)
{
	ZSTD_freeCDict(large->press_dictionary);
	ZSTD_freeDDict(large->open_dictionary);
	large->press_dictionary = NULL;
	large->open_dictionary = NULL;
	large->run = 0;
}

void large_free(struct large *large)
{
	if (!large)
		return;
	large_forget(large);
	ZSTD_freeCCtx(large->press);
	ZSTD_freeDCtx(large->open);
	text_release(&large->plain);
	free(large->frame);
	free(large);
}

static int64_t text_id(int64_t run, int64_t n)
{
	return run * ((int64_t)1 << 32) + n;
}

static void *frame_room(struct large *large, size_t size)
{
	if (large->frame_size < size) {
		large->frame = memory_grow(large->frame, size, 1);
		large->frame_size = size;
	}
	return large->frame;
}

static void use_dictionary(struct large *large, const void *bytes, size_t length, bool writing)
{
	if (writing)
		large->press_dictionary = ZSTD_createCDict(bytes, length, LEVEL);
	else
		large->open_dictionary = ZSTD_createDDict(bytes, length);
}

static bool load_dictionary(struct large *large, struct connection *connection, int64_t run, bool writing,
                            struct error *err)
{
	if (large->run == run && (writing ? (void *)large->press_dictionary : (void *)large->open_dictionary))
		return true;
	large_forget(large);
	AUTO(statement_end) sqlite3_stmt *s = statement_start(connection, SQL_DICTIONARY_READ, VALUES(integer(run)));
	bool ok;
	if (statement_next(connection, s, &ok, err))
		use_dictionary(large, sqlite3_column_blob(s, 0), (size_t)sqlite3_column_bytes(s, 0), writing);
	large->run = run;
	return ok;
}

static bool found_dictionary(struct large *large, struct connection *connection, int64_t run, struct error *err)
{
	size_t length = large->plain.length < DICTIONARY_MOST ? large->plain.length : DICTIONARY_MOST;
	if (length < DICTIONARY_LEAST)
		return true;
	if (!statement_run(connection, SQL_DICTIONARY_INSERT, VALUES(integer(run), blob(large->plain.data, length)), err))
		return false;
	use_dictionary(large, large->plain.data, length, true);
	return true;
}

static bool make_plain(struct text *plain, const char *const texts[LARGE_FIELDS])
{
	bool any = false;
	text_clear(plain);
	for (int i = 0; i < LARGE_FIELDS; i++) {
		uint32_t length = texts[i] ? (uint32_t)strlen(texts[i]) : no_text;
		text_add_bytes(plain, &length, sizeof(length));
		any |= texts[i] != NULL;
	}
	for (int i = 0; i < LARGE_FIELDS; i++)
		if (texts[i])
			text_add(plain, texts[i]);
	return any;
}

bool large_write(struct large *large, struct connection *connection, int64_t run, int64_t n,
                 const char *const texts[LARGE_FIELDS], struct error *err)
{
	if (!make_plain(&large->plain, texts))
		return true;
	if (!load_dictionary(large, connection, run, true, err))
		return false;
	/* The first long result is pressed with itself: it costs a few bytes and no special case. */
	if (!large->press_dictionary && !found_dictionary(large, connection, run, err))
		return false;
	if (!large->press)
		large->press = ZSTD_createCCtx();
	size_t room = ZSTD_compressBound(large->plain.length);
	void *frame = frame_room(large, room);
	size_t length =
		large->press_dictionary
			? ZSTD_compress_usingCDict(large->press, frame, room, large->plain.data, large->plain.length,
						   large->press_dictionary)
			: ZSTD_compressCCtx(large->press, frame, room, large->plain.data, large->plain.length, LEVEL);
	if (ZSTD_isError(length))
		return error_set(err, ERROR_INTERNAL, "compressing the texts of a result: %s", ZSTD_getErrorName(length));
	return statement_run(connection, SQL_RESULT_TEXT_INSERT,
			     VALUES(integer(text_id(run, n)), integer(large->press_dictionary != NULL), blob(frame, length)),
			     err);
}

static bool take_apart(const struct large *large, size_t length, char *texts[LARGE_FIELDS])
{
	uint32_t lengths[LARGE_FIELDS];
	const char *bytes = large->frame;
	size_t at = sizeof(lengths);
	if (length < at)
		return false;
	memcpy(lengths, bytes, at);
	for (int i = 0; i < LARGE_FIELDS; i++) {
		if (lengths[i] == no_text)
			continue;
		if (lengths[i] > length - at)
			return false;
		texts[i] = memory_copy_n(bytes + at, lengths[i]);
		at += lengths[i];
	}
	return true;
}

static bool unpress(struct large *large, struct connection *connection, int64_t run, sqlite3_stmt *s,
                    char *texts[LARGE_FIELDS], struct error *err)
{
	bool pressed = sqlite3_column_int(s, 0);
	const void *frame = sqlite3_column_blob(s, 1);
	size_t size = (size_t)sqlite3_column_bytes(s, 1);
	if (pressed && !load_dictionary(large, connection, run, false, err))
		return false;
	if (!large->open)
		large->open = ZSTD_createDCtx();
	unsigned long long plain = ZSTD_getFrameContentSize(frame, size);
	if (plain > FRAME_MOST)
		return false;
	void *room = frame_room(large, (size_t)plain + 1);
	size_t length = pressed && large->open_dictionary
				? ZSTD_decompress_usingDDict(large->open, room, (size_t)plain, frame, size, large->open_dictionary)
				: ZSTD_decompressDCtx(large->open, room, (size_t)plain, frame, size);
	return !ZSTD_isError(length) && take_apart(large, length, texts);
}

bool large_read(struct large *large, struct connection *connection, int64_t run, int64_t n, char *texts[LARGE_FIELDS],
                struct error *err)
{
	for (int i = 0; i < LARGE_FIELDS; i++)
		texts[i] = NULL;
	AUTO(statement_end) sqlite3_stmt *s =
		statement_start(connection, SQL_RESULT_TEXT_READ, VALUES(integer(text_id(run, n))));
	bool ok;
	if (!statement_next(connection, s, &ok, err))
		return ok;
	struct error inner = {0};
	if (unpress(large, connection, run, s, texts, &inner))
		return true;
	for (int i = 0; i < LARGE_FIELDS; i++)
		free(TAKE(texts[i]));
	return error_set(err, ERROR_STORE, "run %lld, position %lld: the stored texts are damaged%s%s", (long long)run,
			 (long long)n, inner.code ? ": " : "", inner.text);
}
