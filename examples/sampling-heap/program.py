"""A program to be looked at: nine tenths of what it allocates, it allocates on one line, and some in another thread."""

import threading


def much():
    return bytearray(900_000)


def little():
    return bytearray(60_000)


def aside():
    for _ in range(100):
        bytearray(120_000)


thread = threading.Thread(target=aside)
thread.start()
thread.join()
for _ in range(300):
    much()
    little()
