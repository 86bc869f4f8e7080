/* pages.h - the dashboard's files: from the binary, or from server.web_dir for those who work on them */
#ifndef MEKIKI_SERVER_API_PAGES_H
#define MEKIKI_SERVER_API_PAGES_H

#include "api/request.h"

/* Answers GET of a path that is not the API's. false with err when there is no such file. */
bool page_serve(struct request *request, struct error *err);
/* "/" -> "/runs.html" and the like: the file that shows a path. Pure; false when out is too small. */
enum { PAGE_PATH_SIZE = 256 };
bool page_path(const char *path, char out[PAGE_PATH_SIZE]);

#endif
