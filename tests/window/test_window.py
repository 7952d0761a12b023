#!/usr/bin/python3
"""The window from its first start to a stopped run, by keys and pointer, on a display of its own.

The cases build on one another; after one that fails the rest fails, too. Debian's own Python,
since the accessibility bindings are there only.
"""

import os
import re
import sys
import time
import traceback

from desk import Desk, wait_for
from run import Run
from view import View, text_of

PENUMBRA = os.environ["PENUMBRA"]
CLI = os.environ["PENUMBRA_CLI"]
PAGES = ("Train", "Tokens", "Similarity", "Compare", "Retrieve")
COMPLAINT = re.compile(r"WARNING|CRITICAL|ERROR(?!: LeakSanitizer)|runtime error")
LEAK = re.compile(r"^(?:Direct|Indirect) leak of .*(?:\n    #.*)*", re.MULTILINE)
# GLib's first table of 2,048 quarks, made when it is loaded, is left behind for a larger one.
QUARKS = re.compile(r"Direct leak of 16384 byte\(s\) in 1 object.*\n.*malloc.*\n.* in g_malloc \S+\Z")
EPOCHS = 900  # more than anybody waits for


class Story:
    """What the cases share. Each case is a method; its docstring says what is true."""

    def __init__(self, desk):
        self.desk = desk
        self.view = View(desk, "penumbra")
        self.run = Run(desk.path("data", "penumbra", "runs"))
        self.window = None

    def open_window(self):
        began = time.monotonic()
        self.window = self.desk.start([PENUMBRA, "--measure"], "penumbra")
        self.view.attach()
        print(f"# a window was there after {time.monotonic() - began:.2f} s")

    def close_window(self):
        self.view.keys("ctrl+q")
        wait_for("the window's end", lambda: self.window.poll() is not None)
        assert self.window.returncode == 0, f"it ended with {self.window.returncode}"
        for line in self.desk.said("penumbra").splitlines():
            print(f"# {line}")

    def check_names(self):
        """Every control says what it is, once, at the latest when it has come to rest."""
        unnamed = []

        def all_named():
            unnamed[:] = sorted({*self.view.unnamed(), *self.view.stuttering()})
            return not unnamed

        try:
            wait_for("names", all_named, 5)
        except AssertionError:
            raise AssertionError("without a name of their own: " + "; ".join(unnamed)) from None

    def fill(self, name, text):
        entry = self.view.find("text", name)
        self.view.scroll_to(entry, "New run")
        self.view.click(entry)
        self.view.find("text", name, "FOCUSED")
        self.view.keys("ctrl+a")
        self.view.type(text)
        wait_for(f"\"{text}\" in {name}", lambda: text_of(entry) == text)

    def choose(self, row, value):
        """In a row with a list of choices: opens it and moves to the value."""
        self.view.click(self.view.find("combo box", row))
        self.view.find("list item", "", "FOCUSED", "SELECTED")
        self.view.click(self.view.find("label", f"^{value}$"))
        self.view.lose("list item", "", "FOCUSED", "SELECTED")

    # The cases, in order.

    def first_start(self):
        """with no run there, the window welcomes and offers to train"""
        self.open_window()
        self.view.find("label", "Train ECLIPSE on 6,900 real pictures")
        self.view.find("push button", "Start", "SENSITIVE")
        self.view.find("push button", "Set up another run")
        self.check_names()

    def shortcuts(self):
        """the shortcuts stand in a window"""
        self.view.keys("ctrl+question")
        self.view.find("frame", "Shortcuts")
        self.view.find("label", "Pause or resume the run")
        self.view.close("Shortcuts", "Escape")

    def new_run(self):
        """a new run is set up with presets and fields, and told what it takes"""
        self.view.keys("ctrl+n")
        self.view.find("frame", "New run")
        self.choose("Preset", "nano")
        self.view.find("label", "scenes")
        self.view.find("label", "17, 14")
        self.check_names()

    def wrong_value(self):
        """a wrong value is told at once and cannot be started"""
        self.fill("Batch", "0")
        self.view.find("label", "is 0: must be")
        self.view.lose("push button", "_Start", "SENSITIVE")
        self.fill("Batch", "8")
        self.view.lose("label", "is 0: must be")
        self.fill("Epochs", str(EPOCHS))
        self.view.find("label", "^[0-9],[0-9]{3}$")  # steps

    def start(self):
        """started, it runs and is watched live"""
        self.view.close("New run", "alt+s")
        self.run.wait_for_state("running")
        self.run.wait_for_steps(5)
        self.view.find("label", r"^step [0-9,]+ of [0-9,]+ · .* pairs/s · .* left")
        self.view.find("progress bar", "Progress")
        self.view.find("push button", "Pause", "SENSITIVE")
        self.view.find("list item", "")
        self.check_names()

    def pause(self):
        """paused, no step is taken"""
        self.view.keys("ctrl+p")
        self.run.wait_for_state("paused")
        step = self.run.step()
        self.view.find("label", f"paused at step {step:,} of")
        self.view.find("push button", "Resume", "SENSITIVE")
        assert self.run.step() == step, "a paused run went on"

    def resume(self):
        """resumed, it goes on"""
        self.view.click(self.view.find("push button", "Resume"))
        self.run.wait_for_state("running")
        self.view.find("push button", "Pause", "SENSITIVE")
        self.run.wait_for_steps(5)

    def pages(self):
        """each page is a key away while it trains, and every control says what it is"""
        for i, page in list(enumerate(PAGES, 1)) + [(1, "Train")]:
            self.view.keys(f"ctrl+{i}")
            self.view.find("page tab", page, "SELECTED")
            self.run.wait_for_steps(2)
            self.check_names()

    def kernels(self):
        """where the time of a step goes stands in a window, sorted by any of its columns"""
        self.run.wait_for_steps(10)
        self.view.click(self.view.find("push button", "^Kernels$"))
        self.view.find("frame", "Kernels")
        self.view.find("label", r"^step [0-9,]+: .* ms of kernels$")
        self.view.find("label", "^gemm_nt$")
        self.view.find("push button", "^ms ↓$")
        self.view.click(self.view.find("push button", "^Calls$"))
        self.view.find("push button", "^Calls ↓$")
        self.view.click(self.view.find("push button", "^Kernel$"))
        self.view.find("push button", "^Kernel ↑$")
        self.check_names()
        self.view.close("Kernels", "Escape")

    def compare(self):
        """a run that is checked is compared, its numbers beside its curve"""
        self.view.keys("ctrl+4")
        self.view.find("label", "Nothing to compare yet")
        check = self.view.find("check box", "^Compare ")
        self.view.click(check)
        self.view.find("label", "^Training time$")
        self.view.find("label", "^Check another run to see what differs$")
        self.view.find("image", "^Loss$")
        self.check_names()
        self.view.click(check)
        self.view.find("label", "Nothing to compare yet")
        self.view.keys("ctrl+1")

    def sidebar(self):
        """the list of runs goes away and comes back"""
        self.view.keys("F9")
        self.view.lose("push button", "Show runs", "PRESSED")
        self.view.keys("F9")
        self.view.find("push button", "Show runs", "PRESSED")

    def reopen(self):
        """the run outlives its window, and the next window finds it"""
        self.close_window()
        self.run.wait_for_steps(2)
        self.open_window()
        self.view.find("label", r"^step [0-9,]+ of [0-9,]+ · .* pairs/s")

    def stop(self):
        """stopped, it has a checkpoint and could go on"""
        self.view.keys("ctrl+period")
        self.run.wait_for_state("stopped")
        wait_for("the lock", lambda: not self.run.is_alive())
        step = self.run.step()
        self.view.find("label", f"stopped at step {step:,} of")
        self.view.find("label", f"stopped at {step:,}")
        self.view.find("push button", "Resume", "SENSITIVE")
        states = self.run.states()
        assert states == ["running", "paused", "running", "stopped"], states
        saved = [e["step"] for e in self.run.events() if e["type"] == "checkpoint"]
        assert saved[-1] == step, f"checkpoints at {saved}, stopped at {step}"

    def go_on(self):
        """found stopped by the next window, it goes on from its checkpoint and is stopped again"""
        self.close_window()
        self.open_window()
        self.view.find("label", "stopped at step")
        self.view.keys("ctrl+p")
        self.run.wait_for_state("running")
        self.view.find("push button", "Pause", "SENSITIVE")
        self.view.click(self.view.find("push button", "^Stop", "SENSITIVE"))
        self.run.wait_for_state("stopped")
        self.view.find("push button", "Resume", "SENSITIVE")

    def end(self):
        """closed, it has nothing to complain about"""
        self.close_window()
        said = self.desk.said("penumbra")
        complaints = [line for line in said.splitlines() if COMPLAINT.search(line)]
        complaints += [leak for leak in LEAK.findall(said) if not QUARKS.search(leak)]
        assert not complaints, "\n".join(complaints)

    CASES = (first_start, shortcuts, new_run, wrong_value, start, pause, resume, pages, kernels, compare,
             sidebar, reopen, stop, go_on, end)

    def explain(self):
        """After a failure: what there is to see."""
        shown = self.view.describe() if self.view.application else []
        for line in [*shown, *self.desk.said("penumbra").splitlines(),
                     f"states: {self.run.states()}, step {self.run.step()}"]:
            print(f"# {line}")


def tell(number, case, failed):
    """One case; returns whether it or one before failed."""
    name = case.__doc__
    if failed:
        print(f"not ok {number} - {name} (not reached)")
        return True
    try:
        case()
        print(f"ok {number} - {name}", flush=True)
        return False
    except Exception:  # whatever it is, the case failed
        print(f"not ok {number} - {name}")
        print("# " + traceback.format_exc().replace("\n", "\n# "))
        return True


def main():
    with Desk(1280, 800) as desk:
        os.environ.update(desk.env)  # the accessibility library reads them
        desk.run(CLI, "data", "import", "scenes", "--count", "96", "--size", "32", "--vocab", "600",
                 "--out", desk.path("data", "penumbra", "data", "scenes"))
        story = Story(desk)
        print(f"1..{len(story.CASES)}")
        failed = False
        try:
            for number, case in enumerate(story.CASES, 1):
                was, failed = failed, tell(number, case.__get__(story), failed)
                if failed and not was:
                    story.explain()
        finally:
            story.run.end()
    sys.exit(failed)


main()
