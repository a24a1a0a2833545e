package c

import "pairs/meter"

var Programs []meter.Program
