/*
 * form.h: which of its two forms the core is compiled as. The build always defines CAIRN_FORM_DEBUG as 0 or 1; code
 * asks with a plain `if (CAIRN_DEBUG)`, so that both branches compile in both forms.
 */
#ifndef CN_FORM_H
#define CN_FORM_H

enum { CAIRN_DEBUG = CAIRN_FORM_DEBUG };

#endif
