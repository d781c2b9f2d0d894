# Prints a C file of as many functions as the variable `functions` says, each with loops, a switch and calls.
BEGIN {
    print "struct node { struct node *next; int key; double value; };"
    for (f = 0; f < functions; f++) {
        printf "int f%d(struct node *list, int n) {\n    int sum = %d;\n", f, f
        printf "    for (struct node *node = list; node; node = node->next) {\n        switch (node->key %% 7) {\n"
        for (c = 0; c < 7; c++) {
            printf "        case %d: sum += node->key * %d + (int)(node->value / %d.5); break;\n", c, f * 31 + c, c + 1
        }
        print "        }\n    }\n    for (int i = 0; i < n; i++) {"
        printf "        sum ^= (sum << %d) + i * %d;\n    }\n", f % 5 + 1, f
        if (f > 0) {
            printf "    if (sum %% 3 == 0) {\n        sum += f%d(list, n - 1);\n    }\n", int(f / 2)
        }
        print "    return sum;\n}"
    }
}
