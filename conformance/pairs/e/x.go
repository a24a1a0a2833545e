package e

import "pairs/meter"

var Programs []meter.Program
