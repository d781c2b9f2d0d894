"""The shell test rule that is built into Bazel 4, under the name that rules_shell gives it."""

sh_test = native.sh_test
