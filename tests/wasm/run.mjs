// SPDX-License-Identifier: MIT
// run.mjs PROGRAM.wasm [SCALE [SECONDS]] - runs a test program on workers that share one memory.
//
// The main thread is a worker like the others: it waits, which node's own thread had better not. Its
// exit status is ours; 124 if the time is over. Node 16 or later.
import { randomFillSync } from 'node:crypto';
import { readFileSync, writeSync } from 'node:fs';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';

const WORKERS = 16; // as in threads.c
const PAGES = 16384; // as in memory.c

// Thrown through a program's functions by a thread that ends itself.
class ThreadEnd {}

function hostOf(memory) {
    const bytes = new Uint8Array(memory.buffer);
    return {
        print(at, size) {
            const text = bytes.slice(at, at + size);
            for (let done = 0; done < size; ) {
                done += writeSync(1, text, done);
            }
        },
        now_ms: () => performance.timeOrigin + performance.now(),
        random(at, size) {
            const some = new Uint8Array(size);
            randomFillSync(some);
            bytes.set(some, at);
        },
        exit(status) {
            parentPort.postMessage(status);
            Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
        },
        thread_end() {
            throw new ThreadEnd();
        },
    };
}

async function work({ module, memory, index, scale }) {
    const imports = { host: hostOf(memory), env: { memory } };
    const { exports } = await WebAssembly.instantiate(module, imports);
    for (;;) {
        exports.__stack_pointer.value = exports.stack_top(index);
        try {
            if (index === WORKERS) {
                exports.run_main(scale);
            } else {
                exports.run_worker(index);
            }
        } catch (reason) {
            if (!(reason instanceof ThreadEnd)) {
                throw reason;
            }
        }
    }
}

async function start([path, scale = '100', seconds = '300']) {
    const module = await WebAssembly.compile(readFileSync(path));
    const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
    setTimeout(() => {
        writeSync(1, `# the time limit of ${seconds} s is over\n`);
        process.exit(124);
    }, Number(seconds) * 1000);
    for (let index = 0; index <= WORKERS; index++) {
        const worker = new Worker(fileURLToPath(import.meta.url), {
            workerData: { module, memory, index, scale: Number(scale) },
        });
        worker.on('message', (status) => process.exit(status));
        worker.on('error', (error) => {
            writeSync(1, `# ${error.stack}\n`);
            process.exit(70);
        });
    }
}

if (isMainThread) {
    await start(process.argv.slice(2));
} else {
    await work(workerData);
}
