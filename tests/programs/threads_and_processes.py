"""Threads make objects that other threads drop, while more threads start programs and fork workers."""
import concurrent.futures
import hashlib
import multiprocessing
import queue
import subprocess
import threading

COUNT = 200


def make(out):
    for i in range(COUNT):
        out.put({"number": i, "text": "x" * (i * 37 % 5000), "items": list(range(i % 300))})
    out.put(None)


def drop(source, sums):
    total = 0
    while (item := source.get()) is not None:
        total += item["number"] + len(item["text"]) + sum(item["items"])
    sums.append(total)


def run_program(number):
    return int(subprocess.run(["expr", str(number), "*", "3"], capture_output=True, text=True, check=True).stdout)


def work(number):
    data = b"".join(bytes([i % 256]) * (i % 1000) for i in range(number, number + 500))
    return hashlib.sha256(data).hexdigest()


def main():
    sums, threads = [], []
    for _ in range(4):
        line = queue.Queue(20)
        threads += [threading.Thread(target=make, args=(line,)), threading.Thread(target=drop, args=(line, sums))]
    for thread in threads:
        thread.start()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        print(sum(pool.map(run_program, range(1, 61))))
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(hashlib.sha256("".join(pool.map(work, range(100))).encode()).hexdigest())
    for thread in threads:
        thread.join()
    print(sums)


if __name__ == "__main__":
    main()
