"""A desk of its own for one window: a display, a session bus, accessibility and XDG folders that
nothing else uses and that go away. Everything is waited for, nothing slept through.
"""

import glob
import os
import shutil
import signal
import subprocess
import tempfile
import time

PATIENCE = float(os.environ.get("WINDOW_TEST_PATIENCE", "60"))
LAUNCHER = "/usr/libexec/at-spi-bus-launcher"
FOLDERS = {"XDG_DATA_HOME": "data", "XDG_CONFIG_HOME": "config", "XDG_STATE_HOME": "state",
           "XDG_CACHE_HOME": "cache", "XDG_RUNTIME_DIR": "runtime"}
SETTINGS = """[Settings]
gtk-enable-animations=0
gtk-cursor-blink=0
"""


def wait_for(what, condition, patience=PATIENCE):
    """What condition() says as soon as it is true; an AssertionError when it never is."""
    until = time.monotonic() + patience
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > until:
            raise AssertionError(f"waited {patience:.0f} s for {what}")
        time.sleep(0.02)


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


class Desk:
    """with Desk () as desk: desk.run (...), desk.start (...)"""

    def __init__(self, width, height):
        self.size = f"{width}x{height}x24"
        self.processes = []
        self.folder = tempfile.mkdtemp(prefix="penumbra-window-")
        self.env = dict(os.environ, GDK_BACKEND="x11", GSK_RENDERER="cairo", GTK_A11Y="atspi",
                        GSETTINGS_BACKEND="memory", GTK_USE_PORTAL="0", ADW_DISABLE_PORTAL="1",
                        LIBGL_ALWAYS_SOFTWARE="1")
        for name in ("WAYLAND_DISPLAY", "DISPLAY", "AT_SPI_BUS_ADDRESS", "GTK_THEME"):
            self.env.pop(name, None)
        # A driver's kernels are compiled once for all tests.
        self.env.setdefault("MESA_SHADER_CACHE_DIR",
                            os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache")))
        for variable, name in FOLDERS.items():
            self.env[variable] = self.path(name)
            os.mkdir(self.path(name), 0o700)
        write(self.path("config", "gtk-4.0", "settings.ini"), SETTINGS)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def __enter__(self):
        try:
            self._open()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _open(self):
        number = self._ask(["Xvfb", "-screen", "0", self.size, "-nolisten", "tcp", "-noreset",
                            "-displayfd"], "Xvfb")
        self.env["DISPLAY"] = f":{number}"
        self.env["DBUS_SESSION_BUS_ADDRESS"] = self._ask(
            ["dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address"], "dbus")
        self.start([LAUNCHER, "--launch-immediately"], "accessibility")
        wait_for("the accessibility bus", lambda: glob.glob(self.path("runtime", "at-spi", "bus*")))

    def _ask(self, command, name):
        """Starts a command that takes a descriptor and writes there what it is to be called by."""
        ours, theirs = os.pipe()
        argument = "=" if command[-1].startswith("--") else " "
        command = " ".join(command) + argument + str(theirs)
        self.start(command.split(), name, pass_fds=[theirs])
        os.close(theirs)
        with os.fdopen(ours) as answer:
            line = answer.readline().strip()
        assert line, f"{name} did not start: {self.said(name)}"
        return line

    def start(self, command, name, **options):
        """A process in a group of its own; what it says goes to a file."""
        with open(self.path(name + ".log"), "ab") as log:
            process = subprocess.Popen(command, env=self.env, cwd=self.folder, stdout=log,
                                       stderr=log, start_new_session=True, **options)
        self.processes.append(process)
        return process

    def said(self, name):
        with open(self.path(name + ".log"), encoding="utf-8", errors="replace") as log:
            return log.read()

    def run(self, *command):
        result = subprocess.run(command, env=self.env, cwd=self.folder, text=True,
                                capture_output=True, check=False)
        assert result.returncode == 0, f"{' '.join(command)}: {result.stdout}{result.stderr}"
        return result.stdout

    def shows(self, title):
        """Whether a window of that title is on the display."""
        search = ["xdotool", "search", "--onlyvisible", "--name", f"^{title}$"]
        return subprocess.run(search, env=self.env, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False).returncode == 0

    def __exit__(self, *_):
        for process in reversed(self.processes):
            for sign in (signal.SIGTERM, signal.SIGKILL):
                try:
                    os.killpg(process.pid, sign)
                    process.wait(5)
                    break
                except (ProcessLookupError, subprocess.TimeoutExpired):
                    continue
        shutil.rmtree(self.folder, ignore_errors=True)
