/* tables.c: the tables of the program micro. A file of its own, as the program objects has others. */
#include "workload.h"

const struct workload *const workload_tables[] = {
    pair_workloads,  batch_workloads,  live_workloads,     grow_workloads,
    parse_workloads, thread_workloads, exchange_workloads, NULL,
};
