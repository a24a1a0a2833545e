module stanch/conformance/types

go 1.26.0
