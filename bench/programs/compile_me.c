/* compile_me.c: to be compiled and never run: TENS times ten functions, each with loops
 * and a switch. */
struct node {
    struct node *next;
    int key;
    double value;
};

#ifndef TENS
#define TENS 10
#endif

#define FUNCTION(n)                                                                                                    \
    int f##n(struct node *list, int count);                                                                            \
    int f##n(struct node *list, int count) {                                                                           \
        int sum = 1##n;                                                                                                \
        for (struct node *node = list; node != 0; node = node->next) {                                                 \
            switch (node->key % 7) {                                                                                   \
            case 0:                                                                                                    \
                sum += node->key * 1##n;                                                                               \
                break;                                                                                                 \
            case 1:                                                                                                    \
                sum ^= (int)(node->value / 1##n);                                                                      \
                break;                                                                                                 \
            case 2:                                                                                                    \
                sum -= node->key << 3;                                                                                 \
                break;                                                                                                 \
            default:                                                                                                   \
                sum += (int)node->value + node->key;                                                                   \
            }                                                                                                          \
        }                                                                                                              \
        int table[16];                                                                                                 \
        for (int i = 0; i < 16; i++) {                                                                                 \
            table[i] = sum * i + 1##n;                                                                                 \
        }                                                                                                              \
        for (int i = 0; i < count; i++) {                                                                              \
            sum += table[(i * 1##n) & 15] ^ i;                                                                         \
        }                                                                                                              \
        return count > 1 ? sum + f##n(list->next, count - 1) : sum;                                                    \
    }

#define TEN(n)                                                                                                         \
    FUNCTION(n##0)                                                                                                     \
    FUNCTION(n##1)                                                                                                     \
    FUNCTION(n##2)                                                                                                     \
    FUNCTION(n##3)                                                                                                     \
    FUNCTION(n##4) FUNCTION(n##5) FUNCTION(n##6) FUNCTION(n##7) FUNCTION(n##8) FUNCTION(n##9)

TEN(0)
#if TENS > 1
TEN(1)
TEN(2)
TEN(3)
TEN(4)
TEN(5)
TEN(6)
TEN(7)
TEN(8)
TEN(9)
#endif
