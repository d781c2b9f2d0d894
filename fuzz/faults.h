/*
 * faults.h: for harnesses that access what cannot be accessed: SIGSEGV is nobody's while an input runs, so that the
 * allocator can have it (alloc/fault.h), and afterwards the fuzzer's or the sanitizer's again.
 */
#ifndef CAIRN_FUZZ_FAULTS_H
#define CAIRN_FUZZ_FAULTS_H

/* To be followed by cn_fault_start. */
void cn_faults_begin(void);
void cn_faults_end(void);

#endif
