#!/usr/bin/env python3
"""A platform moves from one machine into a cluster of three nodes on three brokers, and back.

    moving.py --meent MEENT --check MEENT_NODES_CHECK [--kills N] [--all]

The demo's largest community with a Polis conversation imported into it (--all: every conversation
of MEENT_TEST_DATA, else the smallest; without it the one in tests/data). `meent migrate` is killed
with -9 at random moments, N times each way, and run again; people write before, meanwhile and
after. A fourth node starts on a checkpoint. At the end:

    what was acknowledged is in every history exactly once, and a repeat gets the first answer
    the log that a platform left takes no command, and says which log it went to
    machine and nodes have the same records, and every row of every view, and what search has, is
    the same; each is what its rebuild would be
"""

import argparse
import collections
import http.client
import itertools
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

from faults import Cluster, Node, PATIENCE, fail, free_port, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMUNITY = "overijssel"
WRITERS = 4


class Machine:
    """One machine with an embedded log."""

    def __init__(self, cluster):
        self.meent = cluster.meent
        self.folder = cluster.folder / "machine"
        self.log = cluster.folder / "machine.log"
        self.port = free_port()
        self.process = None

    def start(self, *options):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [self.meent, "serve", "--data", self.folder, "--port", str(self.port), *options],
                stdout=log, stderr=log)
        wait_until("the machine is ready", lambda: Node.is_ready(self))

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        if self.process.wait(60) not in (0, -signal.SIGKILL):
            fail(f"the machine ended with {self.process.returncode}")
        self.process = None


