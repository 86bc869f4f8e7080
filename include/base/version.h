/* version.h - the one place of the version; CHANGELOG.md says what is in it */
#ifndef MEKIKI_BASE_VERSION_H
#define MEKIKI_BASE_VERSION_H

#define MEKIKI_VERSION "0.1.0"

#endif
