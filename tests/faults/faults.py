#!/usr/bin/env python3
"""Real faults: three brokers and three nodes on loopback, under load, and what must hold then.

    faults.py FAULT … --meent MEENT --check MEENT_NODES_CHECK [--rounds N]

    kill      kill -9 of the node that owns the platform, again and again
    pause     SIGSTOP of the owner for ten seconds, then SIGCONT
    brokers   kill -9 of one broker, then of two at once, and back
    links     a cut between one node and its peers only
    disk      a node that may not write any further
    rolling   every node and every broker stopped and started in turn: no command fails

Each ends with: every acknowledged comment is in every node's history exactly once; all chains are
equal and proven; every view is what its rebuild would be. Exit code 0: all of that was seen.
"""

import argparse
import collections
import http.client
import json
import pathlib
import random
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
KAFKA = HERE.parent.parent / "ops" / "kafka"
NODES = 3
CLIENTS = 8
PATIENCE = 60


def fail(what):
    raise SystemExit(f"FAILED: {what}")


def wait_until(what, is_so, longest=PATIENCE):
    end = time.monotonic() + longest
    while not is_so():
        if time.monotonic() > end:
            fail(f"{what}: not within {longest} s")
        time.sleep(0.05)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Proxy:
    """The way to one node for its peers, which can be cut."""

    def __init__(self, to_port):
        self.to_port = to_port
        self.is_cut = False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.open = set()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            peer, _ = self.listener.accept()
            try:
                if self.is_cut:
                    raise OSError
                node = socket.create_connection(("127.0.0.1", self.to_port), 5)
            except OSError:
                peer.close()
                continue
            self.open |= {peer, node}
            for pair in ((peer, node), (node, peer)):
                threading.Thread(target=self.pump, args=pair, daemon=True).start()

    def pump(self, source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        self.is_cut = True
        for end in list(self.open):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.open.clear()


class Brokers:
    def __init__(self, folder):
        self.process = subprocess.Popen(
            [KAFKA, "run", "--folder", folder, "--brokers", "3"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addresses = self.process.stdout.readline().strip()
        if not self.addresses or self.process.stdout.readline().strip() != "ready":
            fail("the brokers did not start")

    def order(self, what, number):
        self.process.stdin.write(f"{what} {number}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        if answer != "done":
            fail(f"{what} {number}: {answer}")

    def stop(self):
        self.process.stdin.close()
        self.process.wait(60)


class Node:
    def __init__(self, cluster, number):
        self.cluster = cluster
        self.number = number
        self.folder = cluster.folder / f"node{number}"
        self.port = free_port()
        self.proxy = Proxy(self.port)
        self.process = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.proxy.port}"

    def start(self):
        log = open(self.cluster.folder / f"node{self.number}.log", "ab")
        self.process = subprocess.Popen(
            [self.cluster.meent, "serve", "--log", "kafka",
             "--kafka", self.cluster.brokers.addresses,
             "--cluster-secret", self.cluster.secret, "--data", self.folder,
             "--port", str(self.port), "--url", self.url],
            stdout=log, stderr=log,
            preexec_fn=lambda: signal.signal(signal.SIGXFSZ, signal.SIG_IGN))

    def status(self):
        """None while it does not answer."""
        try:
            done = subprocess.run(
                [self.cluster.meent, "cluster", "status", "--server",
                 f"http://127.0.0.1:{self.port}", "--cluster-secret", self.cluster.secret],
                capture_output=True, timeout=10)
            return json.loads(done.stdout) if done.returncode == 0 else None
        except (subprocess.TimeoutExpired, json.JSONDecodeError):
            return None

    def is_ready(self):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        if self.process.wait(60) != 0:
            fail(f"node {self.number} ended with {self.process.returncode}")


class Cluster:
    def __init__(self, meent):
        self.meent = meent
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="meent-faults-"))
        self.secret = self.folder / "secret"
        self.brokers = Brokers(self.folder / "brokers")
        self.run("kafka", "init", "--kafka", self.brokers.addresses, "--partitions", "6")
        self.run("cluster", "secret", self.secret)
        self.nodes = [Node(self, number) for number in range(NODES)]
        for node in self.nodes:
            node.start()
        self.settle()
        self.token = json.loads(self.operate("token", "create", "--label", "faults",
                                             "--scope", "operate", "--scope", "import"))["secret"]
        self.platform = self.make("/api/v1/platforms",
                                  {"slug": "dorp", "name": "Dorp", "language": "nl"})
        self.base = f"/api/v1/platforms/{self.platform}"
        self.space = self.make(f"{self.base}/spaces",
                               {"slug": "plein", "title": "Plein", "kinds": ["idea"]})
        self.person = self.make(f"{self.base}/people", {"name": "Noor"})
        self.idea = self.make(f"{self.base}/spaces/{self.space}/contributions",
                              {"kind": "idea", "author": self.person, "title": "Een bankje",
                               "body": "Bij de molen.", "language": "nl"})

    def run(self, *arguments):
        done = subprocess.run([self.meent, *arguments], capture_output=True, text=True, timeout=90)
        if done.returncode != 0:
            fail(f"{arguments}: {done.stderr}")
        return done.stdout

    def operate(self, *arguments):
        return self.run(*arguments, "--server", f"http://127.0.0.1:{self.nodes[0].port}",
                        "--cluster-secret", self.secret)

    def make(self, path, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.nodes[0].port, timeout=30)
        connection.request("POST", path, json.dumps(body),
                           {"Authorization": f"Bearer {self.token}",
                            "Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        if answer.status not in (200, 201):
            fail(f"POST {path}: {answer.status} {text}")
        return json.loads(text)["id"]

    def settle(self):
        """Everyone is there, every partition has one owner, and all have read the same."""
        def is_settled():
            seen = [node.status() for node in self.nodes]
            if any(one is None for one in seen):
                return False
            owners = collections.Counter(partition["number"] for one in seen
                                         for partition in one["partitions"]
                                         if partition["role"] == "owning")
            read = {tuple(partition["next_offset"] for partition in one["partitions"])
                    for one in seen}
            return all(owners[number] == 1 for number in range(6)) and len(read) == 1
        wait_until("every partition owned, all nodes equal", is_settled)

    def owner(self):
        """The node that owns the platform's partition; None: nobody just now."""
        number = int(self.platform[:16], 16) % 6
        for node in self.nodes:
            status = node.status() if node.process.poll() is None else None
            if status and status["partitions"][number]["role"] == "owning":
                return node
        return None

    def known_owner(self):
        found = []
        wait_until("an owner", lambda: found.append(self.owner()) or found[-1] is not None)
        return found[-1]

    def end(self, check):
        self.settle()
        for node in self.nodes:
            node.stop()
        self.brokers.stop()
        done = subprocess.run([check, *(node.folder for node in self.nodes)],
                              capture_output=True, text=True, timeout=240)
        print(done.stdout, end="")
        if done.returncode != 0:
            fail("what the nodes have on disk")

    def clear(self, is_good):
        """Ends what runs; shows what was left unless all was good."""
        for node in self.nodes:
            if node.process and node.process.poll() is None:
                node.process.send_signal(signal.SIGCONT)
                node.process.kill()
        if self.brokers.process.poll() is None:
            self.brokers.stop()
        if is_good:
            shutil.rmtree(self.folder)
            return
        print(f"what was left: {self.folder}", file=sys.stderr)
        for node in self.nodes:
            log = self.folder / f"node{node.number}.log"
            print(f"--- node {node.number}\n{log.read_text()[-3000:]}", file=sys.stderr)


class Load:
    """Clients that place comments, each under its own key, through any node, until accepted."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.is_over = False
        self.lock = threading.Lock()
        self.accepted = {}  # key -> comment id
        self.times = []
        self.refused = collections.Counter()  # answers that were no acceptance, by status
        self.unfinished = 0
        self.faults = []  # answers that nobody should get
        self.threads = [threading.Thread(target=self.client, args=(number,), daemon=True)
                        for number in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def client(self, number):
        chance = random.Random(number)
        connections = {}
        count = 0
        while not self.is_over:
            count += 1
            self.place(f"{number}-{count}", chance, connections)

    def place(self, key, chance, connections):
        body = json.dumps({"author": self.cluster.person, "body": f"Bericht {key}",
                           "language": "nl"})
        path = f"{self.cluster.base}/contributions/{self.cluster.idea}/comments"
        headers = {"Authorization": f"Bearer {self.cluster.token}", "Idempotency-Key": key,
                   "Content-Type": "application/json"}
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            port = chance.choice(self.cluster.nodes).port
            try:
                connection = connections.get(port)
                if connection is None:
                    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3)
                    connections[port] = connection
                connection.request("POST", path, body, headers)
                answer = connection.getresponse()
                text = answer.read()
            except (OSError, http.client.HTTPException):
                # As a load balancer would: the next node, with the same key.
                connections.pop(port, None)
                time.sleep(0.02)
                continue
            if answer.status in (200, 201):
                with self.lock:
                    self.accepted[key] = json.loads(text)["id"]
                    self.times.append(time.monotonic())
                return
            with self.lock:
                self.refused[answer.status] += 1
            if answer.status != 503:
                self.faults.append(f"{answer.status} {text}")
                return
            time.sleep(0.1)
        with self.lock:
            self.unfinished += 1

    def stop(self):
        self.is_over = True
        for thread in self.threads:
            thread.join(PATIENCE + 20)
        if self.faults:
            fail(f"{len(self.faults)} answers, as {self.faults[0]}")
        if self.unfinished:
            fail(f"{self.unfinished} commands were not accepted within {PATIENCE} s")

    def gap_after(self, moment):
        """How long nothing was accepted from then on."""
        with self.lock:
            times = [time_ for time_ in self.times if time_ >= moment - 0.5]
        if not times:
            return 0.0
        times = [moment] + [time_ for time_ in times if time_ > moment]
        return max((b - a for a, b in zip(times, times[1:])), default=0.0)

    def check(self):
        """Every acknowledged comment is in every node's history, exactly once."""
        histories = set()
        for node in self.cluster.nodes:
            text = self.cluster.run("export", "events", "--platform", self.cluster.platform,
                                    "--data", node.folder)
            found, told = collections.Counter(), []
            for line in text.splitlines():
                event = json.loads(line)
                event.pop("id", None)  # sealed anew with every reading
                told.append(json.dumps(event))
                if event["type"] == "comment-placed":
                    found[event["facts"]["comment"]] += 1
            missing = [key for key, comment in self.accepted.items() if found[comment] != 1]
            if missing:
                fail(f"node {node.number}: {len(missing)} acknowledged comments are not there "
                     f"once: {missing[:3]}")
            if max(found.values(), default=0) > 1:
                fail(f"node {node.number}: a comment was placed twice")
            if len(found) > len(self.accepted):
                fail(f"node {node.number}: {len(found)} comments, "
                     f"{len(self.accepted)} acknowledged")
            histories.add("\n".join(told))
        if len(histories) != 1:
            fail("the nodes tell different histories")
        print(f"{len(self.accepted)} comments acknowledged, each there once on every node; "
              f"answers that asked to repeat: {dict(self.refused)}")


def kill(cluster, load, rounds):
    gaps = []
    for _ in range(rounds):
        node = cluster.known_owner()
        moment = time.monotonic()
        node.kill()
        time.sleep(4)
        gaps.append(load.gap_after(moment))
        node.start()
        wait_until("the killed node is back", node.is_ready)
        time.sleep(1)
    print(f"kill -9 of the owner, {rounds} times: nothing accepted for "
          f"{statistics.median(gaps):.2f} s (median), {max(gaps):.2f} s (most)")
    if max(gaps) > 3.9:
        fail("writes stood still for too long")


def pause(cluster, load, rounds):
    for _ in range(rounds):
        node = cluster.known_owner()
        moment = time.monotonic()
        node.process.send_signal(signal.SIGSTOP)
        time.sleep(10)
        node.process.send_signal(signal.SIGCONT)
        time.sleep(3)
        print(f"owner stopped for 10 s: nothing accepted for {load.gap_after(moment):.2f} s")


def brokers(cluster, load, rounds):
    for turn in range(rounds):
        first = 1 + turn % 3
        moment = time.monotonic()
        cluster.brokers.order("kill", first)
        time.sleep(8)
        print(f"one broker killed: nothing accepted for {load.gap_after(moment):.2f} s")
        second = 1 + (turn + 1) % 3
        cluster.brokers.order("kill", second)
        time.sleep(3)
        with load.lock:
            before = len(load.accepted)
        time.sleep(4)
        with load.lock:
            if len(load.accepted) > before + CLIENTS:
                fail("commands were accepted below min.insync")
        for node in cluster.nodes:
            connection = http.client.HTTPConnection("127.0.0.1", node.port, timeout=10)
            connection.request("GET", f"{cluster.base}/contributions/{cluster.idea}")
            if connection.getresponse().status != 200:
                fail("reading stood still with the brokers")
        moment = time.monotonic()
        cluster.brokers.order("revive", second)
        cluster.brokers.order("revive", first)
        with load.lock:
            before = len(load.accepted)
        wait_until("commands are accepted again", lambda: len(load.accepted) > before + CLIENTS)
        took = time.monotonic() - moment
        print(f"two brokers killed and back: accepted again after {took:.1f} s")
        time.sleep(3)


def links(cluster, load, rounds):
    for _ in range(rounds):
        node = cluster.known_owner()
        moment = time.monotonic()
        node.proxy.cut()
        time.sleep(5)
        if cluster.known_owner() is not node:
            fail("a cut between nodes started a war of claims")
        node.proxy.is_cut = False
        time.sleep(2)
        print(f"owner cut off from its peers for 5 s: it stays the owner; nothing accepted for "
              f"{load.gap_after(moment):.2f} s, as every client soon waits at another node")


def disk(cluster, load, rounds):
    for _ in range(rounds):
        node = cluster.known_owner()
        moment = time.monotonic()
        resource.prlimit(node.process.pid, resource.RLIMIT_FSIZE, (4096, 4096))
        wait_until("the node ends", lambda: node.process.poll() is not None)
        if node.process.returncode != 70:
            fail(f"a full disk ended the node with {node.process.returncode}, not with 70")
        time.sleep(4)
        print(f"a node that could not write: it ended, nothing accepted for "
              f"{load.gap_after(moment):.2f} s")
        node.start()
        wait_until("the node is back", node.is_ready)


def rolling(cluster, load, rounds):
    with load.lock:
        refused_before = load.refused.copy()
    for _ in range(rounds):
        for node in cluster.nodes:
            node.stop()
            node.start()
            wait_until("the node is back", node.is_ready)
            time.sleep(2)
        for number in (1, 2, 3):
            cluster.brokers.order("halt", number)
            cluster.brokers.order("revive", number)
            time.sleep(8)
    refused = load.refused - refused_before
    if refused:
        fail(f"commands failed during a rolling restart: {dict(refused)}")
    print(f"every node and broker restarted in turn, {rounds} times: no command failed")


FAULTS = {one.__name__: one for one in (kill, pause, brokers, links, disk, rolling)}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("faults", nargs="+", choices=FAULTS)
    parser.add_argument("--meent", type=pathlib.Path, required=True)
    parser.add_argument("--check", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, default=0, help="0: one, and three kills")
    options = parser.parse_args()
    cluster = Cluster(options.meent.resolve())
    is_good = False
    try:
        load = Load(cluster)
        time.sleep(2)
        for name in options.faults:
            FAULTS[name](cluster, load, options.rounds or (3 if name == "kill" else 1))
        load.stop()
        cluster.settle()
        load.check()
        cluster.end(options.check.resolve())
        is_good = True
    finally:
        cluster.clear(is_good)


if __name__ == "__main__":
    main()
