/* faults.h - what tests may make go wrong in the store; NULL everywhere else */
#ifndef MEKIKI_SERVER_STORE_FAULTS_H
#define MEKIKI_SERVER_STORE_FAULTS_H

struct store_faults {
	long filesystem;         /* pretend that statfs() says this; 0 = ask it */
	const char *synchronous; /* "OFF" or "NORMAL": show that a test of durability can fail; NULL = FULL */
};

#endif
