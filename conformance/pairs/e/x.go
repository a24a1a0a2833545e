package e

var Programs = lockPrograms
