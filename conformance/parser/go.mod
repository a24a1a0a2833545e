module stanch/conformance/parser

go 1.26
