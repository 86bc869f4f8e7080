#include "store/filesystem.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/vector.h"

/* From linux/magic.h and the file systems' own sources; not all are in the header. */
static const struct {
	unsigned long type;
	const char *name;
} networks[] = {
	{0x6969, "NFS"},         {0x0BD00BD0, "Lustre"},  {0xFF534D42, "CIFS"},     {0xFE534D42, "SMB 2"},
	{0x517B, "SMB"},         {0x65735546, "FUSE"},    {0x00C36400, "Ceph"},     {0x47504653, "GPFS"},
	{0x19830326, "BeeGFS"},  {0x5346414F, "AFS"},     {0x6B414653, "AFS"},      {0x73757245, "Coda"},
	{0x01021997, "9P"},      {0xAAD7AAEA, "PanFS"},   {0x20030528, "OrangeFS"}, {0x7461636F, "OCFS2"},
	{0x01161970, "GFS2"},    {0x564C, "NCP"},
};

static const char *network_name(unsigned long type)
{
	for (size_t i = 0; i < COUNT_OF(networks); i++)
		if (networks[i].type == type)
			return networks[i].name;
	return NULL;
}

bool filesystem_check(const char *directory, bool allow_network, long type, struct error *err)
{
	struct statfs answer;
	if (statfs(directory, &answer) != 0)
		return error_set(err, ERROR_IO, "%s: %s", directory, strerror(errno));
	/* f_type is signed and may be sign-extended; all magic numbers have 32 bits. */
	const char *name = network_name((unsigned long)(type ? type : (long)answer.f_type) & 0xFFFFFFFFUL);
	if (!name || allow_network)
		return true;
	return error_set(err, ERROR_CONFIG,
			 "%s is on a network file system (%s), where the database can be damaged; set server.data_dir to a local "
			 "disk, or server.network_file_system: true if you know better",
			 directory, name);
}
