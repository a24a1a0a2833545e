module example.com/stanch/examples

go 1.24
