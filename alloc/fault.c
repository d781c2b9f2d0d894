#include "fault.h"

#include "form.h"
#include "hooks.h"
#include "os_fault.h"
#include "sample.h"

static bool report(const struct cn_os_fault *fault) {
    return CAIRN_DEBUG ? cn_debug_fault(fault) : cn_sample_report_fault(fault);
}

void cn_fault_start(void) { (void)cn_os_handle_faults(report); }
