/*
 * form.h: which of its two forms the core is compiled as. The build always defines CAIRN_FORM_DEBUG as 0 or 1; code
 * asks with a plain `if (CAIRN_DEBUG)`, so that both branches compile in both forms.
 *
 * A third value, 2, is an experiment alone, never what is shipped (`bazel build --define checks=off`): the release form
 * whose free, realloc and sized frees take any block of the region for live. tools/bench price shows the difference.
 */
#ifndef CN_FORM_H
#define CN_FORM_H

enum { CAIRN_DEBUG = CAIRN_FORM_DEBUG == 1, CN_CHECKED = CAIRN_FORM_DEBUG != 2 };

#endif
