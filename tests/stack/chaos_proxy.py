"""A TCP proxy that a test can make as bad as a network gets: cut, slow, narrow, half open. Runs in a thread of its own.

    proxy = Proxy(port, ("127.0.0.1", 9092))    port 0: any; proxy.port is the one it has
    proxy.cut()              every connection is reset, and nobody gets through until heal()
    proxy.delay(0.5)         each chunk arrives half a second later, in both directions
    proxy.throttle(50_000)   bytes a second and direction
    proxy.swallow()          connections stay, and what is sent vanishes: no error, no answer
    proxy.heal()             as good as new; connections that lost bytes are reset
    Proxy(…, answer=change)  what comes back is what `change` makes of each chunk of a connection: change() gives a function
                             from bytes to bytes for each
    proxy.bytes              what got through, so that a test can show that it was in the way
"""

import asyncio
import socket
import struct
import threading

CHUNK = 65_536


class Proxy:
    def __init__(self, port, upstream, answer=None):
        self.upstream, self.port, self.bytes, self.dropped = upstream, port, 0, 0
        self.lag, self.rate, self.closed, self.hole = 0.0, None, False, False
        self.pairs, self.lost = set(), set()
        self.answer = answer or (lambda: bytes)
        self.loop = asyncio.new_event_loop()
        ready = threading.Event()
        threading.Thread(target=self.run, args=(ready,), daemon=True).start()
        ready.wait()
        if isinstance(self.port, Exception):
            raise self.port

    def run(self, ready):
        asyncio.set_event_loop(self.loop)

        async def serve():
            try:
                server = await asyncio.start_server(self.accept, "127.0.0.1", self.port, backlog=128)
                self.port = server.sockets[0].getsockname()[1]
            except OSError as error:
                self.port = error
            ready.set()
            await asyncio.Event().wait()

        self.loop.run_until_complete(serve())

    async def accept(self, reader, writer):
        if self.closed:
            return reset(writer)
        try:
            there, back = await asyncio.open_connection(*self.upstream)
        except OSError:
            return reset(writer)
        pair = (writer, back)
        self.pairs.add(pair)
        try:
            await asyncio.gather(self.pump(reader, back, pair), self.pump(there, writer, pair, self.answer()))
        finally:
            self.drop(pair)

    async def pump(self, reader, writer, pair, change=bytes):
        """One direction, until either end closes. Chunks keep their order whatever the lag."""
        queue = asyncio.Queue(64)

        async def send():
            while True:
                due, chunk = await queue.get()
                await asyncio.sleep(max(due - self.loop.time(), 0))
                if not chunk:
                    writer.write_eof()
                    return
                if self.rate:
                    await asyncio.sleep(len(chunk) / self.rate)
                writer.write(chunk)
                self.bytes += len(chunk)
                await writer.drain()

        sender = asyncio.ensure_future(send())
        try:
            while not sender.done():
                # A narrow pipe passes small pieces, so that it is slow and not in bursts.
                chunk = await reader.read(4096 if self.rate else CHUNK)
                if self.hole:
                    self.dropped += len(chunk)
                    self.lost.add(pair)
                    if chunk:
                        continue
                made = change(chunk) if chunk else chunk
                # What holds a piece back until it has the rest says nothing, and nothing is the end.
                if made or not chunk:
                    await queue.put((self.loop.time() + self.lag, made))
                if not chunk:
                    break
            await sender
        except (OSError, RuntimeError):
            self.drop(pair)
        finally:
            sender.cancel()

    def drop(self, pair):
        if pair in self.pairs:
            self.pairs.discard(pair)
            self.lost.discard(pair)
            for writer in pair:
                reset(writer)

    def set(self, **state):
        """Changes the state in the proxy's own thread and waits until it holds."""
        done = threading.Event()

        def change():
            lost = self.hole
            self.lag, self.rate, self.closed, self.hole = (state.get(k, v) for k, v in CLEAN.items())
            for pair in list(self.pairs):
                if self.closed or (lost and pair in self.lost):
                    self.drop(pair)
            done.set()

        self.loop.call_soon_threadsafe(change)
        done.wait()

    def heal(self):
        self.set()

    def cut(self):
        self.set(closed=True)

    def delay(self, seconds):
        self.set(lag=seconds)

    def throttle(self, rate):
        self.set(rate=rate)

    def swallow(self):
        self.set(hole=True)


CLEAN = {"lag": 0.0, "rate": None, "closed": False, "hole": False}


def reset(writer):
    """Closes at once, with RST instead of a farewell."""
    raw = writer.get_extra_info("socket")
    if raw is not None:
        try:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            pass
    writer.transport.abort()
