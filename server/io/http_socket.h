/* http_socket.h - libcurl's sockets and its timer, on a libuv loop
 *
 * Private to io/http. After each step of libcurl `progress` is called, outside
 * of libcurl, so it may add and remove transfers.
 */
#ifndef MEKIKI_SERVER_IO_HTTP_SOCKET_H
#define MEKIKI_SERVER_IO_HTTP_SOCKET_H

#include <curl/curl.h>

#include "io/loop.h"

struct http_sockets; /* the loop's thread only */

struct http_sockets *http_sockets_new(struct loop *loop, CURLM *multi, loop_call *progress, void *arg);
/* After curl_multi_cleanup(), which closes sockets through here. */
void http_sockets_free(struct http_sockets *sockets);
/* Connections that this handle opens are closed through here. Once per handle. */
void http_sockets_adopt(struct http_sockets *sockets, CURL *easy);

#endif
