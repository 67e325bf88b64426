// A guest in Go: goroutines, maps, formatting, JSON, files and the environment.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strings"
	"sync"
)

type point struct {
	X, Y float64
	Name string `json:"name"`
}

func main() {
	var mutex sync.Mutex
	var wait sync.WaitGroup
	squares := map[int]int{}
	for i := 0; i < 100; i++ {
		wait.Add(1)
		go func() {
			defer wait.Done()
			mutex.Lock()
			defer mutex.Unlock()
			squares[i] = i * i
		}()
	}
	wait.Wait()
	keys := make([]int, 0, len(squares))
	total := 0
	for key, value := range squares {
		keys = append(keys, key)
		total += value
	}
	sort.Ints(keys)
	fmt.Println("hello from Go:", len(keys), keys[99], total, strings.Join(os.Args[1:], "+"), os.Getenv("GREETING"))
	text, _ := json.Marshal([]point{{1, 2.5, "a"}, {3, -4e20, "b"}})
	fmt.Println(string(text))
	if err := os.WriteFile("/work/note.txt", text, 0o644); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	back, err := os.ReadFile("/work/note.txt")
	fmt.Println(len(back), err)
	defer func() { fmt.Println("recovered:", recover()); os.Exit(7) }()
	var none []int
	_ = none[len(keys)]
}
