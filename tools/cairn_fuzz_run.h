/*
 * cairn_fuzz_run.h: `cairn fuzz run`, of which cairn_fuzz.c is the rest.
 */
#ifndef CAIRN_FUZZ_RUN_H
#define CAIRN_FUZZ_RUN_H

/* As cn_command.run. Becomes tools/fuzz of the source tree that the working directory is in. */
int cn_fuzz_run(int argc, char **argv);

#endif
