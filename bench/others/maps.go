// SPDX-License-Identifier: MIT
// maps.go KEYS THREADS ROUNDS SLICE_MS - the maps of Go's standard library under the loads of the
// benchmark program. They hash with a function of their own, so their figures stand apart.
//
// Prints a line a map and workload: million operations per CPU-second, summed over threads, median
// and quartiles of the rounds; then the median per second of the wall clock, which tells what locks
// that sleep cost. CPU time is the process's, so that the collector's work is counted.
package main

import (
	"fmt"
	"os"
	"runtime"
	"sort"
	"strconv"
	"sync"
	"syscall"
	"time"
)

const streamKeys = 1 << 20
const missBits = 0x3c6ef372fe94f82b

type table interface {
	get(key uint64) (uint64, bool)
	put(key, value uint64)
	erase(key uint64)
}

type syncTable struct{ table sync.Map }

func (t *syncTable) get(key uint64) (uint64, bool) {
	value, found := t.table.Load(key)
	if !found {
		return 0, false
	}
	return value.(uint64), true
}
func (t *syncTable) put(key, value uint64) { t.table.Store(key, value) }
func (t *syncTable) erase(key uint64)      { t.table.Delete(key) }

type lockedTable struct {
	lock  sync.RWMutex
	table map[uint64]uint64
}

func (t *lockedTable) get(key uint64) (uint64, bool) {
	t.lock.RLock()
	value, found := t.table[key]
	t.lock.RUnlock()
	return value, found
}
func (t *lockedTable) put(key, value uint64) {
	t.lock.Lock()
	t.table[key] = value
	t.lock.Unlock()
}
func (t *lockedTable) erase(key uint64) {
	t.lock.Lock()
	delete(t.table, key)
	t.lock.Unlock()
}

// bench_key() of bench/peer.h.
func keyOf(n uint64) uint64 {
	x := n + 0x9e3779b97f4a7c15
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb
	return x ^ (x >> 31)
}

func random(state *uint64) uint64 {
	x := *state
	x ^= x << 13
	x ^= x >> 7
	x ^= x << 17
	*state = x
	return x
}

type worker struct {
	number       uint64
	random       uint64
	stream       []uint64
	at           int
	oldest, next uint64
	operations   uint64
	wrong        uint64
	_            [64]byte
}

func (w *worker) churnKey(n uint64) uint64 { return keyOf((w.number+1)<<48 + n) }

func (w *worker) read(t table, flip uint64) {
	key := w.stream[w.at&(streamKeys-1)]
	w.at++
	value, found := t.get(key ^ flip)
	if found != (flip == 0) || (found && (key^value)>>16 != 0) {
		w.wrong++
	}
}

// One operation of a workload; updates are in 2^32, churn is marked by a number above that.
const churn = 1 << 40

func (w *worker) step(t table, updates, flip uint64) {
	if updates == churn {
		switch w.at & 3 {
		case 0:
			key := w.churnKey(w.next)
			w.next++
			t.put(key, key)
			w.at++
		case 2:
			t.erase(w.churnKey(w.oldest))
			w.oldest++
			w.at++
		default:
			w.read(t, 0)
		}
		return
	}
	draw := random(&w.random)
	if draw>>32 < updates {
		key := w.stream[w.at&(streamKeys-1)]
		w.at++
		t.put(key, key^(draw&0xffff))
		return
	}
	w.read(t, flip)
}

func (w *worker) run(t table, updates, flip uint64, end time.Time) {
	for {
		for i := 0; i < 64; i++ {
			w.step(t, updates, flip)
		}
		w.operations += 64
		if time.Now().After(end) {
			return
		}
	}
}

func cpuSeconds() float64 {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return float64(usage.Utime.Sec+usage.Stime.Sec) +
		float64(usage.Utime.Usec+usage.Stime.Usec)/1e6
}

// Million operations per CPU-second, times the threads, and per second.
func slice(t table, workers []*worker, updates, flip uint64,
	length time.Duration) (float64, float64) {
	var all sync.WaitGroup
	start := time.Now()
	end := start.Add(length)
	before := cpuSeconds()
	var operations uint64
	for _, w := range workers {
		w.operations = 0
		all.Add(1)
		go func(w *worker) {
			runtime.LockOSThread()
			w.run(t, updates, flip, end)
			all.Done()
		}(w)
	}
	all.Wait()
	for _, w := range workers {
		operations += w.operations
	}
	wall := float64(operations) / time.Since(start).Seconds() / 1e6
	return float64(operations) / (cpuSeconds() - before) / 1e6 * float64(len(workers)), wall
}

func workersNew(threads int, keys, window uint64) []*worker {
	var workers []*worker
	for i := 0; i < threads; i++ {
		w := &worker{number: uint64(i), random: keyOf(uint64(i)), next: window}
		state := keyOf(uint64(i) + 1000)
		for j := 0; j < streamKeys; j++ {
			w.stream = append(w.stream, keyOf(random(&state)%keys))
		}
		workers = append(workers, w)
	}
	return workers
}

func load(t table, workers []*worker, keys, window uint64) {
	for n := uint64(0); n < keys; n++ {
		t.put(keyOf(n), keyOf(n))
	}
	for _, w := range workers {
		for n := uint64(0); n < window; n++ {
			t.put(w.churnKey(n), w.churnKey(n))
		}
	}
	runtime.GC()
}

func measure(name string, t table, numbers []uint64) bool {
	keys, threads := numbers[0], int(numbers[1])
	window := keys / 64
	permanent := keys - window*uint64(threads)
	workers := workersNew(threads, permanent, window)
	load(t, workers, permanent, window)
	workloads := []struct {
		name          string
		updates, flip uint64
	}{{"get", 0, 0}, {"miss", 0, missBits}, {"95/5", 1 << 32 / 20, 0}, {"50/50", 1 << 31, 0},
		{"churn", churn, 0}}
	length := time.Duration(numbers[3]) * time.Millisecond
	good := true
	for _, workload := range workloads {
		slice(t, workers, workload.updates, workload.flip, length)
		var rounds, walls []float64
		for i := uint64(0); i < numbers[2]; i++ {
			cpu, wall := slice(t, workers, workload.updates, workload.flip, length)
			rounds = append(rounds, cpu)
			walls = append(walls, wall)
		}
		sort.Float64s(rounds)
		sort.Float64s(walls)
		fmt.Printf("%-22s %10d keys %2d threads  %-6s %8.3f [%.3f-%.3f], wall clock %.3f\n", name,
			keys, threads, workload.name, rounds[len(rounds)/2], rounds[len(rounds)/4],
			rounds[len(rounds)*3/4], walls[len(walls)/2])
	}
	for _, w := range workers {
		good = good && w.wrong == 0
	}
	return good
}

func main() {
	var numbers []uint64
	for _, text := range os.Args[1:] {
		number, err := strconv.ParseUint(text, 10, 32)
		if err == nil && number > 0 {
			numbers = append(numbers, number)
		}
	}
	if len(numbers) != 4 || len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: maps KEYS THREADS ROUNDS SLICE_MS")
		os.Exit(2)
	}
	fmt.Printf("%s, own hash\n", runtime.Version())
	good := measure("go RWMutex and map", &lockedTable{table: map[uint64]uint64{}}, numbers)
	good = measure("go sync.Map", &syncTable{}, numbers) && good
	if !good {
		fmt.Println("WRONG ANSWERS: the figures mean nothing.")
		os.Exit(1)
	}
}
