"""The shell binary rule that is built into Bazel 4, under the name that rules_shell gives it."""

sh_binary = native.sh_binary