class People:
    """They place comments, each under its own key, and do not give up."""

    def __init__(self, platform, idea, author, token):
        self.path = f"/api/v1/platforms/{platform}/contributions/{idea}/comments"
        self.author = author
        self.token = token
        self.accepted = {}  # key -> comment
        self.waiting = []  # keys that nobody has accepted yet
        self.elsewhere = set()  # logs that the platform is said to live in
        self.faults = []
        self.numbers = itertools.count()
        self.lock = threading.Lock()

    def ask(self, port, key):
        """The comment's id, or None: to be repeated."""
        body = json.dumps({"author": self.author, "body": f"Bericht {key}", "language": "nl"})
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            connection.request("POST", self.path, body, {
                "Authorization": f"Bearer {self.token}", "Idempotency-Key": key,
                "Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        if answer.status in (200, 201):
            return json.loads(text)["id"]
        if answer.status != 503:
            self.faults.append(f"{answer.status} {text}")
        if found := re.search(r"lives in another log, ([0-9a-f]{32})", text):
            self.elsewhere.add(found[1])
        return None

    def place(self, port, key):
        comment = self.ask(port, key)
        with self.lock:
            if comment is None:
                self.waiting.append(key)
            elif self.accepted.setdefault(key, comment) != comment:
                self.faults.append(f"{key} became two comments")
        return comment is not None

    def write(self, port, count):
        """How many were accepted."""
        return sum(self.place(port, f"man-{next(self.numbers)}") for _ in range(count))

    def write_on(self, ports, is_over):
        """Threads that write through any of the nodes until it is over."""
        def one(number):
            chance = random.Random(number)
            while not is_over.is_set():
                if not self.place(chance.choice(ports), f"crowd-{next(self.numbers)}"):
                    time.sleep(0.02)
        threads = [threading.Thread(target=one, args=(number,)) for number in range(WRITERS)]
        for thread in threads:
            thread.start()
        return threads

    def catch_up(self, port):
        """What was not accepted is; what was gets its first answer again."""
        waiting, self.waiting = self.waiting, []
        for key in waiting:
            end = time.monotonic() + PATIENCE
            while not self.place(port, key) and time.monotonic() < end:
                self.waiting.pop()
                time.sleep(0.1)
        if self.waiting:
            fail(f"not accepted where the platform lives: {self.waiting}")
        for key in list(self.accepted)[::7]:
            self.place(port, key)
        self.no_faults()
        return len(waiting)

    def no_faults(self):
        if self.faults:
            fail(f"answers: {self.faults[:3]}")

    def expect_elsewhere(self, port, log):
        """Where it left nobody is heard, and all learn where it went."""
        self.elsewhere = set()
        if self.write(port, 1) or self.elsewhere != {log}:
            fail(f"the log it left sends people to {self.elsewhere}, not to {log}")
        self.waiting.pop()

    def check(self, histories):
        for name, text in histories.items():
            found = collections.Counter(event["facts"]["comment"]
                                        for event in map(json.loads, text.splitlines())
                                        if event["type"] == "comment-placed")
            missing = [key for key, comment in self.accepted.items() if found[comment] != 1]
            if missing or max(found.values()) > 1:
                fail(f"{name}: not there once: {missing[:3]}")


def move(cluster, from_, to, kills, chance, meanwhile):
    """Until it has arrived, killed so often on its way. The last run's words."""
    moment = (0.02, 0.3)
    command = [cluster.meent, "migrate", COMMUNITY, *from_, *to]
    killed = 0
    while killed < kills:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            _, said = process.communicate(timeout=chance.uniform(*moment))
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            killed += 1
            meanwhile()
            continue
        if process.returncode != 0:
            fail(f"migrate ended with {process.returncode}: {said.decode()}")
        break  # it arrived between two kills
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    if done.returncode != 0:
        fail(f"migrate ended with {done.returncode}: {done.stderr}")
    return f"killed {killed} times; {done.stdout.splitlines()[-1]}"


def fill(machine, cluster, takes_all):
    """The demo and a conversation; whose votes there are, is said."""
    machine.start("--demo")
    machine.stop()
    data = os.environ.get("MEENT_TEST_DATA")
    folders = [ROOT / "tests/data/polis-small"]
    if data:
        folders = sorted(pathlib.Path(data, "polis").iterdir(),
                         key=lambda folder: (folder / "votes.csv").stat().st_size)
        folders = folders if takes_all else folders[:1]
    for number, folder in enumerate(folders):
        print(cluster.run("import", "polis", folder, "--platform", COMMUNITY, "--space",
                          f"gesprek-{number}", "--data", machine.folder).strip())
    return json.loads(cluster.run(
        "token", "create", "--label", "people", "--platform", COMMUNITY, "--scope", "operate",
        "--scope", "import", "--data", machine.folder))["secret"]


def history(cluster, platform, folder):
    return cluster.run("export", "events", "--platform", platform, "--data", folder)


def same_told(text):
    """Without what is sealed anew with every reading."""
    events = map(json.loads, text.splitlines())
    return [{name: value for name, value in event.items() if name != "id"} for event in events]


def log_of(cluster, machine, platform):
    """The logs of machine and cluster, as the platform's history names them."""
    return [event["facts"]["log"] for event in map(json.loads, history(
        cluster, platform, machine.folder).splitlines()) if event["type"] == "platform-placed"]


def start_on_a_checkpoint(cluster, taken):
    """A fourth node, whose disk holds another's checkpoint only."""
    node = Node(cluster, len(cluster.nodes))
    (cluster.folder / "checkpoint").rename(node.folder)
    if {one.name for one in node.folder.iterdir()} & {"keys", "views", "search.current"}:
        fail("a checkpoint holds more than the log")
    node.start()
    cluster.nodes.append(node)
    steps = set()

    def is_ready():
        try:
            connection = http.client.HTTPConnection("127.0.0.1", node.port, timeout=5)
            connection.request("GET", "/readyz")
            answer = connection.getresponse()
            steps.update(map(int, re.findall(r"(\d+) of \d+ offsets", answer.read().decode())))
            return answer.status == 200
        except OSError:
            return False
    wait_until("the new node has caught up", is_ready)
    said = (cluster.folder / f"node{node.number}.log").read_text()
    begun = re.search(r"(\d+) offsets of the log are here", said)
    if not begun or int(begun[1]) < taken:
        fail(f"the new node did not go on from the checkpoint's {taken} offsets: {said}")
    if any(step < taken for step in steps):
        fail(f"the new node said it has read {min(steps)} offsets; it began with {taken}")
    print(f"a new node began with the checkpoint's {taken} offsets; /readyz then said "
          f"{sorted(steps)[:5]}")


def take_checkpoint(cluster):
    said = cluster.run("checkpoint", "--data", cluster.nodes[0].folder, "--to",
                       cluster.folder / "checkpoint")
    return int(re.search(r"(\d+) offsets", said)[1])


def run(cluster, machine, options):
    chance = random.Random(options.seed)
    token = fill(machine, cluster, options.all)
    here = ["--{}", machine.folder]
    there = ["--{}-server", f"http://127.0.0.1:{cluster.nodes[1].port}",
             "--{}-secret", cluster.secret]

    def side(which, words):
        return [str(word).format(which) for word in words]

    machine.start()
    connection = http.client.HTTPConnection("127.0.0.1", machine.port, timeout=20)

    def read(path):
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        return json.loads(connection.getresponse().read())
    platform = read(f"/api/v1/platforms/{COMMUNITY}")["id"]
    idea = read(f"/api/v1/platforms/{platform}/contributions?sort=active")["items"][0]["id"]
    author = read(f"/api/v1/platforms/{platform}/people")["items"][0]["id"]
    connection.close()
    people = People(platform, idea, author, token)
    if people.write(machine.port, 10) != 10:
        fail("the machine does not take comments")
    machine.stop()
    taken = take_checkpoint(cluster)

    # The machine's server is started again between two tries, as by someone who knows nothing.
    def carry_on():
        machine.start()
        people.write(machine.port, 3)
        machine.stop(signal.SIGKILL)
    print("into the cluster:", move(cluster, side("from", here), side("to", there), options.kills,
                                    chance, carry_on))
    own, shared = log_of(cluster, machine, platform)
    machine.start()
    people.expect_elsewhere(machine.port, shared)
    machine.stop()
    late = people.catch_up(cluster.nodes[2].port)
    print(f"{len(people.accepted)} comments, {late} of them only by the cluster")

    is_over = threading.Event()
    crowd = people.write_on([node.port for node in cluster.nodes], is_over)
    before = len(people.accepted)
    wait_until("the crowd is heard", lambda: len(people.accepted) > before + 20)
    print("back, while people write:", move(cluster, side("from", there), side("to", here),
                                            options.kills, chance, lambda: time.sleep(0.2)))
    is_over.set()
    for thread in crowd:
        thread.join()
    meanwhile = len(people.accepted) - before
    for node in cluster.nodes:
        people.expect_elsewhere(node.port, own)
    machine.start()
    late = people.catch_up(machine.port)
    print(f"{meanwhile} comments taken by the cluster meanwhile, {late} by the machine afterwards")
    machine.stop()

    print("and there again:", move(cluster, side("from", here), side("to", there), 0, chance, None))
    start_on_a_checkpoint(cluster, taken)
    cluster.settle()
    if people.waiting:
        fail(f"never accepted: {people.waiting}")
    for node in cluster.nodes:  # all at once
        node.process.terminate()
    for node in cluster.nodes:
        node.stop()
    cluster.brokers.stop()
    folders = [machine.folder, *(node.folder for node in cluster.nodes)]
    histories = {folder.name: history(cluster, platform, folder) for folder in folders}
    people.check(histories)
    if any(same_told(text) != same_told(histories["machine"]) for text in histories.values()):
        fail("machine and nodes tell different histories")
    done = subprocess.run([options.check.resolve(), "--platform", platform, *folders],
                          capture_output=True, text=True, timeout=240)
    print(done.stdout, end="")
    if done.returncode != 0:
        fail("what machine and nodes have on disk")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--meent", type=pathlib.Path, required=True)
    parser.add_argument("--check", type=pathlib.Path, required=True)
    parser.add_argument("--kills", type=int, default=3, help="each way")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--all", action="store_true")
    options = parser.parse_args()
    print(f"seed {options.seed}")
    started = time.monotonic()
    cluster = Cluster(options.meent.resolve())
    machine = Machine(cluster)
    is_good = False
    try:
        run(cluster, machine, options)
        is_good = True
    finally:
        if machine.process:
            machine.process.kill()
        cluster.clear(is_good)
        if not is_good and machine.log.exists():
            print(f"--- machine\n{machine.log.read_text()[-3000:]}", file=sys.stderr)
    print(f"all of it in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
