"""A run's folder, as anybody may read it."""

import fcntl
import glob
import json
import os
import signal

from desk import wait_for


class Run:
    """The one run below a folder of runs."""

    def __init__(self, runs):
        self.runs = runs

    def folder(self):
        found = glob.glob(os.path.join(self.runs, "*", "config.json"))
        assert len(found) <= 1, f"one run was launched, there are {len(found)}"
        return os.path.dirname(found[0]) if found else None

    def events(self):
        """All whole events so far."""
        folder = self.folder()
        path = folder and os.path.join(folder, "events.jsonl")
        if not path or not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as file:
            return [json.loads(line) for line in file if line.endswith("\n")]

    def states(self):
        return [event["state"] for event in self.events() if event["type"] == "state"]

    def step(self):
        steps = [event["step"] for event in self.events() if event["type"] == "step"]
        return steps[-1] if steps else 0

    def wait_for_state(self, state):
        def reached():
            states = self.states()
            assert state == "failed" or "failed" not in states, "the run failed"
            return states and states[-1] == state
        wait_for(f"the run to be {state}", reached)

    def wait_for_steps(self, count):
        wanted = self.step() + count
        wait_for(f"step {wanted}", lambda: self.step() >= wanted)

    def is_alive(self):
        """A trainer holds the lock for life."""
        folder = self.folder()
        if not folder or not os.path.exists(os.path.join(folder, "lock")):
            return False
        with open(os.path.join(folder, "lock"), encoding="ascii") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def end(self):
        """Ends a trainer that is still there: it outlives its window."""
        if self.is_alive():
            with open(os.path.join(self.folder(), "lock"), encoding="ascii") as lock:
                os.kill(int(lock.read()), signal.SIGTERM)
            wait_for("the trainer's end", lambda: not self.is_alive())
