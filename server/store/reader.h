/* reader.h - what a reader is made of, for the families of functions in this folder */
#ifndef MEKIKI_SERVER_STORE_READER_H
#define MEKIKI_SERVER_STORE_READER_H

#include "store/connection.h"
#include "store/large.h"
#include "store/store.h"

struct reader {
	struct connection connection;
	struct store *store;
	struct large *large;
	struct cells *cells; /* view_cells.c */
	const char *directory; /* of the store */
	int depth; /* of reader_begin() */
};

#endif
