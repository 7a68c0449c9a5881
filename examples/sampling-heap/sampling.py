"""Which lines of a Python program allocate: samples of the sampling heap, put down to the lines that ran.

    LD_PRELOAD=./libsampling_heap.so PYTHONMALLOC=malloc python3 sampling.py [--json FILE] [--every BYTES] script.py ...

PYTHONMALLOC=malloc has Python take its objects from malloc one by one, and not from pools of its own.

The heap sends a signal about every so many bytes. Python runs the handler between two instructions, shortly after the
allocation and mostly still on its line; what a long piece of C code allocates is put down to the line that called it, and
what an operator does (`[0] * n`) sometimes to the line behind.
"""

import argparse
import ctypes
import json
import linecache
import os
import runpy
import signal
import sys
import threading


class Sample(ctypes.Structure):
    _fields_ = [("bytes", ctypes.c_uint64), ("thread", ctypes.c_uint64)]


class Profile:
    """Samples by line, while `start` and `stop` have it so."""

    def __init__(self, every=512 * 1024):
        self.every = every
        self.lines = {}  # (file, line) -> bytes
        self.samples = 0
        self._buffer = (Sample * 256)()
        self._main = threading.main_thread().ident
        heap = ctypes.CDLL(None)
        try:
            self._start, self._stop = heap.sampling_start, heap.sampling_stop
            self._take, self._dropped = heap.sampling_take, heap.sampling_dropped
        except AttributeError:
            raise SystemExit("sampling: the sampling heap is not preloaded: LD_PRELOAD=./libsampling_heap.so") from None
        self._start.argtypes = [ctypes.c_uint64, ctypes.c_int]
        self._take.argtypes = [ctypes.POINTER(Sample), ctypes.c_size_t]
        self._take.restype = ctypes.c_size_t
        self._dropped.restype = ctypes.c_uint64

    def start(self):
        self._before = signal.signal(signal.SIGXCPU, self._handle)
        self._start(self.every, signal.SIGXCPU)

    def stop(self):
        self._stop()
        self._drain(None)
        signal.signal(signal.SIGXCPU, self._before)

    def result(self):
        total = sum(self.lines.values())
        ordered = sorted(self.lines.items(), key=lambda item: -item[1])
        lines = [
            {
                "file": file,
                "line": line,
                "bytes": count,
                "share": count / total,
                "source": linecache.getline(file, line).strip(),
            }
            for (file, line), count in ordered
        ]
        return {
            "schema": 1,
            "totalBytes": total,
            "samples": self.samples,
            "dropped": self._dropped(),
            "everyBytes": self.every,
            "lines": lines,
        }

    def _handle(self, _signal, frame):
        self._drain(frame)

    def _drain(self, frame):
        while count := self._take(self._buffer, len(self._buffer)):
            frames = None
            for sample in self._buffer[:count]:
                if sample.thread == self._main:
                    where = frame
                else:
                    frames = frames or sys._current_frames()
                    where = frames.get(sample.thread)
                place = self._place(where)
                self.lines[place] = self.lines.get(place, 0) + sample.bytes
                self.samples += 1

    @staticmethod
    def _place(frame):
        """The innermost line that is not of this file or of a library."""
        outermost = None
        while frame is not None:
            file = frame.f_code.co_filename
            if file != __file__ and not file.startswith("<"):
                outermost = outermost or (file, frame.f_lineno)
                if not file.startswith((sys.prefix + "/lib", "/usr/lib")):
                    return file, frame.f_lineno
            frame = frame.f_back
        return outermost or ("?", 0)


def table(result, most=10):
    """The lines that allocate most, as text."""
    rows = [f"{'MiB':>9}  {'share':>6}  line"]
    for line in result["lines"][:most]:
        where = f"{os.path.basename(line['file'])}:{line['line']}"
        rows.append(f"{line['bytes'] / 2**20:9.1f}  {line['share']:6.1%}  {where}  {line['source']}".rstrip())
    rows.append(f"{result['samples']} samples, one in about {result['everyBytes'] / 1024:.0f} KiB, {result['dropped']} dropped")
    return "\n".join(rows)


def main():
    arguments = argparse.ArgumentParser(description="Which lines of a Python program allocate.")
    arguments.add_argument("--json", metavar="FILE", help="write the lines as JSON, too (- for stdout)")
    arguments.add_argument("--every", type=int, default=512 * 1024, metavar="BYTES", help="bytes between two samples")
    arguments.add_argument("script")
    arguments.add_argument("arguments", nargs=argparse.REMAINDER)
    given = arguments.parse_args()
    profile = Profile(given.every)
    sys.argv = [given.script, *given.arguments]
    sys.path[0] = os.path.dirname(os.path.abspath(given.script))
    profile.start()
    try:
        runpy.run_path(given.script, run_name="__main__")
    finally:
        profile.stop()
        result = profile.result()
        print(table(result), file=sys.stderr)
        if given.json == "-":
            json.dump(result, sys.stdout, indent=2)
            print()
        elif given.json:
            with open(given.json, "w", encoding="utf-8") as out:
                json.dump(result, out, indent=2)


if __name__ == "__main__":
    main()
