// SPDX-License-Identifier: MIT
// Maps.java KEYS THREADS ROUNDS SLICE_MS - Java's ConcurrentHashMap under the loads of the
// benchmark program. It hashes with a function of its own, so its figures stand apart.
//
// Prints a line a workload: million operations per CPU-second, summed over threads, median and
// quartiles of the rounds; then the median per second of the wall clock. CPU time is the process's,
// so that the collector's work is counted.

import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.concurrent.ConcurrentHashMap;

public final class Maps {
    static final int STREAM_KEYS = 1 << 20;
    static final long MISS_BITS = 0x3c6ef372fe94f82bL;
    static final long CHURN = 1L << 40; // in place of a share of updates in 2^32

    // bench_key() of bench/peer.h.
    static long keyOf(long n) {
        long x = n + 0x9e3779b97f4a7c15L;
        x = (x ^ (x >>> 30)) * 0xbf58476d1ce4e5b9L;
        x = (x ^ (x >>> 27)) * 0x94d049bb133111ebL;
        return x ^ (x >>> 31);
    }

    static final class Worker {
        final long number;
        final long[] stream = new long[STREAM_KEYS];
        long random;
        int at;
        long oldest;
        long next;
        long operations;
        long wrong;

        Worker(long number, long keys, long window) {
            this.number = number;
            random = keyOf(number);
            next = window;
            long state = keyOf(number + 1000);
            for (int i = 0; i < STREAM_KEYS; i++) {
                state = draw(state);
                stream[i] = keyOf(Long.remainderUnsigned(state, keys));
            }
        }

        static long draw(long x) {
            x ^= x << 13;
            x ^= x >>> 7;
            return x ^ x << 17;
        }

        long churnKey(long n) {
            return keyOf(((number + 1) << 48) + n);
        }

        void read(ConcurrentHashMap<Long, Long> map, long flip) {
            long key = stream[at++ & (STREAM_KEYS - 1)];
            Long value = map.get(key ^ flip);
            if ((value != null) != (flip == 0) || value != null && (key ^ value) >>> 16 != 0) {
                wrong++;
            }
        }

        void churn(ConcurrentHashMap<Long, Long> map) {
            switch (at & 3) {
                case 0 -> {
                    long key = churnKey(next++);
                    map.put(key, key);
                    at++;
                }
                case 2 -> {
                    map.remove(churnKey(oldest++));
                    at++;
                }
                default -> read(map, 0);
            }
        }

        void step(ConcurrentHashMap<Long, Long> map, long updates, long flip) {
            if (updates == CHURN) {
                churn(map);
                return;
            }
            random = draw(random);
            if (random >>> 32 < updates) {
                long key = stream[at++ & (STREAM_KEYS - 1)];
                map.put(key, key ^ (random & 0xffff));
            } else {
                read(map, flip);
            }
        }

        void run(ConcurrentHashMap<Long, Long> map, long updates, long flip, long endNs) {
            operations = 0;
            do {
                for (int i = 0; i < 512; i++) {
                    step(map, updates, flip);
                }
                operations += 512;
            } while (System.nanoTime() - endNs < 0);
        }
    }

    static double cpuSeconds() {
        var system = (com.sun.management.OperatingSystemMXBean)
                ManagementFactory.getOperatingSystemMXBean();
        return system.getProcessCpuTime() * 1e-9;
    }

    // Million operations per CPU-second, times the threads, and per second.
    static double[] slice(ConcurrentHashMap<Long, Long> map, Worker[] workers, long updates,
                          long flip, long lengthMs) throws InterruptedException {
        long startNs = System.nanoTime();
        long endNs = startNs + lengthMs * 1_000_000;
        double before = cpuSeconds();
        Thread[] threads = new Thread[workers.length];
        for (int i = 0; i < threads.length; i++) {
            Worker worker = workers[i];
            threads[i] = new Thread(() -> worker.run(map, updates, flip, endNs));
            threads[i].start();
        }
        long operations = 0;
        for (int i = 0; i < threads.length; i++) {
            threads[i].join();
            operations += workers[i].operations;
        }
        double wall = operations * 1e3 / (System.nanoTime() - startNs);
        return new double[] {operations / (cpuSeconds() - before) / 1e6 * workers.length, wall};
    }

    static void load(ConcurrentHashMap<Long, Long> map, Worker[] workers, long keys, long window) {
        for (long n = 0; n < keys; n++) {
            map.put(keyOf(n), keyOf(n));
        }
        for (Worker worker : workers) {
            for (long n = 0; n < window; n++) {
                map.put(worker.churnKey(n), worker.churnKey(n));
            }
        }
    }

    public static void main(String[] arguments) throws InterruptedException {
        if (arguments.length != 4) {
            System.err.println("usage: Maps KEYS THREADS ROUNDS SLICE_MS");
            System.exit(2);
        }
        long keys = Long.parseLong(arguments[0]);
        int threads = Integer.parseInt(arguments[1]);
        double[] rounds = new double[Integer.parseInt(arguments[2])];
        double[] walls = new double[rounds.length];
        long lengthMs = Long.parseLong(arguments[3]);
        long window = keys / 64;
        long permanent = keys - window * threads;
        Worker[] workers = new Worker[threads];
        for (int i = 0; i < threads; i++) {
            workers[i] = new Worker(i, permanent, window);
        }
        var map = new ConcurrentHashMap<Long, Long>();
        load(map, workers, permanent, window);
        System.out.println("Java " + System.getProperty("java.version") + ", own hash");
        String[] names = {"get", "miss", "95/5", "50/50", "churn"};
        long[] updates = {0, 0, (1L << 32) / 20, 1L << 31, CHURN};
        for (int w = 0; w < names.length; w++) {
            long flip = names[w].equals("miss") ? MISS_BITS : 0;
            slice(map, workers, updates[w], flip, 1000); // compiled and warm
            for (int i = 0; i < rounds.length; i++) {
                double[] figures = slice(map, workers, updates[w], flip, lengthMs);
                rounds[i] = figures[0];
                walls[i] = figures[1];
            }
            Arrays.sort(rounds);
            Arrays.sort(walls);
            System.out.printf("%-22s %10d keys %2d threads  %-6s %8.3f [%.3f-%.3f], "
                            + "wall clock %.3f%n", "java ConcurrentHashMap", keys, threads,
                    names[w], rounds[rounds.length / 2], rounds[rounds.length / 4],
                    rounds[rounds.length * 3 / 4], walls[walls.length / 2]);
        }
        for (Worker worker : workers) {
            if (worker.wrong != 0) {
                System.out.println("WRONG ANSWERS: the figures mean nothing.");
                System.exit(1);
            }
        }
    }
}
