/*
 * cairn_target.h: whether a preloaded library can take effect in a program.
 */
#ifndef CAIRN_TARGET_H
#define CAIRN_TARGET_H

/* The program's file as execvp(3) finds it, the caller's to free; NULL where there is none. */
char *cn_target_find(const char *program);

/* Why the program at `path` will not load what LD_PRELOAD names: a phrase that follows "it is ". NULL where it will,
 * and where this cannot be told. A script is judged by its interpreter. */
const char *cn_target_obstacle(const char *path);

#endif
