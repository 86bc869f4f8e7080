/* url.h - a URL taken apart (libcurl's parser, so that what is checked is what is fetched) */
#ifndef MEKIKI_IO_URL_H
#define MEKIKI_IO_URL_H

#include <stdbool.h>

/* Owned texts; NULL = not in the URL. */
struct url {
	char *scheme;   /* lower case */
	char *user;     /* anything before "@" */
	char *host;     /* "lab.example", "127.0.0.1", "[::1]" */
	char *query, *fragment;
	char *text;     /* the whole, normalised */
};

/* False when it is none; release it in any case. */
bool url_parse(const char *text, struct url *url);
void url_release(struct url *url);

/* The host is this very machine: localhost, 127.x, ::1. */
bool url_is_loopback(const struct url *url);

#endif
