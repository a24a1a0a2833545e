package a

import "pairs/meter"

// Programs are the programs of this package.
var Programs = []meter.Program{
	{Name: "a01", Run: a01},
	{Name: "a02", Run: a02},
	{Name: "a03", Run: a03},
	{Name: "a04", Run: a04},
	{Name: "a05", Run: a05},
	{Name: "a06", Run: a06},
	{Name: "a07", Run: a07},
	{Name: "a08", Run: a08},
	{Name: "a09", Run: a09},
	{Name: "a10", Run: a10},
	{Name: "a11", Run: a11},
	{Name: "a12", Run: a12},
	{Name: "a13", Run: a13},
	{Name: "a14", Run: a14},
	{Name: "a15", Run: a15},
	{Name: "a16", Run: a16},
	{Name: "a17", Run: a17},
	{Name: "a18", Run: a18},
	{Name: "a19", Run: a19},
	{Name: "a20", Run: a20},
	{Name: "a21", Run: a21},
	{Name: "a22", Run: a22},
	{Name: "a23", Run: a23},
	{Name: "a24", Run: a24},
	{Name: "a25", Run: a25},
	{Name: "a26", Run: a26},
	{Name: "a27", Run: a27},
	{Name: "a28", Run: a28},
	{Name: "a29", Run: a29},
	{Name: "a30", Run: a30},
	{Name: "a31", Run: a31},
}
