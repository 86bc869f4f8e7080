#include "vfs_powerloss.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/memory.h"

enum { BLOCK = 512 }; /* what a disk writes whole */

/* A file as the process sees it. Never freed: a path stays known. */
struct disk {
	struct disk *next;
	char *path;
	uint8_t *bytes;
	bool *dirty; /* per block: not on the real disk yet */
	int64_t size, capacity;
	bool loaded, deleted;
};

struct file {
	sqlite3_file base;
	struct disk *disk;
	sqlite3_file *real; /* locks, shared memory, and what is durable */
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* everything below */
static struct disk *disks;
static sqlite3_vfs *real_vfs;
static int64_t room;
static int syncs, failing;

static struct disk *find(const char *path)
{
	for (struct disk *disk = disks; disk; disk = disk->next)
		if (strcmp(disk->path, path) == 0)
			return disk;
	struct disk *disk = NEW(struct disk);
	disk->path = memory_copy(path);
	disk->next = disks;
	disks = disk;
	return disk;
}

static void grow(struct disk *disk, int64_t size)
{
	if (size <= disk->capacity)
		return;
	int64_t capacity = (size * 2 / BLOCK + 1) * BLOCK, old = disk->capacity;
	disk->bytes = memory_grow(disk->bytes, (size_t)capacity, 1);
	disk->dirty = memory_grow(disk->dirty, (size_t)(capacity / BLOCK), sizeof(bool));
	memset(disk->bytes + old, 0, (size_t)(capacity - old));
	memset(disk->dirty + old / BLOCK, 0, (size_t)((capacity - old) / BLOCK) * sizeof(bool));
	disk->capacity = capacity;
}

static void soil(struct disk *disk, int64_t from, int64_t to)
{
	for (int64_t block = from / BLOCK; block * BLOCK < to; block++)
		disk->dirty[block] = true;
}

static int64_t used(void)
{
	int64_t sum = 0;
	for (struct disk *disk = disks; disk; disk = disk->next)
		sum += disk->size;
	return sum;
}

/* One block to the real disk. */
static int flush_block(struct disk *disk, sqlite3_file *real, int64_t block)
{
	int64_t at = block * BLOCK, length = disk->size - at < BLOCK ? disk->size - at : BLOCK;
	return length > 0 ? real->pMethods->xWrite(real, disk->bytes + at, (int)length, at) : SQLITE_OK;
}

static int flush(struct disk *disk, sqlite3_file *real)
{
	int rc = real->pMethods->xTruncate(real, disk->size);
	for (int64_t block = 0; rc == SQLITE_OK && block * BLOCK < disk->size; block++)
		if (disk->dirty[block]) {
			rc = flush_block(disk, real, block);
			disk->dirty[block] = false;
		}
	return rc;
}

/* ---- a file ------------------------------------------------------------------------------------------------ */

static struct file *of(sqlite3_file *base)
{
	return (struct file *)base;
}

static int file_close(sqlite3_file *base)
{
	struct file *file = of(base);
	int rc = file->real->pMethods->xClose(file->real);
	free(file->real);
	return rc;
}

static int file_read(sqlite3_file *base, void *out, int length, sqlite3_int64 at)
{
	LOCK_SCOPE(&mutex);
	struct disk *disk = of(base)->disk;
	int64_t there = disk->size - at < 0 ? 0 : disk->size - at < length ? disk->size - at : length;
	if (there > 0)
		memcpy(out, disk->bytes + at, (size_t)there);
	if (there == length)
		return SQLITE_OK;
	memset((char *)out + there, 0, (size_t)(length - there));
	return SQLITE_IOERR_SHORT_READ;
}

static int file_write(sqlite3_file *base, const void *bytes, int length, sqlite3_int64 at)
{
	LOCK_SCOPE(&mutex);
	struct disk *disk = of(base)->disk;
	int64_t end = at + length;
	if (room && end > disk->size && used() + end - disk->size > room)
		return SQLITE_FULL;
	grow(disk, end);
	memcpy(disk->bytes + at, bytes, (size_t)length);
	soil(disk, at < disk->size ? at : disk->size, end); /* a hole is written as well */
	if (end > disk->size)
		disk->size = end;
	return SQLITE_OK;
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
	LOCK_SCOPE(&mutex);
	struct disk *disk = of(base)->disk;
	if (size < disk->size) {
		memset(disk->bytes + size, 0, (size_t)(disk->size - size));
		soil(disk, size, disk->size);
		disk->size = size;
	}
	return SQLITE_OK;
}

static int file_sync(sqlite3_file *base, int flags)
{
	(void)flags;
	LOCK_SCOPE(&mutex);
	syncs++;
	return failing ? SQLITE_IOERR_FSYNC : flush(of(base)->disk, of(base)->real);
}

static int file_size(sqlite3_file *base, sqlite3_int64 *out)
{
	LOCK_SCOPE(&mutex);
	*out = of(base)->disk->size;
	return SQLITE_OK;
}

static int file_lock(sqlite3_file *base, int level)
{
	return of(base)->real->pMethods->xLock(of(base)->real, level);
}

static int file_unlock(sqlite3_file *base, int level)
{
	return of(base)->real->pMethods->xUnlock(of(base)->real, level);
}

static int file_reserved(sqlite3_file *base, int *out)
{
	return of(base)->real->pMethods->xCheckReservedLock(of(base)->real, out);
}

static int file_control(sqlite3_file *base, int operation, void *arg)
{
	if (operation == SQLITE_FCNTL_SIZE_HINT || operation == SQLITE_FCNTL_CHUNK_SIZE)
		return SQLITE_OK; /* would touch the real file before the sync */
	return of(base)->real->pMethods->xFileControl(of(base)->real, operation, arg);
}

static int file_sector(sqlite3_file *base)
{
	(void)base;
	return BLOCK;
}

static int file_device(sqlite3_file *base)
{
	(void)base;
	return 0; /* promises nothing */
}

static int shm_map(sqlite3_file *base, int page, int size, int extend, void volatile **out)
{
	return of(base)->real->pMethods->xShmMap(of(base)->real, page, size, extend, out);
}

static int shm_lock(sqlite3_file *base, int offset, int count, int flags)
{
	return of(base)->real->pMethods->xShmLock(of(base)->real, offset, count, flags);
}

static void shm_barrier(sqlite3_file *base)
{
	of(base)->real->pMethods->xShmBarrier(of(base)->real);
}

static int shm_unmap(sqlite3_file *base, int remove)
{
	return of(base)->real->pMethods->xShmUnmap(of(base)->real, remove);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_unlock,
	.xCheckReservedLock = file_reserved,
	.xFileControl = file_control,
	.xSectorSize = file_sector,
	.xDeviceCharacteristics = file_device,
	.xShmMap = shm_map,
	.xShmLock = shm_lock,
	.xShmBarrier = shm_barrier,
	.xShmUnmap = shm_unmap,
};

/* ---- the file system --------------------------------------------------------------------------------------- */

static int load(struct disk *disk, sqlite3_file *real)
{
	sqlite3_int64 size = 0;
	int rc = real->pMethods->xFileSize(real, &size);
	if (disk->loaded || rc != SQLITE_OK)
		return rc;
	grow(disk, size);
	rc = size > 0 ? real->pMethods->xRead(real, disk->bytes, (int)size, 0) : SQLITE_OK;
	disk->size = size;
	disk->loaded = rc == SQLITE_OK;
	return rc;
}

static int vfs_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *base, int flags, int *out)
{
	(void)vfs;
	if (!name) /* temporary: nobody expects to find it again */
		return real_vfs->xOpen(real_vfs, name, base, flags, out);
	LOCK_SCOPE(&mutex);
	struct file *file = of(base);
	file->base.pMethods = NULL;
	file->real = memory_new((size_t)real_vfs->szOsFile);
	int rc = real_vfs->xOpen(real_vfs, name, file->real, flags, out);
	if (rc == SQLITE_OK) {
		file->disk = find(name);
		file->disk->deleted = false;
		rc = load(file->disk, file->real);
		if (rc == SQLITE_OK) {
			file->base.pMethods = &methods;
			return SQLITE_OK;
		}
	}
	if (file->real->pMethods)
		file->real->pMethods->xClose(file->real);
	free(file->real);
	return rc;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int durable)
{
	(void)vfs;
	LOCK_SCOPE(&mutex);
	struct disk *disk = find(name);
	if (disk->size > 0) {
		memset(disk->bytes, 0, (size_t)disk->size);
		soil(disk, 0, disk->size);
		disk->size = 0;
	}
	disk->deleted = true;
	/* Otherwise the real file stays: its directory is not synced. */
	return durable || !disk->loaded ? real_vfs->xDelete(real_vfs, name, durable) : SQLITE_OK;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
	(void)vfs;
	LOCK_SCOPE(&mutex);
	if (find(name)->deleted) {
		*out = 0;
		return SQLITE_OK;
	}
	return real_vfs->xAccess(real_vfs, name, flags, out);
}

