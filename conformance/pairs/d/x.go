package d

import "pairs/meter"

var Programs []meter.Program
