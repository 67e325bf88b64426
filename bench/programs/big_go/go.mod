module big_go

go 1.21
