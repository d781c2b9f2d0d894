#!/usr/bin/env bash
# Runs a test program on the preload: preload.sh program [argument...]
LD_PRELOAD=$PWD/$CAIRN_LIBRARY exec "$@"
