/*
 * form.h: which of its two forms the core is compiled as. The build always defines CAIRN_FORM_DEBUG as 0 or 1; code
 * asks with a plain `if (CAIRN_DEBUG)`, so that both branches compile in both forms.
 */
#ifndef CN_FORM_H
#define CN_FORM_H

enum { CAIRN_DEBUG = CAIRN_FORM_DEBUG };

/* 0 in an experiment alone, never in what is shipped: `bazel build --define checks=off`. Then free, realloc and sized frees
 * take any block of the region for live; tools/bench price shows what the difference costs. */
#ifndef CAIRN_FORM_CHECKED
#define CAIRN_FORM_CHECKED 1
#endif
enum { CN_CHECKED = CAIRN_FORM_CHECKED };

#endif
