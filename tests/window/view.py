"""The window as assistive technology sees it, and hands on a keyboard and a pointer."""

import re

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # pylint: disable=wrong-import-position

from desk import wait_for

# What a person can act on: each must say what it is. Charts and pictures that take the focus, too.
CONTROLS = ("push button", "toggle button", "check box", "radio button", "entry", "text",
            "combo box", "slider", "spin button", "page tab", "menu item", "list item",
            "progress bar", "link")
# GTK calls what has no name by its class.
CLASS = re.compile(r"^(Gtk|Adw|Wb)[A-Z]\w*$")


class Gone(Exception):
    """A widget went away while it was looked at."""


def ask(function, *arguments):
    try:
        return function(*arguments)
    except GLib.Error as error:
        raise Gone(error.message) from error


def settle():
    """Takes in what was told since."""
    context = GLib.MainContext.default()
    while context.iteration(False):
        pass


def name_of(widget):
    name = ask(widget.get_name) or ""
    return "" if CLASS.match(name) else name


def role_of(widget):
    return ask(widget.get_role_name)


def has(widget, *states):
    known = ask(widget.get_state_set)
    return all(known.contains(getattr(Atspi.StateType, state)) for state in states)


def children(widget):
    """Those that are still there when their turn comes."""
    for i in range(ask(widget.get_child_count)):
        try:
            child = ask(widget.get_child_at_index, i)
        except Gone:
            continue
        if child is not None:
            yield child


def is_shown(widget):
    """Has a place in its window. (GTK 4.8 does not tell who is on a page that is not in front.)"""
    return has(widget, "VISIBLE") and ask(widget.get_extents, Atspi.CoordType.WINDOW).width > 0


def walk(widget, whole=True):
    """All that is shown below a widget, itself first; not the insides of controls, unless whole."""
    yield widget
    if not whole and role_of(widget) == "combo box":
        return
    for child in children(widget):
        try:
            if has(child, "VISIBLE"):
                yield from walk(child, whole)
        except Gone:
            continue


def text_of(entry):
    """What stands in an entry."""
    return ask(Atspi.Text.get_text, entry, 0, ask(Atspi.Text.get_character_count, entry))


class View:
    """The accessible tree of one application on one desk."""

    def __init__(self, desk, name):
        self.desk = desk
        self.name = name
        self.application = None

    def attach(self):
        """Waits for the application, and for a window of it."""
        Atspi.init()
        Atspi.set_timeout(10000, 60000)  # a busy machine is not a hung window
        self.application = wait_for(f"{self.name} among the accessible applications", self._look)
        wait_for("a window", self.windows)

    def _look(self):
        settle()
        desktop = Atspi.get_desktop(0)
        desktop.set_cache_mask(Atspi.Cache.NONE)
        for application in children(desktop):
            if name_of(application) == self.name:
                application.set_cache_mask(Atspi.Cache.NONE)
                return application
        return None

    def windows(self):
        settle()
        return [window for window in children(self.application) if has(window, "VISIBLE")]

    def front(self):
        """All that is shown of the window in front: the one opened last."""
        windows = self.windows()
        return walk(windows[-1]) if windows else []

    def _find(self, role, name, states):
        try:
            for widget in self.front():
                if role_of(widget) == role and re.search(name, name_of(widget)) \
                        and has(widget, *states) and is_shown(widget):
                    return widget
        except Gone:
            pass
        return None

    def find(self, role, name, *states):
        """The first widget of that role, name (a pattern) and states, once it is there."""
        return wait_for(f"a {role} \"{name}\" {' '.join(states)}",
                        lambda: self._find(role, name, states))

    def lose(self, role, name, *states):
        """Waits until there is none."""
        wait_for(f"no {role} \"{name}\" {' '.join(states)}",
                 lambda: not self._find(role, name, states))

    def unnamed(self):
        """The controls that do not say what they are."""
        for window in self.windows():
            for widget in walk(window, whole=False):
                acts = role_of(widget) in CONTROLS \
                    or role_of(widget) in ("filler", "image") and has(widget, "FOCUSABLE")
                if acts and not name_of(widget) and is_shown(widget):
                    yield f"{role_of(widget)} in {self._way(widget)}"

    def stuttering(self):
        """The controls whose name says the same twice: a label beside the text they show."""
        for window in self.windows():
            for widget in walk(window, whole=False):
                if re.match(r"^(.+) \1$", name_of(widget)) and is_shown(widget):
                    yield f"{role_of(widget)} \"{name_of(widget)}\""

    @staticmethod
    def _way(widget):
        names = []
        parent = ask(widget.get_parent)
        while parent is not None and len(names) < 4:
            if ask(parent.get_name):
                names.append(f"{role_of(parent)} \"{ask(parent.get_name)}\"")
            parent = ask(parent.get_parent)
        return " in ".join(names)

    def describe(self):
        """What is shown of the window in front, a line a widget that has a name."""
        try:
            for widget in self.front():
                if name_of(widget) and is_shown(widget):
                    yield f"{role_of(widget)} \"{name_of(widget)}\""
        except Gone:
            yield "and so on"

    def close(self, title, key):
        """Closes a window by a key, and asks nothing until it has gone from the display: GTK 4.8
        answers a question about a window that has just been closed with a critical warning."""
        self.keys(key)
        wait_for(f"the end of the window {title}", lambda: not self.desk.shows(title))

    # Hands.

    def keys(self, *names):
        """Key strokes, as xdotool names them, to whatever has the focus."""
        self.desk.run("xdotool", "key", "--clearmodifiers", *names)

    def type(self, text):
        self.desk.run("xdotool", "type", text)

    def scroll_to(self, widget, window):
        """Turns the wheel until a widget is not below the end of its window any more."""
        def bottom(of):
            box = ask(of.get_extents, Atspi.CoordType.WINDOW)
            return box.y + box.height

        height = bottom(self.find("frame", window))
        while (before := bottom(widget)) > height:
            self.desk.run("xdotool", "mousemove", "100", str(height // 2), "click", "5")
            wait_for("what is scrolled", lambda: bottom(widget) < before)

    def click(self, widget):
        box = ask(widget.get_extents, Atspi.CoordType.WINDOW)
        self.desk.run("xdotool", "mousemove", str(box.x + box.width // 2),
                      str(box.y + box.height // 2), "click", "1")
