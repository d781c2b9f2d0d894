/*
 * A planted bug: a list of customers in which one stands twice, and a shop that frees each entry when it closes. The
 * two frees of that customer's block are two others apart, which glibc does not notice.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CUSTOMER_COUNT = 10, TWICE = 7 };

struct customer {
    char name[16];
    char password[24];
};

static struct customer *customer_new(int number) {
    struct customer *customer = malloc(sizeof *customer);
    if (customer == NULL) {
        exit(EXIT_FAILURE);
    }
    snprintf(customer->name, sizeof customer->name, "customer %d", number);
    snprintf(customer->password, sizeof customer->password, "secret of %d", number);
    return customer;
}

static void open_shop(struct customer *customers[CUSTOMER_COUNT]) {
    for (int i = 0; i < CUSTOMER_COUNT; i++) {
        customers[i] = customer_new(i);
    }
}

static void close_shop(struct customer *customers[CUSTOMER_COUNT]) {
    for (int i = 0; i < CUSTOMER_COUNT; i++) {
        free(customers[i]);
    }
}

/* Compares each pair of customers. */
static int count_shared(struct customer *customers[CUSTOMER_COUNT]) {
    int count = 0;
    for (int i = 0; i < CUSTOMER_COUNT; i++) {
        for (int j = i + 1; j < CUSTOMER_COUNT; j++) {
            if (customers[i] == customers[j]) {
                printf("customers %d and %d now live in one block: the password of %d reads '%s'\n", i, j, i,
                       customers[i]->password);
                count++;
            }
        }
    }
    return count;
}

int main(void) {
    struct customer *customers[CUSTOMER_COUNT];
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    printf("the shop opens for %d customers\n", CUSTOMER_COUNT);
    open_shop(customers);
    customers[CUSTOMER_COUNT - 1] = customers[TWICE]; /* the bug */
    close_shop(customers);
    printf("the shop is closed; nobody noticed that customer %d was freed twice\n", TWICE);
    open_shop(customers);
    if (count_shared(customers) == 0) {
        printf("no two customers share a block\n");
    }
    return 0;
}
