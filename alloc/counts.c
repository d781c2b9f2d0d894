#include "counts.h"

struct cn_counts cn_counts;
