module stanch/bench/parse

go 1.26