static int vfs_path(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
	(void)vfs;
	return real_vfs->xFullPathname(real_vfs, name, size, out);
}

static int vfs_random(sqlite3_vfs *vfs, int length, char *out)
{
	(void)vfs;
	return real_vfs->xRandomness(real_vfs, length, out);
}

static int vfs_sleep(sqlite3_vfs *vfs, int us)
{
	(void)vfs;
	return real_vfs->xSleep(real_vfs, us);
}

static int vfs_time(sqlite3_vfs *vfs, double *out)
{
	(void)vfs;
	return real_vfs->xCurrentTime(real_vfs, out);
}

static int vfs_error(sqlite3_vfs *vfs, int length, char *out)
{
	(void)vfs, (void)length, (void)out;
	return errno;
}

const char *powerloss_install(void)
{
	static sqlite3_vfs vfs = {
		.iVersion = 1,
		.szOsFile = sizeof(struct file),
		.mxPathname = 512,
		.zName = "powerloss",
		.xOpen = vfs_open,
		.xDelete = vfs_delete,
		.xAccess = vfs_access,
		.xFullPathname = vfs_path,
		.xRandomness = vfs_random,
		.xSleep = vfs_sleep,
		.xCurrentTime = vfs_time,
		.xGetLastError = vfs_error,
	};
	real_vfs = sqlite3_vfs_find(NULL);
	if (vfs.szOsFile < real_vfs->szOsFile)
		vfs.szOsFile = real_vfs->szOsFile;
	sqlite3_vfs_register(&vfs, 0);
	return vfs.zName;
}

void powerloss_room(int64_t bytes)
{
	LOCK_SCOPE(&mutex);
	room = bytes;
}

int64_t powerloss_used(void)
{
	LOCK_SCOPE(&mutex);
	return used();
}

void powerloss_fail_syncs(int fail)
{
	LOCK_SCOPE(&mutex);
	failing = fail;
}

int powerloss_syncs(void)
{
	LOCK_SCOPE(&mutex);
	return syncs;
}

void powerloss_cut(unsigned seed)
{
	pthread_mutex_lock(&mutex); /* kept: nobody writes any more */
	for (struct disk *disk = disks; disk; disk = disk->next) {
		FILE *real = disk->loaded ? fopen(disk->path, "r+") : NULL;
		for (int64_t block = 0; real && block * BLOCK < disk->size; block++)
			if (disk->dirty[block] && rand_r(&seed) % 2) {
				int64_t at = block * BLOCK, length = disk->size - at < BLOCK ? disk->size - at : BLOCK;
				fseek(real, at, SEEK_SET);
				fwrite(disk->bytes + at, 1, (size_t)length, real);
			}
		if (real)
			fflush(real);
	}
	kill(getpid(), SIGKILL);
	abort();
}
