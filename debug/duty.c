#include "duty.h"

_Thread_local struct cn_duty *cn_duty_mine CN_TLS;

void cn_duty_let_go(void) {
    while (cn_duty_mine != NULL) {
        struct cn_duty duty = *cn_duty_mine;
        cn_duty_mine = duty.outer;
        duty.let_go(duty.argument);
    }
}
